import { describe, expect, it } from 'vitest';
import { hostEndpoint } from '../../../src/iaas/host-endpoint.ts';
import { millis } from '../../../src/model/quantity.ts';
import type { Spec } from '../../../src/model/spec.ts';
import { movedHosts, withRecords } from '../../../src/reconcile/static-endpoints.ts';
import { aPool, aSpec, converge } from '../../support/builders.ts';

const pool = aPool('rack', 2);
if (pool.kind !== 'static') throw new Error('The pool is not static');
const spec: Spec = aSpec({ iaas: [pool] });
const { inventory: settled } = converge(aSpec({}));
const [host] = pool.hosts;
const [vm] = settled.vms;
if (!host || !vm) throw new Error('There is no host or no VM');
const record = { ...vm, iaas: pool.name, machine: host.name, endpoint: hostEndpoint(host) };
const inventory = { ...settled, vms: [record] };

describe('movedHosts', () => {
  it('finds none where all are reached as recorded', () => {
    expect(movedHosts(inventory, spec)).toEqual([]);
    expect(withRecords(inventory, [])).toBe(inventory);
  });

  it('finds a host that is reached in another way now, and puts that into its record', () => {
    const hosts = pool.hosts.map((other) => (other === host ? { ...other, user: 'ops', key: '/keys/ops' } : other));
    const moved = movedHosts(inventory, { ...spec, iaas: { [pool.name]: { ...pool, hosts } } });
    expect(moved).toMatchObject([{ name: vm.name, endpoint: { user: 'ops', identityFile: '/keys/ops' } }]);
    expect(withRecords(inventory, moved).vms).toEqual(moved);
  });

  it('leaves alone what the pool does not have, and what another IaaS knows', () => {
    const elsewhere = { ...inventory, vms: [{ ...record, machine: 'gone' }, vm] };
    expect(movedHosts(elsewhere, spec)).toEqual([]);
  });

  it('finds machines of a cloud whose jump host is another now, or none', () => {
    const { name: _, jump: __, ...jump } = host;
    const cloud = { name: 'cloud', user: 'stratos', timeout: millis(1), concurrency: 1 };
    const machine = { ...record, iaas: cloud.name, machine: 'i-1' };
    const own = { ...inventory, vms: [machine] };
    const iaas = (more: object): Spec => ({
      ...spec,
      iaas: { cloud: { kind: 'exec', ...cloud, command: ['x'], cwd: '/', env: {}, ...more } },
    });
    expect(movedHosts(own, iaas({}))).toEqual([]);
    const [moved] = movedHosts(own, iaas({ jump }));
    expect(moved?.endpoint).toMatchObject({
      address: host.address,
      jump: { address: jump.address, hostKeys: jump.hostKeys },
    });
    const behind = { ...inventory, vms: moved ? [moved] : [] };
    expect(movedHosts(behind, iaas({ jump }))).toEqual([]);
    expect(movedHosts(behind, iaas({}))).toEqual([machine]);
  });
});

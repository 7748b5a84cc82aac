import { describe, expect, it } from 'vitest';
import { hostEndpoint } from '../../../src/iaas/static/host-endpoint.ts';
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
});

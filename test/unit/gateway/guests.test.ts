/** Processes that are VMs, as the gateways of another partition see them. */
import { describe, expect, it } from 'vitest';
import { gatewayModel } from '../../../src/gateway/gateway-model.ts';
import { renderGateway } from '../../../src/gateway/haproxy-config.ts';
import { answersStep, quietStep, upStep } from '../../../src/gateway/outside.ts';
import type { ProcessRecord, VmRecord } from '../../../src/model/inventory.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import { aSpec } from '../../support/builders.ts';

const spec = aSpec({
  partitions: { web: {}, own: { guestsOf: 'web' } },
  cartridges: { guest: { partition: 'own', runtime: 'vm', image: 'win' } },
  subscriptions: { app: { cartridge: 'guest', port: 8090, idle: { stopAfter: millis(1000) } } },
});
const vm = (name: string, partition: string, address: string, runtime?: 'vm'): VmRecord => ({
  ...{ name, partition, iaas: 'lab', state: 'ready', cordoned: false, draining: false, createdAt: '' },
  size: { cpu: cores(1), memory: bytes(1) },
  endpoint: { address, port: 22, user: 'root', hostKeys: [] },
  ...(runtime ? { runtime } : {}),
});
const process: ProcessRecord = {
  ...{ name: 'app-1', subscription: 'app', ordinal: 1, vm: 'own-1', index: 1, image: 'win' },
  ...{ fingerprint: 'f', state: 'ready', createdAt: '' },
};
const web = vm('web-1', 'web', '192.0.2.1');
const model = (of: VmRecord, partition: string) =>
  gatewayModel({ spec, partition, vm: of, vms: [web, vm('own-1', 'own', '192.0.2.7', 'vm')], processes: [process] });

describe('a gateway', () => {
  it('reaches a process that is a VM at the port of its machine, and has no door that wakes it', () => {
    expect(model(web, 'web').services).toMatchObject([
      { alias: 'app', port: 8090, servers: [{ name: 'app-1', address: '192.0.2.7', port: 80 }] },
    ]);
    expect(model(web, 'web').services[0]?.servers[0]).not.toHaveProperty('wake');
  });

  it('tells clients that find nobody to come when a run may have started the machine', () => {
    expect(renderGateway(model(web, 'web'))).toMatch(
      /\nbackend app\n {4}http-error status 503 .* hdr Retry-After 30\n/,
    );
  });

  it('serves nothing on the VM that is the process', () => {
    expect(model(vm('own-1', 'own', '192.0.2.7', 'vm'), 'own').services).toEqual([]);
  });
});

describe('what its VM is asked of such a process', () => {
  it('are values, never text of a script', () => {
    const at = { address: '2001:db8::7', port: 80, path: "/it's?$(x)", timeout: millis(1500) };
    expect(answersStep(at, millis(2500)).args).toEqual(['2001:db8::7', 80, "/it's?$(x)", '1.500', 3]);
    const { path: _, ...tcp } = at;
    expect(answersStep(tcp, millis(1000)).args[2]).toBe('');
    expect(quietStep(['192.0.2.7', '192.0.2.8'], millis(900)).args).toEqual([1, '', '192.0.2.7', '192.0.2.8']);
    expect(quietStep(['192.0.2.7'], millis(900), true).args[1]).toMatch(/^\/run\//);
    expect(upStep('app', 'app-1').stdin).toBe('set server app/app-1 health up\n');
    expect(() => upStep('app;show', 'app-1')).toThrow();
  });
});

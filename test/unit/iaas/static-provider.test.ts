import { describe, expect, it } from 'vitest';
import { loadProvider } from '../../../src/iaas/load-provider.ts';
import type { IaasProvider, MachineRequest } from '../../../src/iaas/provider.ts';
import { bytes, cores } from '../../../src/model/quantity.ts';
import { Secret } from '../../../src/model/secret.ts';
import type { StaticHost } from '../../../src/model/iaas/static.ts';

const host = (name: string, change: Partial<StaticHost> = {}): StaticHost => ({
  name,
  address: `${name}.example.org`,
  port: 22,
  user: 'root',
  hostKeys: ['ssh-ed25519 AAAA'],
  ...change,
});
const pool = (...hosts: readonly StaticHost[]): Promise<IaasProvider> =>
  loadProvider({ kind: 'static', name: 'pool', hosts }, { lineage: 'one', env: {}, onStep: () => undefined });
const request = (vm: string, ...taken: readonly string[]): MachineRequest => ({
  vm,
  partition: 'web',
  size: { cpu: cores(1), memory: bytes(1) },
  hostKey: { privateKey: new Secret('x'), publicKey: 'ssh-ed25519 BBBB' },
  authorizedKey: 'ssh-ed25519 CCCC',
  taken,
});

describe('staticProvider', () => {
  it('create gives hosts in the order of the spec, none that is taken', async () => {
    const provider = await pool(host('b'), host('a'), host('c'));
    expect((await provider.create(request('web-1'))).id).toBe('b');
    expect((await provider.create(request('web-2', 'b'))).id).toBe('a');
    expect((await provider.create(request('c', 'a', 'b'))).id).toBe('c');
  });

  it('create refuses with no-capacity when none is left, or there is none', async () => {
    await expect((await pool(host('a'))).create(request('web-2', 'a'))).rejects.toMatchObject({
      failure: 'no-capacity',
      iaas: 'pool',
    });
    await expect((await pool()).create(request('web-1'))).rejects.toMatchObject({ failure: 'no-capacity' });
  });

  it('list says how each host is reached, through its jump host too', async () => {
    const { name: _, ...jump } = host('gate', { port: 2222, user: 'ops', key: '/k' });
    const provider = await pool(host('a', { jump, key: '/id', user: 'admin' }));
    expect(await provider.list()).toEqual([
      {
        id: 'a',
        state: 'running',
        endpoint: {
          address: 'a.example.org',
          port: 22,
          user: 'admin',
          hostKeys: ['ssh-ed25519 AAAA'],
          identityFile: '/id',
          jump: {
            address: 'gate.example.org',
            port: 2222,
            user: 'ops',
            hostKeys: ['ssh-ed25519 AAAA'],
            identityFile: '/k',
          },
        },
      },
    ]);
  });

  it('stop refuses, start and delete leave the host as it is', async () => {
    const provider = await pool(host('a'));
    await expect(provider.stop('a')).rejects.toMatchObject({ failure: 'invalid' });
    await expect(provider.stop('b')).rejects.toMatchObject({ failure: 'not-found' });
    await expect(provider.start('b')).rejects.toMatchObject({ failure: 'not-found' });
    expect((await provider.start('a')).id).toBe('a');
    await provider.delete('a');
    await provider.delete('b');
    expect(await provider.list()).toHaveLength(1);
  });

  it('check refuses a key that cannot be read and a host without a pinned key', async () => {
    await expect((await pool(host('a'))).check()).resolves.toBeUndefined();
    await expect((await pool(host('a', { key: '/no/such/key' }))).check()).rejects.toMatchObject({
      failure: 'unauthorized',
    });
    await expect((await pool(host('a', { hostKeys: [] }))).check()).rejects.toMatchObject({ failure: 'invalid' });
    const { name: _, ...jump } = host('gate', { key: '/no/such/key' });
    await expect((await pool(host('a', { jump }))).check()).rejects.toThrow(
      /^Cannot use host a as its key cannot be read: \/no\/such\/key$/,
    );
  });
});

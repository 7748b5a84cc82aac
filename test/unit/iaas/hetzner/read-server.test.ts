import { describe, expect, it } from 'vitest';
import { encodeLabels } from '../../../../src/iaas/cloud/labels.ts';
import type { Server } from '../../../../src/iaas/hetzner/hetzner-documents.ts';
import { failureOfCode } from '../../../../src/iaas/hetzner/hetzner-documents.ts';
import { readServer } from '../../../../src/iaas/hetzner/read-server.ts';
import { bytes, cores, millis } from '../../../../src/model/quantity.ts';
import type { HetznerIaasSpec } from '../../../../src/model/iaas/hetzner.ts';
import { generateHostKey } from '../../../../src/ssh/key-pair.ts';

const spec: HetznerIaasSpec = {
  kind: 'hetzner',
  name: 'lab',
  user: 'ops',
  timeout: millis(1000),
  concurrency: 1,
  token: { kind: 'env', variable: 'HCLOUD_TOKEN' },
  url: 'https://api.hetzner.cloud/v1',
  locations: [],
  image: 'debian-12',
  architecture: 'x86',
  networks: [],
  firewalls: [],
  publicAddresses: ['ipv4', 'ipv6'],
  address: 'ipv4',
};
const { publicKey } = generateHostKey();
const hostKey = publicKey.split(' ').slice(0, 2).join(' ');
const size = { cpu: cores(2), memory: bytes(2 ** 31) };
const server: Server = {
  id: 42,
  name: '1c9d03ab-web-1',
  status: 'running',
  labels: encodeLabels({ lineage: 'one', vm: 'web-1', partition: 'web', size, hostKey }),
  location: { name: 'fsn1' },
  public_net: { ipv4: { ip: '198.51.100.7' }, ipv6: { ip: '2001:db8:7::/64' } },
  private_net: [{ ip: '10.0.0.7' }],
};

describe('readServer', () => {
  it('reads a machine with all that its labels say', () => {
    const endpoint = { address: '198.51.100.7', port: 22, user: 'ops', hostKeys: [hostKey] };
    const machine = { id: '42', vm: 'web-1', partition: 'web', size, state: 'running', endpoint, zone: 'fsn1' };
    expect(readServer(spec, 'one', server)).toEqual(machine);
  });

  it('knows nothing of servers of others', () => {
    expect(readServer(spec, 'two', server)).toBeUndefined();
    expect(readServer(spec, 'one', { ...server, labels: { 'stratos-lineage': 'one' } })).toBeUndefined();
    expect(readServer(spec, 'one', { ...server, labels: {} })).toBeUndefined();
  });

  it.each([
    ['initializing', 'pending'],
    ['running', 'running'],
    ['stopping', 'pending'],
    ['off', 'stopped'],
    ['deleting', 'deleting'],
    ['unheard-of', 'pending'],
  ])('takes the status %s for %s', (status, state) => {
    expect(readServer(spec, 'one', { ...server, status })?.state).toBe(state);
  });

  it('has no endpoint before there is the address that is connected to', () => {
    const bare = { ...server, public_net: { ipv4: null, ipv6: null }, private_net: [] };
    for (const address of ['ipv4', 'ipv6', 'private'] as const)
      expect(readServer({ ...spec, address }, 'one', bare)).not.toHaveProperty('endpoint');
    expect(readServer({ ...spec, address: 'ipv6' }, 'one', server)?.endpoint?.address).toBe('2001:db8:7::1');
    expect(readServer({ ...spec, address: 'private' }, 'one', server)?.endpoint?.address).toBe('10.0.0.7');
  });
});

describe('failureOfCode', () => {
  it('translates what it knows and leaves the rest to the status', () => {
    expect(failureOfCode('resource_limit_exceeded')).toBe('quota');
    expect(failureOfCode('placement_error')).toBe('no-capacity');
    expect(failureOfCode('locked')).toBe('unavailable');
    for (const code of ['uniqueness_error', 'constructor', '', undefined]) expect(failureOfCode(code)).toBeUndefined();
  });
});

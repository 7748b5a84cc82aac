import { describe, expect, it } from 'vitest';
import { encodeLabels } from '../../../../src/iaas/cloud/labels.ts';
import type { Droplet } from '../../../../src/iaas/digitalocean/digitalocean-documents.ts';
import { failureOfComplaint } from '../../../../src/iaas/digitalocean/digitalocean-documents.ts';
import { readDroplet, tagsOf } from '../../../../src/iaas/digitalocean/read-droplet.ts';
import { bytes, cores, millis } from '../../../../src/model/quantity.ts';
import type { DigitalOceanIaasSpec } from '../../../../src/model/iaas/digitalocean.ts';
import { generateHostKey } from '../../../../src/ssh/key-pair.ts';

const spec: DigitalOceanIaasSpec = {
  kind: 'digitalocean',
  name: 'ocean',
  user: 'ops',
  timeout: millis(1000),
  concurrency: 1,
  url: 'https://api.digitalocean.com',
  regions: [],
  image: 'debian-12-x64',
  vpcs: [],
  tags: [],
  publicAddresses: ['ipv4'],
  address: 'ipv4',
};
const hostKey = generateHostKey().publicKey.split(' ').slice(0, 2).join(' ');
const size = { cpu: cores(2), memory: bytes(2 ** 31), disk: bytes(20e9) };
const tags = tagsOf(encodeLabels({ lineage: 'one', vm: 'web-1', partition: 'web', size, hostKey }));
const droplet: Droplet = {
  id: 42,
  name: '1c9d03ab-web-1',
  status: 'active',
  tags: [...tags, 'firewall:web', 'plain', 'a:b:c'],
  region: { slug: 'fra1' },
  networks: {
    v4: [
      { ip_address: '10.10.0.7', type: 'private' },
      { ip_address: '198.51.100.7', type: 'public' },
    ],
    v6: [{ ip_address: '2001:db8::7', type: 'public' }],
  },
};

describe('readDroplet', () => {
  it('reads a machine with all that its tags say', () => {
    const endpoint = { address: '198.51.100.7', port: 22, user: 'ops', hostKeys: [hostKey] };
    const machine = { id: '42', vm: 'web-1', partition: 'web', size, state: 'running', endpoint, zone: 'fra1' };
    expect(readDroplet(spec, 'one', droplet)).toEqual(machine);
    for (const tag of tags) expect(tag).toMatch(/^[A-Za-z0-9:_-]{1,255}$/);
  });

  it('knows nothing of droplets of others', () => {
    expect(readDroplet(spec, 'two', droplet)).toBeUndefined();
    expect(readDroplet(spec, 'one', { ...droplet, tags: tags.slice(1) })).toBeUndefined();
    expect(readDroplet(spec, 'one', { ...droplet, tags: [] })).toBeUndefined();
  });

  it.each([
    ['new', 'pending'],
    ['active', 'running'],
    ['off', 'stopped'],
    ['archive', 'failed'],
    ['unheard-of', 'pending'],
  ])('takes the status %s for %s', (status, state) => {
    expect(readDroplet(spec, 'one', { ...droplet, status })?.state).toBe(state);
  });

  it('has no endpoint before there is the address that is connected to', () => {
    for (const address of ['ipv4', 'ipv6', 'private'] as const)
      expect(readDroplet({ ...spec, address }, 'one', { ...droplet, networks: {} })).not.toHaveProperty('endpoint');
    expect(readDroplet({ ...spec, address: 'ipv6' }, 'one', droplet)?.endpoint?.address).toBe('2001:db8::7');
    expect(readDroplet({ ...spec, address: 'private' }, 'one', droplet)?.endpoint?.address).toBe('10.10.0.7');
  });
});

describe('failureOfComplaint', () => {
  it.each([
    ['unprocessable_entity', 'creating this/these droplet(s) will exceed your droplet limit', 'quota'],
    ['unprocessable_entity', 'Size is not available in this region.', 'no-capacity'],
    ['unprocessable_entity', 'The size is currently unavailable in region ams3.', 'no-capacity'],
    ['unprocessable_entity', 'Droplet already has a pending event.', 'unavailable'],
    ['unprocessable_entity', 'You specified an invalid image for Droplet creation.', undefined],
    ['forbidden', 'You have reached your limit of droplets', 'quota'],
    ['forbidden', 'You are not authorized to perform this operation', undefined],
    ['too_many_requests', 'API Rate limit exceeded.', undefined],
  ] as const)('takes %s: %s for %s', (id, message, failure) => {
    expect(failureOfComplaint({ id, message })).toBe(failure);
  });
});

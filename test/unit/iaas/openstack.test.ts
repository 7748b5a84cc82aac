import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { faultOf, fixedAddressOf, machineOf, neverRan, type Server } from '../../../src/iaas/openstack/server.ts';
import { serverRequest, tagOf } from '../../../src/iaas/openstack/server-request.ts';
import { quotaLeft } from '../../../src/iaas/openstack/survey.ts';
import { encodeLabels } from '../../../src/iaas/cloud/labels.ts';
import type { MachineRequest } from '../../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import type { OpenstackIaasSpec } from '../../../src/model/iaas/openstack.ts';
import { generateHostKey } from '../../../src/ssh/key-pair.ts';

const hostKey = generateHostKey();
const size = { cpu: cores(2), memory: bytes(2 ** 30) };
const labels = encodeLabels({ lineage: 'l', vm: 'web-1', partition: 'web', size, hostKey: hostKey.publicKey });
const server = (change: object = {}): Server => ({
  ...{ id: 's1', status: 'ACTIVE', created: '2026-01-01T00:00:00Z', metadata: labels },
  addresses: { private: [{ addr: '10.0.0.5', version: 4, 'OS-EXT-IPS:type': 'fixed' }] },
  flavor: { original_name: 'm2' },
  'OS-EXT-AZ:availability_zone': 'az-1',
  ...change,
});
const read = (change: object = {}) => {
  const found = server(change);
  return machineOf(found, { lineage: 'l', user: 'debian', address: fixedAddressOf(found) });
};

describe('machineOf', () => {
  it('reads a server of ours', () => {
    expect(read()).toEqual({
      ...{ id: 's1', vm: 'web-1', partition: 'web', size: { ...size, name: 'm2' }, state: 'running', zone: 'az-1' },
      endpoint: {
        address: '10.0.0.5',
        port: 22,
        user: 'debian',
        hostKeys: [hostKey.publicKey.split(' ').slice(0, 2).join(' ')],
      },
    });
  });

  it.each([
    ['no labels', {}],
    ['another lineage', { ...labels, 'stratos-lineage': 'other' }],
    ['a label cut', { ...labels, 'stratos-host-key': 'abc' }],
  ])('leaves out a server with %s', (_, metadata) => {
    expect(read({ metadata })).toBeUndefined();
  });

  it.each([
    ['BUILD', 'pending'],
    ['SHUTOFF', 'stopped'],
    ['SHELVED_OFFLOADED', 'stopped'],
    ['VERIFY_RESIZE', 'running'],
    ['HARD_REBOOT', 'pending'],
    ['ERROR', 'failed'],
    ['DELETED', 'deleting'],
    ['A_STATUS_TO_COME', 'pending'],
  ])('takes the status %s for %s', (status, state) => {
    expect(read({ status })?.state).toBe(state);
  });

  it('sees that a machine is being ended before its status says so', () => {
    expect(read({ 'OS-EXT-STS:task_state': 'deleting' })?.state).toBe('deleting');
  });

  it('has no endpoint and no zone where there are none yet', () => {
    const machine = read({ addresses: {}, 'OS-EXT-AZ:availability_zone': '' });
    expect(machine).not.toHaveProperty('endpoint');
    expect(machine).not.toHaveProperty('zone');
  });

  it('takes the address of its own network, IPv4 first', () => {
    const address = (addr: string, version: number, type: string) => ({ addr, version, 'OS-EXT-IPS:type': type });
    const v6 = address('fd00::5', 6, 'fixed');
    const all = [address('203.0.113.9', 4, 'floating'), v6, address('10.0.0.5', 4, 'fixed')];
    expect(fixedAddressOf(server({ addresses: { private: all } }))).toBe('10.0.0.5');
    expect(fixedAddressOf(server({ addresses: { private: [v6] } }))).toBe('fd00::5');
  });
});

describe('faultOf', () => {
  it.each([
    ['No valid host was found. There are not enough hosts available.', 'no-capacity'],
    ['Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures', 'no-capacity'],
    ['Build of instance aborted: VolumeLimitExceeded: Quota exceeded', 'quota'],
    ['Build of instance aborted: Failed to allocate the network(s)', 'unavailable'],
    [undefined, 'unavailable'],
  ])('takes %j for %s', (message, failure) => {
    expect(faultOf('cloud', 'web-1', server({ status: 'ERROR', fault: { message } }))).toMatchObject({ failure });
  });

  it('tells what failed before it ran from what ran', () => {
    expect(neverRan(server({ status: 'ERROR', 'OS-SRV-USG:launched_at': null }))).toBe(true);
    expect(neverRan(server({ status: 'ERROR', 'OS-SRV-USG:launched_at': '2026-01-01T00:00:00.0' }))).toBe(false);
    expect(neverRan(server({ 'OS-SRV-USG:launched_at': null }))).toBe(false);
  });
});

describe('serverRequest', () => {
  const spec: OpenstackIaasSpec = {
    ...{ kind: 'openstack', name: 'cloud', user: 'debian', timeout: millis(1), concurrency: 1, directory: '/' },
    ...{ image: 'debian', network: 'private', configDrive: false },
  };
  const request = (vm = 'web-1', zone?: string): MachineRequest => ({
    ...{ vm, partition: 'web', size, hostKey, authorizedKey: 'ssh-ed25519 A', taken: [] },
    ...(zone !== undefined && { zone }),
  });
  const parts = { flavor: 'f', image: 'i', network: 'n' };
  const body = (change: Partial<OpenstackIaasSpec> = {}, asked = request(), more: object = {}) =>
    serverRequest({ ...spec, ...change }, 'l', asked, { labels, userData: 'text' }, { ...parts, ...more }) as {
      readonly server: Readonly<Record<string, unknown>>;
    };

  it('asks for what the spec says and no more', () => {
    const { server: asked, ...rest } = body();
    const { user_data: data, ...facts } = asked;
    expect(rest).toEqual({});
    expect(facts).toEqual({
      ...{ name: 'web-1', flavorRef: 'f', imageRef: 'i', networks: [{ uuid: 'n' }], metadata: labels },
      tags: ['stratos-lineage-l', 'stratos-vm-web-1'],
    });
    expect(gunzipSync(Buffer.from(String(data), 'base64')).toString()).toBe('text');
  });

  it('boots from a volume that ends with the machine, in whole GiB', () => {
    const { server: asked } = body({ volume: bytes(20.5 * 2 ** 30) });
    expect(asked).not.toHaveProperty('imageRef');
    expect(asked.block_device_mapping_v2).toEqual([
      {
        ...{ uuid: 'i', source_type: 'image', destination_type: 'volume', boot_index: 0, volume_size: 21 },
        delete_on_termination: true,
      },
    ]);
  });

  it('passes on groups, key, config drive and server group', () => {
    const asked = body({ securityGroups: ['web'], keyName: 'ops', configDrive: true }, request(), { group: 'g' });
    expect(asked).toMatchObject({
      server: { security_groups: [{ name: 'web' }], key_name: 'ops', config_drive: true },
      'os:scheduler_hints': { group: 'g' },
    });
  });

  it('asks for the address of a VM that has one', () => {
    const addresses = { 'web-1': '10.0.0.11' };
    expect(body({ addresses }).server.networks).toEqual([{ uuid: 'n', fixed_ip: '10.0.0.11' }]);
    expect(body({ addresses }, request('web-2')).server.networks).toEqual([{ uuid: 'n' }]);
  });

  it('takes the zone that is asked for, else spreads names over those of the spec', () => {
    const zones = ['a', 'b'];
    expect(body({ zones }, request('web-1', 'b')).server.availability_zone).toBe('b');
    const taken = Array.from({ length: 20 }, (_, n) => body({ zones }, request(`web-${String(n)}`)).server);
    expect(new Set(taken.map((each) => each.availability_zone))).toEqual(new Set(zones));
  });

  it('makes tags that Nova takes, of long names too', () => {
    const long = 'x'.repeat(64);
    expect(tagOf('lineage', long)).toHaveLength(60);
    expect(tagOf('lineage', long)).not.toBe(tagOf('lineage', `${long}y`));
  });
});

describe('quotaLeft', () => {
  const limits = {
    ...{ maxTotalInstances: 10, totalInstancesUsed: 4, maxTotalCores: -1, totalCoresUsed: 9 },
    ...{ maxTotalRAMSize: 2048, totalRAMUsed: 1024 },
  };
  it('counts what is left, and warns where it is nothing', () => {
    expect(quotaLeft(limits)).toEqual({
      ...{ subject: 'quota', status: 'ok', detail: '6 of 10 machines, 1024 of 2048 MiB are left' },
    });
    expect(quotaLeft({ ...limits, totalRAMUsed: 2048 })).toMatchObject({ status: 'warning' });
  });
});

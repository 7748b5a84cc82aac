import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestOf } from '../../../../src/iaas/ec2/image.ts';
import { placesFor, type Place } from '../../../../src/iaas/ec2/network.ts';
import { runRequest, tokenOf, type RunFacts } from '../../../../src/iaas/ec2/run-request.ts';
import { bytes, cores, millis } from '../../../../src/model/quantity.ts';
import type { Ec2IaasSpec } from '../../../../src/model/iaas/ec2.ts';

const GIB = 2 ** 30;
const spec: Ec2IaasSpec = {
  kind: 'ec2',
  name: 'aws',
  user: 'stratos',
  timeout: millis(1000),
  concurrency: 4,
  market: 'on-demand',
  image: { id: 'ami-1' },
  subnets: [],
  securityGroups: [],
  address: 'public',
  disk: {},
  prices: {},
  tags: {},
};
const facts: RunFacts = {
  spec,
  vm: 'web-1',
  size: { cpu: cores(2), memory: bytes(2 * GIB) },
  type: 't3.small',
  image: { id: 'ami-1', name: 'debian', architecture: 'x86_64', rootDevice: '/dev/xvda', gib: 8 },
  place: { subnet: 'subnet-1', zone: 'eu-west-1a', groups: ['sg-1'] },
  labels: { 'stratos-vm': 'web-1' },
  userData: Buffer.from('x'),
  token: 'token',
};
const run = (change: Partial<Ec2IaasSpec>, more: Partial<RunFacts> = {}) =>
  runRequest({ ...facts, ...more, spec: { ...spec, ...change } });

describe('runRequest', () => {
  it('demands session tokens, and keeps processes of the machine from its rights', () => {
    expect(run({}).MetadataOptions).toEqual({
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });

  it('says nothing of the disk where neither spec nor size says anything', () => {
    expect(run({}).BlockDeviceMappings).toBeUndefined();
  });

  it('makes the disk as large as the size says, and never smaller than the image', () => {
    const sizeOf = (disk: number | undefined, usual?: number): number | undefined =>
      run(
        { disk: { type: 'gp3', ...(usual !== undefined && { size: bytes(usual) }) } },
        { size: { ...facts.size, ...(disk !== undefined && { disk: bytes(disk) }) } },
      ).BlockDeviceMappings?.[0]?.Ebs?.VolumeSize;
    expect(sizeOf(30.5 * GIB)).toBe(31);
    expect(sizeOf(1 * GIB)).toBe(8);
    expect(sizeOf(undefined, 20 * GIB)).toBe(20);
    expect(sizeOf(12 * GIB, 20 * GIB)).toBe(12);
    expect(sizeOf(undefined)).toBe(8);
  });

  it('encrypts with the key that it is given', () => {
    expect(run({ disk: { kmsKey: 'alias/ours' } }).BlockDeviceMappings?.[0]?.Ebs).toMatchObject({
      Encrypted: true,
      KmsKeyId: 'alias/ours',
    });
  });

  it.each([
    [{ address: 'public' } as const, true],
    [{ address: 'private' } as const, undefined],
    [{ address: 'private', publicAddress: true } as const, true],
    [{ address: 'private', publicAddress: false } as const, false],
  ])('asks for a public address with %j: %s', (change, wanted) => {
    expect(run(change).NetworkInterfaces?.[0]?.AssociatePublicIpAddress).toBe(wanted);
  });

  it('leaves the network to the launch template, zone and groups excepted', () => {
    const place = { zone: 'eu-west-1b', groups: ['sg-2'] };
    const launchTemplate = { template: 'lt-0a', version: '3' };
    const request = run({ launchTemplate }, { place, image: { ...facts.image, ofTemplate: true } });
    expect(request.ImageId).toBeUndefined();
    expect(request.LaunchTemplate).toEqual({ LaunchTemplateId: 'lt-0a', Version: '3' });
    expect(request.NetworkInterfaces).toBeUndefined();
    expect(request.SecurityGroupIds).toEqual(['sg-2']);
    expect(request.Placement).toEqual({ AvailabilityZone: 'eu-west-1b' });
  });

  it.each([
    ['stratos', { Name: 'stratos' }],
    [
      'arn:aws:iam::123456789012:instance-profile/stratos',
      { Arn: 'arn:aws:iam::123456789012:instance-profile/stratos' },
    ],
  ])('names the instance profile %s', (instanceProfile, named) => {
    expect(run({ instanceProfile }).IamInstanceProfile).toEqual(named);
  });

  it('lets no tag of the spec stand for one of ours', () => {
    const { TagSpecifications = [] } = run({ tags: { 'stratos-vm': 'evil', Name: 'evil', team: 'a "b" $(c)' } });
    expect(TagSpecifications.map(({ ResourceType }) => ResourceType)).toEqual([
      'instance',
      'volume',
      'network-interface',
    ]);
    for (const { Tags = [] } of TagSpecifications)
      expect(Object.fromEntries(Tags.map(({ Key = '', Value }) => [Key, Value]))).toEqual({
        'stratos-vm': 'web-1',
        Name: 'web-1',
        team: 'a "b" $(c)',
      });
  });
});

describe('tokenOf', () => {
  it('is one of at most 64 letters for the same facts, and another for others', () => {
    const text = fc.string({ maxLength: 20 });
    const some = fc.tuple(
      fc.record({ lineage: text, iaas: text }),
      text,
      fc.option(text, { nil: undefined }),
      fc.option(text, { nil: undefined }),
      fc.nat(9),
    );
    fc.assert(
      fc.property(some, some, (a, b) => {
        expect(tokenOf(...a)).toMatch(/^[\u0021-\u007e]{1,64}$/);
        const [same, other] = [
          tokenOf(...a) === tokenOf(...b),
          JSON.stringify(a.map((x) => x ?? '')) === JSON.stringify(b.map((x) => x ?? '')),
        ];
        expect(same).toBe(other);
      }),
    );
  });
});

describe('placesFor', () => {
  const places: readonly Place[] = ['a', 'b', 'c'].map((zone) => ({ subnet: `subnet-${zone}`, zone }));
  const zones = (vm: string, zone?: string): string =>
    placesFor(vm, zone, places)
      .map((place) => place.zone)
      .join('');

  it('begins each VM of a partition at the next place, and tries all', () => {
    expect(['web-1', 'web-2', 'web-3', 'web-4', 'web'].map((vm) => zones(vm))).toEqual([
      'bca',
      'cab',
      'abc',
      'bca',
      'abc',
    ]);
  });

  it('keeps to the zone that is asked for', () => {
    expect(zones('web-1', 'c')).toBe('c');
    expect(zones('web-1', 'd')).toBe('');
    expect(placesFor('web-1', 'd', [{ groups: ['sg-1'] }])).toEqual([{ groups: ['sg-1'], zone: 'd' }]);
  });
});

describe('newestOf', () => {
  it('takes the newest, and reads its root volume', () => {
    const image = (id: string, CreationDate: string) => ({
      ImageId: id,
      CreationDate,
      Architecture: 'arm64' as const,
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
        { DeviceName: '/dev/sda1', Ebs: { VolumeSize: 10 } },
      ],
    });
    expect(newestOf([image('ami-1', '2025-01-01T00:00:00Z'), image('ami-2', '2026-01-01T00:00:00Z')])).toEqual({
      id: 'ami-2',
      name: 'ami-2',
      architecture: 'arm64',
      rootDevice: '/dev/sda1',
      gib: 10,
    });
    expect(newestOf([])).toBeUndefined();
  });
});

/** The contract, on `ec2` with moto and what moto lacks; and what is EC2's own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { decorate } from '../../src/iaas/decorate/around.ts';
import { retrying } from '../../src/iaas/decorate/retrying.ts';
import { ec2Provider } from '../../src/iaas/ec2/ec2-provider.ts';
import { loadProvider } from '../../src/iaas/load-provider.ts';
import type { Finding } from '../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import { ec2Cloud, ec2Subject, type Ec2Cloud } from '../support/ec2-cloud.ts';
import type { Asked } from '../support/ec2-faults.ts';
import { iaasContract } from './iaas.contract.ts';

iaasContract('ec2', ec2Subject);

describe('ec2', () => {
  let cloud: Ec2Cloud;
  beforeAll(async () => {
    cloud = await ec2Cloud();
  });
  afterAll(() => cloud[Symbol.asyncDispose]());
  afterEach(() => {
    const { faults } = cloud;
    faults.refuse = () => undefined;
    faults.hideFor = 0;
    faults.asked.length = 0;
    vi.unstubAllEnvs();
  });

  const eventually = async (look: () => unknown): Promise<void> => {
    await vi.waitFor(look, { timeout: 20_000, interval: 50 });
  };
  const patient = { timeout: millis(20_000) };
  const asked = (action: string): readonly Asked[] => cloud.faults.asked.filter((each) => each.action === action);
  /** Refuses machines in a subnet. */
  const full = (subnet: string | undefined, code = 'InsufficientInstanceCapacity'): void => {
    cloud.faults.refuse = ({ action, params }) =>
      action === 'RunInstances' && params.get('NetworkInterface.1.SubnetId') === subnet
        ? { code, status: 500 }
        : undefined;
  };

  it('takes the next subnet where one has no room, and spreads the VMs of a partition', async () => {
    const provider = cloud.provider('spread');
    const zones = [];
    for (const vm of ['web-1', 'web-2', 'web-3']) zones.push((await provider.create(await cloud.request(vm))).zone);
    expect(zones).toEqual(['eu-west-1b', 'eu-west-1a', 'eu-west-1b']);
    full(cloud.spec.subnets[1]);
    expect((await provider.create(await cloud.request('web-5'))).zone).toBe('eu-west-1a');
    await expect(provider.create(await cloud.request('web-6', { zone: 'eu-west-1b' }))).rejects.toMatchObject({
      failure: 'no-capacity',
      message: expect.stringMatching(/InsufficientInstanceCapacity.*tried eu-west-1b/) as string,
    });
    await expect(provider.create(await cloud.request('web-7', { zone: 'mars-1' }))).rejects.toMatchObject({
      failure: 'invalid',
      message: 'Cannot create VM web-7 as aws has no subnet in its zone: mars-1',
    });
  });

  it('waits for what was just made and is not to be found, and lists it meanwhile', async () => {
    const provider = cloud.provider('hidden', patient);
    cloud.faults.hideFor = 1_000_000;
    const making = provider.create(await cloud.request('web-1'));
    await eventually(() => {
      expect(asked('RunInstances')).toHaveLength(1);
    });
    await eventually(async () => {
      expect((await provider.list()).map(({ vm, state }) => [vm, state])).toEqual([['web-1', 'pending']]);
    });
    cloud.faults.showAll();
    const machine = await making;
    expect(machine.state).toBe('running');
    expect(await provider.list()).toEqual([machine]);
    await provider.delete(machine.id);
    expect(await provider.list()).toEqual([]);
  });

  it('ends what was just made although EC2 does not know it yet', async () => {
    const provider = cloud.provider('fresh', patient);
    cloud.faults.hideFor = 1_000_000;
    const aborted = new AbortController();
    const making = provider.create(await cloud.request('web-1', { signal: aborted.signal }));
    await eventually(async () => {
      expect(await provider.list()).toHaveLength(1);
    });
    aborted.abort();
    await expect(making).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const [machine] = await provider.list();
    const deleting = provider.delete(machine?.id ?? '');
    await eventually(() => {
      expect(asked('TerminateInstances').length).toBeGreaterThan(0);
    });
    expect(await provider.list()).toHaveLength(1);
    cloud.faults.showAll();
    await deleting;
    expect(await provider.list()).toEqual([]);
    expect((await cloud.instance(machine?.id ?? '')).State?.Name).toBe('terminated');
  });

  it('makes one machine when an answer is lost and a listing does not show it yet', async () => {
    const request = await cloud.request('web-1', { generation: '2026-11-29T03:00:00.000Z' });
    const provider = cloud.provider('lost', patient);
    cloud.faults.hideFor = 3;
    cloud.faults.loseNext = true;
    const machine = await decorate(provider, retrying()).create(request);
    expect(asked('RunInstances').length).toBeGreaterThan(1);
    const tokens = asked('RunInstances').map(({ params }) => params.get('ClientToken'));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^[\u0021-\u007e]{1,64}$/);
    expect(await provider.list()).toEqual([machine]);
  });

  it('finds the machine of a run that was killed by its token, though its host key is another', async () => {
    const generation = '2026-11-29T03:00:00.000Z';
    cloud.faults.hideFor = 3;
    cloud.faults.loseNext = true;
    const killed = cloud.provider('killed', patient);
    await expect(killed.create(await cloud.request('web-1', { generation }))).rejects.toMatchObject({
      failure: 'unavailable',
    });
    const next = cloud.provider('killed', patient);
    const machine = await next.create(await cloud.request('web-1', { generation }));
    expect(asked('RunInstances')).toHaveLength(2);
    expect(await next.list()).toEqual([machine]);
    expect(await cloud.userData(machine.id)).toContain(machine.endpoint?.hostKeys[0]);
  });

  it('makes another machine where the one of its token has ended', async () => {
    const provider = cloud.provider('ended');
    const request = await cloud.request('web-1', { generation: 'g' });
    const first = await provider.create(request);
    await cloud.provider('ended').delete(first.id);
    const second = await provider.create(request);
    expect(second.id).not.toBe(first.id);
    expect((await provider.list()).map(({ id }) => id)).toEqual([second.id]);
  });

  it('asks for disks, addresses, tags and session tokens as the spec says', async () => {
    const change = {
      disk: { type: 'gp3', encrypted: true, iops: 4000, throughput: 200 },
      address: 'public',
    } as const;
    const provider = cloud.provider('told', change);
    const size = { cpu: cores(2), memory: bytes(2 ** 31), disk: bytes(30 * 2 ** 30) };
    const machine = await provider.create(await cloud.request('web-1', { size }));
    const { params } = asked('RunInstances')[0] ?? { params: new URLSearchParams() };
    const said = (prefix: string): Record<string, string> =>
      Object.fromEntries(
        [...params].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]),
      );
    expect(params.get('InstanceType')).toBe('t3.small');
    expect(said('MetadataOptions.')).toEqual({
      HttpEndpoint: 'enabled',
      HttpPutResponseHopLimit: '1',
      HttpTokens: 'required',
    });
    expect(said('BlockDeviceMapping.1.Ebs.')).toEqual({
      DeleteOnTermination: 'true',
      Encrypted: 'true',
      Iops: '4000',
      Throughput: '200',
      VolumeSize: '30',
      VolumeType: 'gp3',
    });
    expect(params.get('NetworkInterface.1.AssociatePublicIpAddress')).toBe('true');
    const instance = await cloud.instance(machine.id);
    expect(machine.endpoint?.address).toBe(instance.PublicIpAddress);
    const tags = Object.fromEntries((instance.Tags ?? []).map(({ Key = '', Value }) => [Key, Value]));
    expect(tags).toMatchObject({ Name: 'web-1', team: 'shop', 'stratos-lineage': 'told', 'stratos-vm': 'web-1' });
    const { Volumes = [] } = await cloud.direct.describeVolumes({
      Filters: [{ Name: 'attachment.instance-id', Values: [machine.id] }],
    });
    expect(Volumes.map(({ Size, Encrypted }) => [Size, Encrypted])).toEqual([[30, true]]);
    expect(Volumes[0]?.Tags).toEqual(expect.arrayContaining([{ Key: 'stratos-lineage', Value: 'told' }]));
  });

  it('buys spot machines, which can be deleted and not stopped', async () => {
    const provider = cloud.provider('spot', { market: 'spot', maxPrice: 0.01 });
    expect(provider.capabilities.stop).toBe(false);
    const machine = await provider.create(await cloud.request('web-1'));
    expect((await cloud.instance(machine.id)).InstanceLifecycle).toBe('spot');
    expect(asked('RunInstances')[0]?.params.get('InstanceMarketOptions.SpotOptions.MaxPrice')).toBe('0.01');
    await expect(provider.stop(machine.id)).rejects.toMatchObject({ failure: 'invalid' });
    await provider.delete(machine.id);
    full(cloud.spec.subnets[0], 'SpotMaxPriceTooLow');
    await expect(provider.create(await cloud.request('web-2', { zone: 'eu-west-1a' }))).rejects.toMatchObject({
      failure: 'no-capacity',
    });
  });

  it('leaves to a launch template what the spec does not say', async () => {
    const { image, ...spec } = cloud.spec;
    expect(image).toBeDefined();
    const { LaunchTemplate } = await cloud.direct.createLaunchTemplate({
      LaunchTemplateName: 'web',
      LaunchTemplateData: { ImageId: 'ami-785db401', InstanceType: 'm5.large', KeyName: 'ours' },
    });
    for (const template of ['web', LaunchTemplate?.LaunchTemplateId ?? '']) {
      const launchTemplate = { template, version: '$Default' };
      const change = { ...spec, launchTemplate, subnets: [], securityGroups: [], disk: {} };
      const provider = ec2Provider(change, {
        lineage: template,
        env: { KEY_ID: 'a', KEY: 'b' },
        onStep: () => undefined,
      });
      const machine = await provider.create(await cloud.request('web-1'));
      expect(machine.size?.name).toBe('t3.small');
      const { params } = asked('RunInstances').at(-1) ?? { params: new URLSearchParams() };
      expect(
        [...params.keys()].filter((key) => /^(ImageId|BlockDevice|NetworkInterface|SecurityGroup)/.test(key)),
      ).toEqual([]);
      expect((await cloud.instance(machine.id)).ImageId).toBe('ami-785db401');
    }
  });

  it('chooses the cheapest priced type that fits, or else the smallest', async () => {
    const provider = cloud.provider('sizes', {
      prices: { 'm5.large': 0.107, 't3.medium': 0.0456, 't3.small': 0.0228 },
    });
    const size = { cpu: cores(2), memory: bytes(4 * 2 ** 30) };
    expect((await provider.create(await cloud.request('web-1', { size }))).size?.name).toBe('t3.medium');
    const large = { cpu: cores(8), memory: bytes(2 ** 30) };
    const offers = (await provider.sizes?.()) ?? [];
    const most = (await provider.create(await cloud.request('web-2', { size: large }))).size?.name;
    expect(offers.find(({ name }) => name === most)?.cpu).toBe(8);
    expect(offers.find(({ name }) => name === 't3.small')).toEqual({
      name: 't3.small',
      cpu: 2,
      memory: 2 ** 31,
      price: 0.0228,
    });
    expect(offers.some(({ name }) => name?.startsWith('m6g.'))).toBe(false);
    const huge = { cpu: cores(10_000), memory: bytes(2 ** 30) };
    await expect(provider.create(await cloud.request('web-3', { size: huge }))).rejects.toMatchObject({
      failure: 'invalid',
    });
  });

  it('has its machines behind the jump host of the spec', async () => {
    const jump = { address: '192.0.2.1', port: 22, user: 'ops', hostKeys: ['ssh-ed25519 AAAA'], key: '/keys/ops' };
    const context = { lineage: 'jump', env: { KEY_ID: 'a', KEY: 'b' }, onStep: () => undefined };
    const provider = await loadProvider({ ...cloud.spec, jump }, context);
    const machine = await provider.create(await cloud.request('web-1'));
    const { key, ...reached } = jump;
    expect(machine.endpoint).toMatchObject({ user: 'stratos', jump: { ...reached, identityFile: key } });
    expect(await provider.list()).toEqual([machine]);
    expect(await provider.start(machine.id)).toEqual(machine);
  });

  it('says why a machine ended by itself', async () => {
    const provider = cloud.provider('dies', patient);
    cloud.faults.endNext = { code: 'Client.VolumeLimitExceeded', message: 'Volume limit exceeded' };
    await expect(provider.create(await cloud.request('web-1'))).rejects.toMatchObject({
      failure: 'quota',
      message: expect.stringContaining('has ended: Volume limit exceeded') as string,
    });
  });

  it('bakes once where an answer was lost, and labels image and copy', async () => {
    const provider = cloud.provider('bakes');
    const { id } = await provider.create(await cloud.request('web-1'));
    const image = await provider.bake?.(id, 'web-image');
    expect(await provider.bake?.(id, 'web-image')).toBe(image);
    expect(asked('CreateImage')).toHaveLength(1);
    const labels = [...(asked('CreateImage')[0]?.params.values() ?? [])];
    expect(labels).toEqual(expect.arrayContaining(['image', 'snapshot', 'stratos-lineage', 'bakes', id]));
    const next = cloud.provider('bakes', { image: { id: image ?? '' } });
    const machine = await next.create(await cloud.request('web-2'));
    expect((await cloud.instance(machine.id)).ImageId).toBe(image);
  });

  describe('quotas', () => {
    const size = { cpu: cores(2), memory: bytes(2 ** 30), name: 't3.small' };
    const quotasOf = async (change: Parameters<Ec2Cloud['provider']>[1] = {}): Promise<readonly Finding[]> => {
      const findings = (await cloud.provider('quotas', change).survey?.([size])) ?? [];
      expect(findings.filter(({ subject, status }) => subject !== 'quota' && status !== 'ok')).toEqual([]);
      return findings.filter(({ subject }) => subject === 'quota');
    };
    const leftOn = async (market: 'on-demand' | 'spot'): Promise<number> => {
      const [quota] = await quotasOf({ market });
      const [, left] = /^([0-9]+) of 10000 vCPUs for Standard machines /.exec(quota?.detail ?? '') ?? [];
      return Number(left);
    };
    beforeEach(() => {
      cloud.faults.quotas.set('L-1216C47A', 10_000).set('L-34B43A08', 10_000);
    });

    it('counts processors of all machines of the account by market, and those of other families not', async () => {
      const before = { onDemand: await leftOn('on-demand'), spot: await leftOn('spot') };
      const large = { ...size, name: 'm5.xlarge' };
      await cloud.provider('somebody').create(await cloud.request('web-1', { size: large }));
      await cloud.provider('somebody').create(await cloud.request('gpu-1', { size: { ...size, name: 'g4dn.xlarge' } }));
      const stopped = await cloud.provider('somebody').create(await cloud.request('web-3', { size: large }));
      await cloud.provider('somebody').stop(stopped.id);
      await cloud.provider('somebody', { market: 'spot' }).create(await cloud.request('web-2'));
      expect({ onDemand: await leftOn('on-demand'), spot: await leftOn('spot') }).toEqual({
        onDemand: before.onDemand - 4,
        spot: before.spot - 2,
      });
    });

    it('fails where the largest machine that is wanted has no room, and says what to ask for', async () => {
      const used = 10_000 - (await leftOn('on-demand'));
      cloud.faults.quotas.set('L-1216C47A', used + 1);
      expect(await quotasOf()).toEqual([
        {
          subject: 'quota',
          status: 'failed',
          detail: `1 of ${String(used + 1)} vCPUs for Standard machines on demand are left in eu-west-1, and t3.small takes 2`,
          hint: `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-1216C47A --desired-value ${String(used + 2)} --region eu-west-1`,
        },
      ]);
      cloud.faults.quotas.set('L-1216C47A', used + 2);
      expect((await quotasOf()).map(({ status }) => status)).toEqual(['ok']);
    });

    it('takes AWS’s default where the account has no value of its own', async () => {
      cloud.faults.quotas.delete('L-1216C47A');
      cloud.faults.defaultQuotas.set('L-1216C47A', 10_000);
      expect(await leftOn('on-demand')).toBeGreaterThan(0);
      const byCode = ({ action }: Asked): boolean => action.endsWith('ServiceQuota');
      expect(cloud.faults.asked.filter(byCode).map(({ action }) => action)).toEqual([
        'GetServiceQuota',
        'GetAWSDefaultServiceQuota',
      ]);
    });

    it('fails nothing where we may not ask, nobody answers or nobody is there to be asked', async () => {
      cloud.faults.refuse = ({ action }) =>
        action === 'GetServiceQuota'
          ? {
              code: 'AccessDeniedException',
              message: 'User is not authorized to perform: servicequotas:GetServiceQuota',
            }
          : undefined;
      expect(await quotasOf()).toEqual([
        {
          subject: 'quota',
          status: 'warning',
          detail:
            'Cannot read the quotas of aws as Service Quotas answers AccessDeniedException: User is not authorized to perform: servicequotas:GetServiceQuota',
          hint: 'allow servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota',
        },
      ]);
      cloud.faults.refuse = ({ action }) =>
        action === 'GetServiceQuota' ? { code: 'TooManyRequestsException', status: 429 } : undefined;
      expect((await quotasOf()).map(({ status }) => status)).toEqual(['warning']);
      cloud.faults.refuse = () => undefined;
      expect((await quotasOf({ quotasEndpoint: 'http://127.0.0.1:9' })).map(({ status }) => status)).toEqual([
        'warning',
      ]);
      const { quotasEndpoint, ...spec } = cloud.spec;
      expect(quotasEndpoint).toBe(cloud.faults.url);
      const context = { lineage: 'quotas', env: { KEY_ID: 'a', KEY: 'b' }, onStep: () => undefined };
      const findings = (await ec2Provider(spec, context).survey?.([size])) ?? [];
      expect(findings.filter(({ subject }) => subject === 'quota')).toEqual([
        {
          subject: 'quota',
          status: 'warning',
          detail: 'quotas are not looked at, as EC2 is asked elsewhere',
          hint: 'iaas.aws.quotasEndpoint',
        },
      ]);
    });
  });

  it('surveys image, network, size, rights and price, each with its finding', async () => {
    const size = { cpu: cores(2), memory: bytes(2 ** 30), name: 't3.small' };
    cloud.faults.quotas.set('L-1216C47A', 10_000);
    const good = (await cloud.provider('survey').survey?.([size])) ?? [];
    expect(good.map(({ subject, status }) => [subject, status])).toEqual([
      ['credentials', 'ok'],
      ['image', 'ok'],
      ['network', 'ok'],
      ['size', 'ok'],
      ['credentials', 'ok'],
      ['price', 'ok'],
      ['quota', 'ok'],
    ]);
    const failing = async (change: Parameters<Ec2Cloud['provider']>[1]): Promise<readonly string[]> => {
      const findings = (await cloud.provider('survey', change).survey?.([size])) ?? [];
      return findings.filter(({ status }) => status === 'failed').map(({ subject, detail }) => `${subject}: ${detail}`);
    };
    expect(await failing({ image: { name: 'no-such-*', owner: 'self' } })).toEqual([
      'image: Cannot find the image of aws as there is none: no-such-* of self',
    ]);
    expect(await failing({ securityGroups: ['nobody'] })).toEqual([
      'network: Cannot find the security groups of aws as there is no such group where its subnets are: nobody',
    ]);
    expect(await failing({ subnets: ['subnet-00000000'] })).toEqual([
      expect.stringMatching(/^network: .*InvalidSubnetID/),
    ]);
    cloud.faults.refuse = ({ action }) =>
      action === 'RunInstances'
        ? {
            code: 'UnauthorizedOperation',
            status: 403,
            message: 'You are not authorized. Encoded authorization failure message: abc',
          }
        : undefined;
    expect(await failing({})).toEqual([
      'credentials: Cannot ask for a machine of t3.small as EC2 answers UnauthorizedOperation: You are not authorized.',
    ]);
    const arm = { ...size, name: 't4g.small' };
    cloud.faults.refuse = () => undefined;
    const wrong = (await cloud.provider('survey').survey?.([arm])) ?? [];
    expect(wrong.filter(({ status }) => status === 'failed').map(({ detail }) => detail)).toEqual([
      'Cannot use size t4g.small as it runs no image for x86_64',
    ]);
    expect(asked('RunInstances').every(({ params }) => params.get('DryRun') === 'true')).toBe(true);
  });

  it('takes region and credentials from AWS’s own files by profile, and says what is missing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stratos-aws-'));
    try {
      await writeFile(join(directory, 'config'), '[profile work]\nregion = us-east-2\n');
      await writeFile(
        join(directory, 'credentials'),
        '[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = x\n',
      );
      vi.stubEnv('AWS_CONFIG_FILE', join(directory, 'config'));
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(directory, 'credentials'));
      vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
      const { accessKey, region, ...spec } = cloud.spec;
      expect([accessKey, region]).not.toContain(undefined);
      const context = { lineage: 'profile', env: process.env, onStep: () => undefined };
      expect(await ec2Provider({ ...spec, profile: 'work' }, context).list()).toEqual([]);
      expect(asked('DescribeInstances').at(-1)?.accessKey).toBe('AKIAWORK');
      await expect(ec2Provider(spec, context).check()).rejects.toMatchObject({
        failure: 'invalid',
        hint: 'aws configure set region eu-west-1',
      });
      await expect(
        ec2Provider({ ...spec, region: 'eu-west-1', profile: 'other' }, context).check(),
      ).rejects.toMatchObject({
        failure: 'unauthorized',
        hint: 'aws configure --profile other',
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('looks at many machines that are on their way by few calls', async () => {
    const provider = cloud.provider('many', patient);
    const all = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => provider.create(await cloud.request(`web-${String(n)}`))),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(20);
    const looks = asked('DescribeInstances').filter(({ params }) => [...params.values()].includes('instance-id'));
    expect(looks.length).toBeLessThan(20);
  });
});

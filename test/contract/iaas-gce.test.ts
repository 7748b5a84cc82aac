/** The contract, on Google Compute Engine as its own description has it; and what only that cloud has. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IaasError } from '../../src/model/errors.ts';
import { bytes, cores } from '../../src/model/quantity.ts';
import { readDescriptors } from '../support/gce/descriptors.ts';
import { ZONES, type PeerInstance } from '../support/gce/peer.ts';
import { gceSubject, type GceSubject } from '../support/gce/subject.ts';
import { iaasContract } from './iaas.contract.ts';

iaasContract('gce', gceSubject);

describe('gce', () => {
  let subject: GceSubject;
  beforeAll(async () => {
    subject = await gceSubject();
  });
  afterAll(() => subject[Symbol.asyncDispose]());
  const held = (id: string): PeerInstance => {
    const machine = subject.peer.instances.get(id);
    if (!machine) throw new Error(`No instance ${id}`);
    return machine;
  };

  it('takes the next zone where the first one is full', async () => {
    subject.peer.faults.refuse = { failure: 'no-capacity', zones: 1 };
    const machine = await subject.provider.create(await subject.request('next'));
    expect(machine.zone).toBe(ZONES[1]);
    await subject.provider.delete(machine.id);
  });

  it('finds by its name what its labels do not show yet', async () => {
    const { provider, peer } = subject;
    peer.faults.listsLag = true;
    const first = await provider.create(await subject.request('lag'));
    const again = await provider.create(await subject.request('lag'));
    peer.faults.listsLag = false;
    expect(again).toEqual(first);
    expect(await provider.list()).toEqual([first]);
    await provider.delete(first.id);
  });

  it('repeats a request under the same id, and another machine’s under another', async () => {
    const { provider, peer } = subject;
    const request = await subject.request('again');
    peer.faults.listsLag = true;
    peer.faults.loseAnswer = true;
    await expect(provider.create(request)).rejects.toMatchObject({ failure: 'unavailable' });
    const first = await provider.create(request);
    peer.faults.listsLag = false;
    await provider.delete(first.id);
    const anew = await provider.create(await subject.request('again'));
    const ids = peer.asked
      .filter(({ method }) => method === 'Instances.Insert')
      .map(({ query }) => query.get('requestId'));
    const [one, two, three] = ids.slice(-3);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
    await provider.delete(anew.id);
  });

  it('refuses to list where a zone does not answer, as its machines would be taken for gone', async () => {
    subject.peer.faults.unreachable = ZONES[1];
    await expect(subject.provider.list()).rejects.toMatchObject({ failure: 'unavailable' });
    subject.peer.faults.unreachable = undefined;
  });

  it('asks for spot machines, disks, network, service account and labels as the spec says', async () => {
    const provider = subject.open({
      spot: true,
      externalAddress: true,
      subnetwork: 'inner',
      networkTags: ['web'],
      serviceAccount: 'web@stratos-test.iam.gserviceaccount.com',
      disk: { type: 'pd-ssd', size: bytes(20 * 2 ** 30) },
    });
    const machine = await provider.create(await subject.request('rich'));
    const seen = held(machine.id);
    expect(seen.scheduling).toMatchObject({ provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE' });
    expect(seen.labels).toMatchObject({ team: 'shop', 'stratos-vm': 'rich' });
    expect(seen).toMatchObject({
      tags: { items: ['web'] },
      serviceAccounts: [{ email: 'web@stratos-test.iam.gserviceaccount.com' }],
      networkInterfaces: [{ subnetwork: 'projects/stratos-test/regions/europe-west1/subnetworks/inner' }],
    });
    expect(seen.metadata.items.map(({ key }) => key)).toEqual(['user-data', 'block-project-ssh-keys']);
    expect(machine.endpoint?.address).toMatch(/^203\.0\.113\./);
    await provider.stop(machine.id);
    expect((await provider.list()).map(({ endpoint }) => endpoint)).toEqual([undefined]);
    const started = await provider.start(machine.id);
    expect(started.endpoint?.address).toMatch(/^203\.0\.113\./);
    expect(started.endpoint?.address).not.toBe(machine.endpoint?.address);
    expect(((await provider.survey?.([])) ?? []).map(({ subject: what, status }) => `${what} ${status}`)).toEqual([
      'credentials ok',
      'image ok',
      'network ok',
      'quota ok',
    ]);
    await provider.delete(machine.id);
  });

  it.each([
    [{ cpu: 2, memory: 4 }, {}, 'e2-standard-2'],
    [{ cpu: 0.5, memory: 1 }, {}, 'e2-small'],
    [{ cpu: 1, memory: 8 }, { family: 'n2' }, 'n2-standard-2'],
    [{ cpu: 3, memory: 3.1 }, { custom: true }, 'e2-custom-4-3328'],
  ])('gives %j with %j machine type %s', async ({ cpu, memory }, change, expected) => {
    const provider = subject.open(change);
    const size = { cpu: cores(cpu), memory: bytes(Math.round(memory * 2 ** 30)) };
    const machine = await provider.create(await subject.request('sized', { size }));
    expect(held(machine.id).machineType).toMatch(new RegExp(`/${expected}$`));
    expect(machine.size).toEqual(size);
    await provider.delete(machine.id);
  });

  it('says so where no machine type is large enough', async () => {
    const size = { cpu: cores(64), memory: bytes(2 ** 30) };
    await expect(subject.provider.create(await subject.request('huge', { size }))).rejects.toThrow('family e2');
  });

  it('says what a size costs where the spec does', async () => {
    const prices = { 'e2-standard-2': 0.067 };
    const provider = subject.open({ prices });
    const { size } = await subject.request('priced');
    expect(await provider.survey?.([size])).toContainEqual({
      subject: 'price',
      status: 'ok',
      detail: 'e2-standard-2 costs 0.067 an hour',
      of: size,
    });
    expect((await provider.sizes?.())?.filter(({ price }) => price !== undefined)).toMatchObject([
      { name: 'e2-standard-2', price: 0.067 },
    ]);
  });

  it('makes machines of an image that it baked', async () => {
    const { provider } = subject;
    const machine = await provider.create(await subject.request('source'));
    const image = await provider.bake?.(machine.id, 'web-1');
    expect(image).toBe('projects/stratos-test/global/images/web-1');
    expect(subject.peer.images.get('web-1')?.labels).toEqual({ team: 'shop' });
    const baked = subject.open({ image: { kind: 'image', name: image ?? '' } });
    const copy = await baked.create(await subject.request('copy'));
    expect(copy.state).toBe('running');
    await provider.delete(machine.id);
    await provider.delete(copy.id);
  });

  it('names an image that is not there, a zone that is not there, a key that is none', async () => {
    const image = { kind: 'image', name: 'no-such' } as const;
    const create = subject.open({ image }).create(await subject.request('lost'));
    await expect(create).rejects.toMatchObject({
      failure: 'invalid',
      message: expect.stringContaining('no-such') as string,
    });
    await expect(subject.open({ zones: ['mars-north1-a'] }).check()).rejects.toThrow('no such zone: mars-north1-a');
    for (const key of ['no json', '{"type":"service_account"}', '{}']) {
      const stranger = subject.open({}, 'one', { GOOGLE_KEY: key });
      await expect(stranger.list()).rejects.toMatchObject({ failure: 'unauthorized' });
    }
  });

  it('shows in a survey that nobody knows us, and nothing else', async () => {
    subject.peer.faults.lockedOut = true;
    const findings = await subject.open().survey?.([]);
    subject.peer.faults.lockedOut = false;
    expect(findings).toMatchObject([
      { subject: 'credentials', status: 'failed', hint: 'gcloud auth application-default login' },
    ]);
  });

  it('cannot reach a server that is not there', async () => {
    const error: unknown = await subject
      .open({ endpoint: 'http://127.0.0.1:9/compute/v1' })
      .list()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IaasError);
  });
});

describe('readDescriptors', () => {
  const descriptors = readDescriptors();
  const at = (path: string): URL => new URL(`http://x/compute/v1/projects/p/${path}`);
  it('tells what is not in the API', () => {
    expect(descriptors.match('GET', at('zones/z/instance'), undefined)).toBeUndefined();
    expect(descriptors.match('POST', at('zones/z/instances?dryRun=1'), { name: 'a', nam: 'b' })?.problems).toEqual([
      'dryRun is no parameter of Instances.Insert',
      'body.nam is not in Instance',
    ]);
    expect(
      descriptors.problems('Instance', { disks: {}, id: 4, status: 'WELL', scheduling: { preemptible: 'no' } }),
    ).toEqual([
      'Instance.disks must be a list',
      'Instance.id must be a uint64: 4',
      'Instance.status has no value "WELL"',
      'Instance.scheduling.preemptible must be a bool: "no"',
    ]);
  });
});

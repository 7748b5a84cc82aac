/** The contract, on Azure as Microsoft's own libraries have it; and what only that cloud has. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes, cores } from '../../src/model/quantity.ts';
import { readDescription } from '../support/azure/description.ts';
import { GROUP, SUBSCRIPTION, ZONES, type PeerVm } from '../support/azure/peer.ts';
import { azureSubject, type AzureSubject } from '../support/azure/subject.ts';
import { iaasContract } from './iaas.contract.ts';

iaasContract('azure', azureSubject);

describe('azure', () => {
  let subject: AzureSubject;
  beforeAll(async () => {
    subject = await azureSubject();
  });
  afterAll(() => subject[Symbol.asyncDispose]());
  const held = (id: string): PeerVm => {
    const vm = subject.peer.vms.get(id);
    if (!vm) throw new Error(`No machine ${id}`);
    return vm;
  };

  it('takes the next zone where the first one is full, and leaves nothing there', async () => {
    const { provider, peer } = subject;
    peer.faults.refuse = { failure: 'no-capacity', zones: 1 };
    const machine = await provider.create(await subject.request('next'));
    expect(machine.zone).toBe(ZONES[1]);
    await provider.delete(machine.id);
    expect([peer.vms.size, peer.interfaces.size, peer.addresses.size, peer.disks.size]).toEqual([0, 0, 0, 0]);
  });

  it('says why a machine failed whose answer was lost, and clears it away, as it has another host key', async () => {
    const { provider, peer } = subject;
    peer.faults.refuse = { failure: 'no-capacity', zones: 1 };
    peer.faults.loseAnswer = true;
    await expect(provider.create(await subject.request('broken'))).rejects.toMatchObject({ failure: 'unavailable' });
    expect((await provider.list()).map(({ vm, state }) => [vm, state])).toEqual([['broken', 'pending']]);
    await expect(provider.create(await subject.request('broken'))).rejects.toMatchObject({
      failure: 'no-capacity',
      message: expect.stringContaining('ZonalAllocationFailed') as string,
    });
    expect([peer.vms.size, peer.interfaces.size, peer.addresses.size, peer.disks.size]).toEqual([0, 0, 0, 0]);
    const request = await subject.request('broken');
    const machine = await provider.create(request);
    expect(machine.endpoint?.hostKeys).toEqual([request.hostKey.publicKey.split(' ').slice(0, 2).join(' ')]);
    await provider.delete(machine.id);
  });

  it('asks for spot machines, disks, groups and tags as the spec says, and for no address of the internet', async () => {
    const { peer } = subject;
    const provider = subject.open({
      spot: true,
      zones: [],
      publicAddress: false,
      securityGroup: 'web',
      disk: { type: 'Premium_LRS', size: bytes(64 * 2 ** 30) },
    });
    const machine = await provider.create(await subject.request('rich'));
    const { properties, tags, zones } = held(machine.id);
    expect(properties).toMatchObject({ priority: 'Spot', evictionPolicy: 'Delete', billingProfile: { maxPrice: -1 } });
    expect(properties.storageProfile.osDisk).toMatchObject({
      diskSizeGB: 64,
      deleteOption: 'Delete',
      managedDisk: { storageAccountType: 'Premium_LRS' },
    });
    expect(tags).toMatchObject({ team: 'shop', 'stratos-vm': 'rich', 'stratos-lineage': 'one' });
    expect(zones).toBeUndefined();
    expect(peer.addresses.size).toBe(0);
    expect(machine.endpoint?.address).toMatch(/^10\.0\.0\./);
    expect(machine.zone).toBeUndefined();
    await provider.stop(machine.id);
    expect(await provider.start(machine.id)).toEqual(machine);
    await provider.delete(machine.id);
  });

  it('asks machine by machine what it does where it may see the resource group alone', async () => {
    const { provider, peer } = subject;
    const one = await provider.create(await subject.request('narrow'));
    const wide = await provider.list();
    peer.faults.narrow = true;
    expect(await provider.list()).toEqual(wide);
    expect(peer.asked.at(-1)).not.toBe('virtualMachines.listAll');
    peer.faults.narrow = false;
    await provider.delete(one.id);
  });

  it('lists any number of machines with as many questions as there are pages', async () => {
    const { provider, peer } = subject;
    const made = [];
    for (const vm of ['a', 'b', 'c']) made.push(await provider.create(await subject.request(vm)));
    const before = peer.asked.length;
    expect((await provider.list()).map(({ vm }) => vm)).toEqual(['a', 'b', 'c']);
    expect(peer.asked.slice(before).toSorted()).toEqual([
      'networkInterfaces.list',
      'publicIPAddresses.list',
      'virtualMachines.list',
      'virtualMachines.listAll',
    ]);
    await Promise.all(made.map(async ({ id }) => provider.delete(id)));
  });

  it.each([
    [{ cpu: 2, memory: 4 }, {}, 'Standard_D2s_v5'],
    [{ cpu: 1, memory: 1 }, { family: 'B' }, 'Standard_B2s'],
    [{ cpu: 3, memory: 8 }, {}, 'Standard_D4s_v5'],
  ])('gives %j with %j size %s', async ({ cpu, memory }, change, expected) => {
    const provider = subject.open(change);
    const size = { cpu: cores(cpu), memory: bytes(memory * 2 ** 30) };
    const machine = await provider.create(await subject.request('sized', { size }));
    expect(held(machine.id).properties.hardwareProfile.vmSize).toBe(expected);
    expect(machine.size).toEqual(size);
    await provider.delete(machine.id);
  });

  it('says so where no size is large enough in the zone', async () => {
    const size = { cpu: cores(3), memory: bytes(2 ** 30) };
    const wanted = await subject.request('huge', { size, zone: '2' });
    await expect(subject.provider.create(wanted)).rejects.toThrow('family D in zone 2 of westeurope');
  });

  it('logs root in where the spec says so, though Azure makes no root', async () => {
    const provider = subject.open({ user: 'root' });
    const machine = await provider.create(await subject.request('rooted'));
    expect(held(machine.id).properties.osProfile.adminUsername).toBe('stratos');
    expect(machine.endpoint?.user).toBe('root');
    const config = Buffer.from(subject.peer.userData.get(machine.id) ?? '', 'base64').toString();
    expect(config).toContain('"disable_root": false');
    await provider.delete(machine.id);
  });

  it('makes machines of an image that it baked, and leaves the baked machine running', async () => {
    const { provider, peer } = subject;
    const machine = await provider.create(await subject.request('source'));
    const image = (await provider.bake?.(machine.id, 'web-1')) ?? '';
    expect(image).toBe(
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Compute/images/web-1`,
    );
    expect(peer.images.get('web-1')).toMatchObject({ tags: { team: 'shop' }, properties: { hyperVGeneration: 'V2' } });
    expect(peer.snapshots.size).toBe(0);
    expect((await provider.list()).map(({ state }) => state)).toEqual(['running']);
    const baked = subject.open({ image });
    const found = await baked.survey?.([]);
    expect(found?.find(({ subject: what }) => what === 'image')).toMatchObject({ status: 'ok', detail: 'web-1' });
    const copy = await baked.create(await subject.request('copy'));
    expect(copy.state).toBe('running');
    await provider.delete(machine.id);
    await provider.delete(copy.id);
  });

  it('shows in a survey what is missing, each for itself', async () => {
    const provider = subject.open({ network: 'nowhere', image: 'Canonical:ubuntu-24_04-lts:server:1.2.3' });
    const size = { cpu: cores(3), memory: bytes(2 ** 30), name: 'Standard_D4s_v5' };
    const findings = (await provider.survey?.([size])) ?? [];
    expect(findings.map(({ subject: what, status }) => `${what} ${status}`)).toEqual([
      'credentials ok',
      'image failed',
      'network failed',
      'size failed',
      'quota ok',
    ]);
    expect(findings.find(({ subject: what }) => what === 'size')?.detail).toContain('zone 2');
    for (const { status, hint } of findings) if (status === 'failed') expect(hint ?? 'az').toMatch(/^az/);
  });

  it('names a group, an image, a network that are not there, and a secret that is wrong', async () => {
    await expect(subject.open({ resourceGroup: 'other' }).check()).rejects.toMatchObject({
      failure: 'invalid',
      hint: 'az group create --name other --location westeurope',
    });
    for (const change of [{ image: 'a:b:c:d' }, { network: 'nowhere' }, { securityGroup: 'nowhere' }])
      await expect(subject.open(change).create(await subject.request('lost'))).rejects.toMatchObject({
        failure: 'invalid',
      });
    const stranger = subject.open({}, 'one', { AZURE_SECRET: 'wrong' });
    await expect(stranger.list()).rejects.toMatchObject({ failure: 'unauthorized', hint: 'az login' });
    await expect(subject.open({}, 'one', {}).list()).rejects.toThrow('AZURE_SECRET');
  });

  it('cannot reach a server that is not there, nor one whose certificate nobody vouches for', async () => {
    const nowhere = subject.open({ endpoint: 'https://127.0.0.1:9', authority: 'https://127.0.0.1:9' });
    await expect(nowhere.list()).rejects.toMatchObject({ failure: 'unavailable' });
    const { ca: _, ...spec } = subject.spec;
    const { azureProvider } = await import('../../src/iaas/azure/azure-provider.ts');
    const context = { lineage: 'one', env: { AZURE_SECRET: 'x' }, onStep: () => undefined };
    await expect(azureProvider(spec, context).list()).rejects.toMatchObject({ failure: 'unavailable' });
  });
});

describe('readDescription', () => {
  it('tells what is not in the API', async () => {
    const description = await readDescription();
    const at = (path: string): URL =>
      new URL(`https://x/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines${path}`);
    expect(description.match('GET', at('/a/parts?api-version=2026-04-01'), undefined)).toBeUndefined();
    const put = description.match('PUT', at('/a?api-version=2000-01-01&dry=1'), {
      location: 'x',
      colour: 'red',
      properties: { osProfile: { computerName: 'a', computerNam: 'b' } },
    });
    expect(put?.problems).toEqual([
      'dry is no parameter of virtualMachines.createOrUpdate',
      'virtualMachines.createOrUpdate has no version 2000-01-01',
      'body of virtualMachines.createOrUpdate: /colour is not known',
      'body of virtualMachines.createOrUpdate: /properties/osProfile/computerNam is not known',
    ]);
    const get = description.match('GET', at('?api-version=2026-04-01'), undefined);
    expect(get?.problems).toEqual([]);
    const body = { value: [{ name: 4, tags: {}, properties: { state: 'well', storageProfile: { osDisk: {} } } }] };
    expect(get && (await description.answerProblems(get, '200', body))).toEqual(
      [
        '/value/0/properties/state is not known',
        '/value/0/storageProfile/osDisk/createOption must be string: undefined',
        '/value/0/location must be string: undefined',
        '/value/0/name must be string: 4',
      ].map((problem) => `answer of virtualMachines.list: ${problem}`),
    );
  });
});

/** The contract, on `proxmox` against a peer that is checked by a description of its API; and what only Proxmox VE does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idsOf } from '../../src/iaas/proxmox/make-vm.ts';
import { proxmoxProvider } from '../../src/iaas/proxmox/proxmox-provider.ts';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { ProxmoxIaasSpec } from '../../src/model/iaas/proxmox.ts';
import { machineRequest } from '../support/machine-request.ts';
import { openApiCheck } from '../support/openapi-check.ts';
import { proxmoxPeer, type ProxmoxPeer } from '../support/proxmox-peer.ts';
import { iaasContract } from './iaas.contract.ts';

const TOKEN = 'stratos@pve!test=0b6e1d70-1111-2222-3333-444455556666';
const context = (lineage: string, token = TOKEN) => ({
  lineage,
  env: { PROXMOX_VE_API_TOKEN: token },
  onStep: () => undefined,
});

const specOf = (url: string, change: Partial<ProxmoxIaasSpec> = {}): ProxmoxIaasSpec => ({
  kind: 'proxmox',
  name: 'rack',
  user: 'stratos',
  timeout: millis(1000),
  concurrency: 8,
  token: { kind: 'env', variable: 'PROXMOX_VE_API_TOKEN' },
  url: url.replace('/api2/json', ''),
  nodes: ['pve1', 'pve2'],
  image: 'debian-12',
  clone: 'linked',
  seedStorage: 'local',
  seedDrive: 'ide2',
  tags: ['shop'],
  addresses: {},
  nameservers: [],
  address: 'ipv4',
  ...change,
});

const size = { cpu: cores(2), memory: bytes(2 ** 31) };

iaasContract('proxmox', async () => {
  const peer = await proxmoxPeer(5);
  const open = (lineage: string, change: Partial<ProxmoxIaasSpec> = {}): IaasProvider =>
    proxmoxProvider(specOf(peer.url, change), context(lineage), millis(10));
  return {
    provider: open('one'),
    other: open('two'),
    sibling: open('one', { name: 'shelf' }),
    request: machineRequest(size),
    zones: ['pve1', 'pve2'],
    guestImage: '9000',
    held: peer.held,
    faults: peer.all,
    [Symbol.asyncDispose]: async () => {
      await peer[Symbol.asyncDispose]();
      expect(peer.violations).toEqual([]);
    },
  };
});

describe('proxmox', () => {
  it('is checked by a description of its API', () => {
    const check = openApiCheck('proxmox');
    const made = check('post', '/nodes/pve1/qemu/9000/clone');
    expect(made?.request(new URLSearchParams(), { newid: 100_000, full: 0 })).toEqual([]);
    expect(made?.request(new URLSearchParams(), { newid: 99 })).toHaveLength(1);
    expect(made?.request(new URLSearchParams(), { newid: 100_000, tags: 'a' })).toHaveLength(1);
    expect(made?.answer(200, { data: 'done' })).toHaveLength(1);
    expect(check('get', '/cluster/resources')?.request(new URLSearchParams('type=vms'), undefined)).not.toEqual([]);
    expect(check('patch', '/nodes/pve1/qemu/9000/config')).toBeUndefined();
  });

  let peer: ProxmoxPeer;
  const open = (change: Partial<ProxmoxIaasSpec> = {}): IaasProvider =>
    proxmoxProvider(specOf(peer.url, { timeout: millis(20_000), ...change }), context('one'), millis(10));
  const request = machineRequest(size);
  beforeEach(async () => {
    peer = await proxmoxPeer(5);
  });
  afterEach(async () => {
    await peer[Symbol.asyncDispose]();
    expect(peer.violations).toEqual([]);
  });

  it('gives a clone its size, its disk, its tags and first-boot data in place of cloud-init’s own drive', async () => {
    const wanted = { cpu: cores(1.5), memory: bytes(3 * 2 ** 30), disk: bytes(10 * 2 ** 30) };
    const { id, zone } = await open().create(await request('web-1', { size: wanted }));
    expect(zone).toBe('pve1');
    const config = peer.config(id);
    expect(config).toMatchObject({
      ...{ cores: 2, sockets: 1, cpulimit: 1.5, memory: '3072', balloon: 0 },
      scsi0: `local-lvm:vm-${id}-disk-0,size=10240M`,
      ide2: `local:iso/stratos-seed-${id}.iso,media=cdrom`,
    });
    expect(config.ide0).toBeUndefined();
    expect(config.tags).toMatch(/^stratos;stratos-[0-9a-f]{8};shop$/);
    expect(config.name).toMatch(/^[0-9a-f]{8}-web-1$/);
  });

  it('ends a machine with its first-boot data', async () => {
    const provider = open();
    const { id } = await provider.create(await request('web-1'));
    expect(peer.volumes()).toEqual([`local:iso/stratos-seed-${id}.iso`]);
    await provider.delete(id);
    expect(peer.volumes()).toEqual([]);
    expect(await provider.list()).toEqual([]);
  });

  it('goes to the next node where a disk does not fit, and takes what failed away', async () => {
    peer.failTask('qmclone', 'clone failed: no space left on device');
    expect(await open().create(await request('web-1'))).toMatchObject({ zone: 'pve2', state: 'running' });
    const big = { ...size, memory: bytes(48 * 2 ** 30) };
    await expect(open({ nodes: ['pve2'] }).create(await request('web-2', { size: big }))).rejects.toMatchObject({
      failure: 'no-capacity',
      message: 'Cannot make a machine on pve2 as it has too little free memory: 32768Mi',
    });
    expect(await open().create(await request('web-2', { size: big }))).toMatchObject({ zone: 'pve1' });
  });

  it('completes a machine that lacks its first-boot data', async () => {
    const provider = open();
    peer.failTask('imgcopy', 'import failed');
    await expect(provider.create(await request('web-1'))).rejects.toMatchObject({ failure: 'unavailable' });
    const [half] = await provider.list();
    expect(half).toMatchObject({ vm: 'web-1', state: 'pending' });
    const again = await request('web-1');
    const machine = await provider.create(again);
    expect(machine).toMatchObject({ id: half?.id, state: 'running' });
    expect((await peer.held(machine.id)).userData).toContain(again.hostKey.publicKey);
  });

  it('ends a machine that a node has no room to start, and goes to the next node', async () => {
    const provider = open();
    peer.failTask('qmstart', 'start failed: QEMU exited with code 1: Cannot allocate memory');
    const machine = await provider.create(await request('web-1'));
    expect(machine).toMatchObject({ state: 'running', zone: 'pve2' });
    expect(await provider.list()).toEqual([machine]);
    expect(peer.volumes()).toHaveLength(1);
  });

  it('takes another id where somebody else has the one, and asks for one of its own in each generation', async () => {
    const owner = { lineage: 'one', spec: { name: 'rack' } };
    const [first = 0, second = 0, third = 0] = idsOf(owner, 'web-1');
    peer.take(first);
    peer.take(second, true);
    expect((await open().create(await request('web-1'))).id).toBe(String(third));
    expect(idsOf(owner, 'web-1', 'b')).not.toEqual(idsOf(owner, 'web-1', 'a'));
  });

  it('lets two entries in one cluster start from ids of their own, for machines and for images', async () => {
    const [one, other] = [open(), open({ name: 'attic' })];
    const machines = [await one.create(await request('web-1')), await other.create(await request('web-1'))];
    expect(idsOf({ lineage: 'one', spec: { name: 'attic' } }, 'web-1')).toContain(Number(machines[1]?.id));
    const baked = [
      (await one.bake?.(machines[0]?.id ?? '', 'prepared')) ?? '',
      (await other.bake?.(machines[1]?.id ?? '', 'prepared')) ?? '',
    ];
    const names = baked.map((id) => peer.config(id).name);
    expect(new Set([...baked, ...names, ...machines.map(({ id }) => id)]).size).toBe(6);
    // Images are no machines.
    expect((await one.list()).map(({ id }) => id).toSorted()).toEqual(machines.map(({ id }) => id).toSorted());
  });

  it('makes a machine of an imported volume', async () => {
    const provider = open({ image: 'local:import/debian-12.qcow2', storage: 'local-lvm', nodes: [] });
    const machine = await provider.create(await request('web-1'));
    expect(machine).toMatchObject({ state: 'running', zone: 'pve1' });
    expect(peer.config(machine.id)).toMatchObject({ boot: 'order=scsi0', agent: '1', memory: '2048' });
    expect((await provider.survey?.([size]))?.filter(({ status }) => status === 'failed')).toEqual([]);
  });

  it('connects by the address that the spec says, or that the guest agent tells of the machine’s own interface', async () => {
    const address = async (provider: IaasProvider, vm: string): Promise<string | undefined> =>
      (await provider.create(await request(vm))).endpoint?.address;
    expect(await address(open(), 'web-1')).toMatch(/^10\.1\./);
    expect(await address(open({ address: 'ipv6' }), 'web-2')).toMatch(/^2001:db8::/);
    peer.agents = false;
    expect(await address(open({ addresses: { 'web-3': '10.0.0.11/24' } }), 'web-3')).toBe('10.0.0.11');
    const found = (await open().list()).find(({ vm }) => vm === 'web-1');
    expect(found).toMatchObject({
      state: 'running',
      endpoint: { address: expect.stringMatching(/^10\.1\./) as string },
    });
  });

  it('finds a machine that was moved to another node', async () => {
    const provider = open();
    const { id } = await provider.create(await request('web-1'));
    peer.migrate(id);
    expect(await provider.list()).toMatchObject([{ id, zone: 'pve2', state: 'running' }]);
    await provider.stop(id);
    expect(await provider.start(id)).toMatchObject({ zone: 'pve2', state: 'running' });
  });

  it('makes machines of what it baked, and the machine stays what it is', async () => {
    const provider = open();
    const { id } = await provider.create(await request('web-1'));
    peer.all.refuseCreate('quota');
    await expect(provider.bake?.(id, 'prepared')).rejects.toMatchObject({ failure: 'quota' });
    // A running VM is copied, and the copy is no machine of ours.
    const image = (await provider.bake?.(id, 'prepared')) ?? '';
    expect(peer.config(image)).toMatchObject({ template: 1, tags: 'stratos' });
    expect(peer.config(image).ide2).toBeUndefined();
    expect((await provider.list()).map((each) => each.id)).toEqual([id]);
    expect(await open({ image }).create(await request('web-2'))).toMatchObject({ state: 'running' });
  });

  it.each([
    [{ image: 'debain-12' }, 'image', 'Cannot use the image as rack has no such template: debain-12'],
    [
      { image: 'local:import/none.raw', storage: 'local-lvm' },
      'image',
      'Cannot use the image as rack has no such volume: local:import/none.raw',
    ],
    [{ seedStorage: 'local-lvm' }, 'network', 'Cannot use storage local-lvm as it does not take content of type iso'],
    [{ nodes: ['pve1', 'pve9'] }, 'quota', 'Cannot use node pve9 as it does not answer'],
  ])('survey says what is wrong with %j', async (change, subject, detail) => {
    const findings = (await open(change).survey?.([size])) ?? [];
    expect(findings.filter(({ status, subject: what }) => status === 'failed' && what === subject)).toEqual([
      { subject, status: 'failed', detail },
    ]);
  });

  it('is unauthorized without a token, and with a wrong one', async () => {
    const without = proxmoxProvider(specOf(peer.url), { ...context('one'), env: {} });
    await expect(without.check()).rejects.toMatchObject({
      failure: 'unauthorized',
      hint: 'export PROXMOX_VE_API_TOKEN=…',
    });
    const wrong = proxmoxProvider(specOf(peer.url), context('one', 'guess'));
    expect(await wrong.survey?.([])).toMatchObject([{ subject: 'credentials', status: 'failed' }]);
  });
});

/** Makes a VM on the first node that has room: of a template, or of a volume that is imported. */
import { createHash } from 'node:crypto';
import { IaasError } from '../../model/errors.ts';
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { firstWithRoom } from '../cloud/first-with-room.ts';
import type { FirstFacts } from '../cloud/lifecycle.ts';
import { machineName } from '../cloud/machine-name.ts';
import { poll } from '../cloud/poll.ts';
import type { MachineRequest } from '../provider.ts';
import { pathOf, tagOf } from './cluster.ts';
import { endVm } from './end-vm.ts';
import { describe, readDescription } from './description.ts';
import type { Place } from './proxmox-documents.ts';
import { bootDisk, cloudinitDrives } from './read-config.ts';
import type { Site } from './site.ts';

/** Ids are chosen from here on: below are those that people give. */
const FIRST_ID = 100_000;
const IDS = 900_000;
/** Ids that are tried until one is free. */
const TRIES = 20;

/** Whose ids they are: of a project, and of an entry of its spec, as two may be in one cluster. */
export interface Owner {
  readonly lineage: string;
  readonly spec: Pick<ProxmoxIaasSpec, 'name'>;
}

/**
 * The ids that a VM may get, in order: always the same for the same VM and generation, so that a request whose answer was lost finds what
 * it made, before Proxmox VE shows a name. Pure.
 */
export function idsOf({ lineage, spec }: Owner, vm: string, generation = ''): readonly number[] {
  const hash = createHash('sha256')
    .update(JSON.stringify([lineage, spec.name, vm, generation]))
    .digest()
    .readUIntBE(0, 6);
  return Array.from({ length: TRIES }, (_, at) => FIRST_ID + ((hash + at) % IDS));
}

/** Makes it and starts it; one that an earlier call has begun is completed. @returns its id @throws IaasError */
export async function makeVm(site: Site, request: MachineRequest, first: FirstFacts): Promise<string> {
  const places = request.zone === undefined ? site.spec.nodes : [request.zone];
  return firstWithRoom(places, (node) => makeOn(site, request, first, node));
}

async function makeOn(site: Site, request: MachineRequest, first: FirstFacts, wanted?: string): Promise<string> {
  const { spec, lineage, api, cluster, seeds } = site;
  const { vm, size, signal } = request;
  refuseNamed(spec.name, size);
  const image = first.image ?? spec.image;
  const template = image.includes(':') ? undefined : await cluster.template(image, wanted, signal);
  const node = await roomOn(site, wanted ?? template?.node, size, signal);
  const { place, isThere } = await freePlace(site, request, node);
  const name = machineName(lineage, vm, spec.name);
  const what = `create VM ${vm} on ${place.node}`;
  const unfinished = describe({ labels: first.labels, unfinished: true });
  const common = { name, description: unfinished, ...(spec.pool !== undefined && { pool: spec.pool }) };
  if (!isThere && template)
    await api.work({
      what,
      method: 'POST',
      path: `${pathOf(template)}/clone`,
      json: {
        newid: place.vmid,
        ...common,
        full: spec.clone === 'full' ? 1 : 0,
        ...(spec.clone === 'full' && spec.storage !== undefined && { storage: spec.storage }),
        ...(template.node !== node && { target: node }),
      },
      signal,
    });
  else if (!isThere)
    await api.work({
      what,
      method: 'POST',
      path: `nodes/${node}/qemu`,
      json: {
        vmid: place.vmid,
        ...common,
        ostype: 'l26',
        scsihw: 'virtio-scsi-single',
        scsi0: `${spec.storage ?? ''}:0,import-from=${image}`,
        boot: 'order=scsi0',
        net0: `virtio,bridge=${spec.bridge ?? 'vmbr0'}`,
        serial0: 'socket',
        agent: '1',
      },
      signal,
    });
  try {
    await complete(site, request, first, place, await seeds.put(place, vm, name, first, signal));
    await api.work({ what: `start VM ${vm}`, method: 'POST', path: `${pathOf(place)}/status/start`, json: {}, signal });
  } catch (error) {
    // Another node is tried, or another IaaS: nothing may be left here that would be a second machine then.
    if (error instanceof IaasError && error.failure === 'no-capacity') await endVm(site, place);
    throw error;
  }
  return String(place.vmid);
}

/** Sets size, first-boot data and tags of a VM that was just made, and says last that it is complete. */
async function complete(
  { spec, lineage, api, cluster }: Site,
  { vm, size, signal }: MachineRequest,
  { labels }: FirstFacts,
  place: Place,
  seed: string | undefined,
): Promise<void> {
  const what = `set up VM ${vm}`;
  const config = await cluster.config(place, signal);
  if (!config) throw new IaasError(spec.name, 'unavailable', `Cannot ${what} as it went away meanwhile`);
  const disk = bootDisk(config);
  const wanted = size.disk ?? spec.disk;
  if (disk && wanted !== undefined && wanted > disk.size)
    await api.work({
      what,
      method: 'PUT',
      path: `${pathOf(place)}/resize`,
      json: { disk: disk.drive, size: `${String(Math.ceil(wanted / 2 ** 20))}M` },
      signal,
    });
  const others = cloudinitDrives(config).filter((drive) => seed === undefined || drive !== spec.seedDrive);
  await api.ask({
    what,
    method: 'PUT',
    path: `${pathOf(place)}/config`,
    json: {
      cores: Math.max(1, Math.ceil(size.cpu)),
      sockets: 1,
      ...(size.cpu % 1 !== 0 && { cpulimit: size.cpu }),
      memory: String(Math.ceil(size.memory / 2 ** 20)),
      // What is promised to a VM is its own.
      balloon: 0,
      ...(seed !== undefined && { [spec.seedDrive]: `${seed},media=cdrom` }),
      ...(spec.bridge !== undefined && { net0: `virtio,bridge=${spec.bridge}` }),
      ...(others.length > 0 && { delete: others.join(',') }),
      tags: ['stratos', tagOf(lineage), ...spec.tags].join(';'),
      description: describe({ labels }),
    },
    signal,
  });
}

/** The node, or the one with the most free memory. @throws IaasError no-capacity, invalid */
async function roomOn(
  { spec, cluster }: Site,
  wanted: string | undefined,
  { memory }: VmSize,
  signal?: AbortSignal,
): Promise<string> {
  const nodes = await cluster.nodes(signal);
  const node = wanted === undefined ? nodes[0] : nodes.find(({ name }) => name === wanted);
  const where = wanted ?? spec.name;
  if (!node) throw new IaasError(spec.name, 'no-capacity', `Cannot make a machine as no such node answers: ${where}`);
  if (node.free >= memory) return node.name;
  const free = `${String(Math.floor(node.free / 2 ** 20))}Mi`;
  throw new IaasError(
    spec.name,
    'no-capacity',
    `Cannot make a machine on ${node.name} as it has too little free memory: ${free}`,
  );
}

/** A place with an id that is free, or that has what an earlier call has begun. */
async function freePlace(
  site: Site,
  { vm, generation, signal }: MachineRequest,
  node: string,
): Promise<{ readonly place: Place; readonly isThere: boolean }> {
  const { spec, lineage, cluster, interval } = site;
  const name = machineName(lineage, vm, spec.name);
  for (const vmid of idsOf(site, vm, generation)) {
    const taken = await cluster.place(vmid);
    if (!taken && (await cluster.isFree(vmid))) return { place: { node, vmid }, isThere: false };
    // One that the token must not see.
    if (!taken) continue;
    // A clone has neither name nor description until its first disk is there.
    const settled = async (): Promise<true | undefined> =>
      (await cluster.status(taken, signal))?.lock === undefined ? true : undefined;
    if (!(await poll(settled, { timeout: spec.timeout, interval, signal })))
      throw new IaasError(
        spec.name,
        'unavailable',
        `Cannot create VM ${vm} yet as its id is being worked on: ${String(vmid)}`,
      );
    const config = await cluster.config(taken, signal);
    if (!config) return { place: { node, vmid }, isThere: false };
    const description = readDescription(config.description);
    if (config.name === name && description?.unfinished === true) return { place: taken, isThere: true };
  }
  throw new IaasError(spec.name, 'unavailable', `Cannot create VM ${vm} as others have all ids that it may get`);
}

/** @throws IaasError invalid where a size is named: there is no list of sizes */
export function refuseNamed(iaas: string, { name }: VmSize): void {
  if (name === undefined) return;
  throw new IaasError(iaas, 'invalid', `Cannot get a machine as ${iaas} has no named sizes: ${name}`);
}

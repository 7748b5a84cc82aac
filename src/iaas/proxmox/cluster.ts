/** What is in a cluster: its nodes, its templates and our VMs. */
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import type { ProxmoxIaasSpec } from '../../model/iaas/proxmox.ts';
import { lineageMark, machineName } from '../cloud/machine-name.ts';
import { together } from '../cloud/together.ts';
import { describe, readDescription, type Description } from './description.ts';
import type { ProxmoxApi } from './proxmox-api.ts';
import type { Config, Interface, Place, Resource, Status } from './proxmox-documents.ts';
import { addressOf } from './read-config.ts';
import { readVm } from './read-vm.ts';

export interface Cluster {
  /** Where a VM is that has this id, whosever it is. */
  place(vmid: number): Promise<Place | undefined>;
  /** Whether nobody has this id, also of those whose VMs are not shown to us. */
  isFree(vmid: number): Promise<boolean>;
  /** Our machines; of one VM those that are complete. */
  machines(vm?: string, signal?: AbortSignal): Promise<readonly Machine[]>;
  /** One of our machines. Remembers its address, for times when its guest agent does not answer. */
  machine(id: string, signal?: AbortSignal): Promise<(Place & { readonly machine: Machine }) | undefined>;
  config(place: Place, signal?: AbortSignal): Promise<Config | undefined>;
  status(place: Place, signal?: AbortSignal): Promise<Status | undefined>;
  /** Nodes that are there and answer, the one with the most free memory first. */
  nodes(signal?: AbortSignal): Promise<readonly Node[]>;
  /** A template by name or id; of several with the name the one on this node. @throws IaasError invalid */
  template(image: string, node: string | undefined, signal?: AbortSignal): Promise<Place>;
}

export interface Node {
  readonly name: string;
  /** Bytes of memory that nothing uses. */
  readonly free: number;
}

/** How long the first of those that look for a VM waits for others, in ms: one listing answers them all. */
const WINDOW = 20;
/** Most VMs that one listing is looked through for. */
const MOST = 1000;
/** VMs that are looked at side by side. */
const SIDE_BY_SIDE = 8;

/** The path of a VM, below the API's. */
export function pathOf({ node, vmid }: Place): string {
  return `nodes/${node}/qemu/${String(vmid)}`;
}

/** Tag of a project's VMs. */
export function tagOf(lineage: string): string {
  return `stratos-${lineageMark(lineage)}`;
}

export function clusterOf(spec: ProxmoxIaasSpec, lineage: string, api: ProxmoxApi): Cluster {
  const { name } = spec;

  async function resources(type: 'vm' | 'node', signal?: AbortSignal): Promise<readonly Resource[]> {
    const what = type === 'vm' ? `list the machines of ${name}` : `list the nodes of ${name}`;
    return (await api.ask({ what, path: 'cluster/resources', query: { type }, signal })) as readonly Resource[];
  }

  const placed = together<Place>(
    async () => new Map((await resources('vm')).map((each) => [String(each.vmid), placeOf(each)])),
    { window: WINDOW, most: MOST },
  );

  async function config(place: Place, signal?: AbortSignal): Promise<Config | undefined> {
    const what = `read machine ${String(place.vmid)}`;
    return (await api.find({ what, path: `${pathOf(place)}/config`, signal })) as Config | undefined;
  }

  async function status(place: Place, signal?: AbortSignal): Promise<Status | undefined> {
    const what = `look at machine ${String(place.vmid)}`;
    return (await api.find({ what, path: `${pathOf(place)}/status/current`, signal })) as Status | undefined;
  }

  async function addressNow(place: Place, found: Config, signal?: AbortSignal): Promise<string | undefined> {
    const what = `ask the guest agent of machine ${String(place.vmid)}`;
    const path = `${pathOf(place)}/agent/network-get-interfaces`;
    // An agent that is not there, or not yet, is told as an error.
    const answer = (await api.find({ what, path, signal })) as { readonly result: readonly Interface[] } | undefined;
    return answer && addressOf(found, answer.result, spec.address);
  }

  async function look(
    place: Place,
    signal?: AbortSignal,
  ): Promise<{ readonly machine: Machine; readonly description: Description } | undefined> {
    const found = await config(place, signal);
    const description = readDescription(found?.description);
    if (!found || !description || found.template === 1) return undefined;
    const now = await status(place, signal);
    if (!now) return undefined;
    const { vm = '' } = readVm(spec, lineage, { place, status: now, description, address: undefined }) ?? {};
    const isAsked = now.status === 'running' && description.unfinished !== true && spec.addresses[vm] === undefined;
    const address = isAsked ? await addressNow(place, found, signal) : undefined;
    const machine = readVm(spec, lineage, { place, status: now, description, address });
    return machine && { machine, description };
  }

  /** A name comes some seconds after its VM, and a tag when the VM is complete. */
  function mayBeOurs({ type, vmid, name: called, tags = '', template }: Resource, vm?: string): boolean {
    if (type !== 'qemu' || vmid === undefined || template === 1) return false;
    if (called !== undefined && vm !== undefined) return called === machineName(lineage, vm, name);
    return tags.split(';').includes(tagOf(lineage)) || called?.startsWith(`${lineageMark(lineage, name)}-`) === true;
  }

  return {
    place: (vmid) => placed(String(vmid)),
    config,
    status,
    async isFree(vmid) {
      try {
        await api.ask({ what: `take id ${String(vmid)}`, path: 'cluster/nextid', query: { vmid } });
        return true;
      } catch (error) {
        if (error instanceof IaasError && error.failure === 'invalid') return false;
        throw error;
      }
    },
    async machines(vm, signal) {
      const ours = (await resources('vm', signal)).flatMap((each) => (mayBeOurs(each, vm) ? [placeOf(each)] : []));
      const machines: Machine[] = [];
      for (let at = 0; at < ours.length; at += SIDE_BY_SIDE) {
        const some = await Promise.all(ours.slice(at, at + SIDE_BY_SIDE).map((each) => look(each, signal)));
        for (const seen of some)
          if (seen && (vm === undefined || seen.description.unfinished !== true)) machines.push(seen.machine);
      }
      return machines;
    },
    async machine(id, signal) {
      if (!/^[1-9]\d{2,8}$/.test(id)) return undefined;
      const place = await placed(id);
      const seen = place && (await look(place, signal));
      if (!seen) return undefined;
      const { machine, description } = seen;
      const address = machine.endpoint?.address;
      if (address !== undefined && address !== description.address) {
        const json = { description: describe({ ...description, address }) };
        await api.ask({
          what: `remember where machine ${id} is`,
          method: 'PUT',
          path: `${pathOf(place)}/config`,
          json,
          signal,
        });
      }
      return { ...place, machine };
    },
    async nodes(signal) {
      return (await resources('node', signal))
        .filter(({ status: state }) => state === 'online')
        .map(({ node, mem = 0, maxmem = 0 }) => ({ name: node, free: maxmem - mem }))
        .toSorted((a, b) => b.free - a.free);
    },
    async template(image, node, signal) {
      const found = /^\d+$/.test(image) ? await byId(image) : await byName(image, node, signal);
      if (found) return found;
      throw new IaasError(name, 'invalid', `Cannot use the image as ${name} has no such template: ${image}`);
    },
  };

  async function byId(image: string): Promise<Place | undefined> {
    const place = await placed(image);
    return place && (await config(place))?.template === 1 ? place : undefined;
  }

  async function byName(image: string, node?: string, signal?: AbortSignal): Promise<Place | undefined> {
    const named = (await resources('vm', signal)).filter(
      ({ type, template, name: called }) => type === 'qemu' && template === 1 && called === image,
    );
    const [found] = [...named.filter((each) => each.node === node), ...named];
    return found && placeOf(found);
  }
}

function placeOf({ node, vmid = 0 }: Resource): Place {
  return { node, vmid };
}

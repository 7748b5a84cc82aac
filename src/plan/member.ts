import type { ProcessRecord, ProcessState } from '../model/inventory.ts';
import type { ObservedProcess } from '../model/observation.ts';
import type { Demand } from './capacity.ts';
import type { WorldIndex } from './index-world.ts';
import { occupy, type Slot } from './slot.ts';

/** A process that exists: by its record, by its container, or by both. */
export interface Member {
  readonly name: string;
  readonly alias: string;
  readonly ordinal: number;
  readonly slot: Slot;
  readonly index: number;
  /** `none`: the VM was looked at and it is not there. `unseen`: the VM was not looked at. */
  readonly container: 'running' | 'stopped' | 'none' | 'unseen';
  /** Put to sleep by us; it keeps its place on its VM and in the gateways. */
  readonly asleep: ObservedProcess['asleep'];
  /** What it may take, as it was seen. Undefined: not known. */
  readonly limits: string | undefined;
  /** Undefined: it has no record. */
  readonly state: ProcessState | undefined;
  readonly image: string;
  readonly fingerprint: string;
  /** Its record says something else than its container. */
  readonly misrecorded: boolean;
  readonly demand: Demand;
  /** Milliseconds since 1970; 0 where no record tells. */
  readonly createdAt: number;
}

/** Everything on the partition's VMs, by alias; each takes its place on its slot. */
export function membersOf(slots: readonly Slot[], world: WorldIndex): ReadonlyMap<string, readonly Member[]> {
  const members: Member[] = [];
  for (const slot of slots) {
    const containers = new Map((slot.seen?.processes ?? []).map((process) => [process.name, process]));
    for (const record of world.processesOn.get(slot.name) ?? []) {
      members.push(enter(slot, record, containers.get(record.name), world));
      containers.delete(record.name);
    }
    for (const container of [...containers.values()].sort(byOrdinal)) {
      members.push(enter(slot, undefined, container, world));
    }
  }
  return Map.groupBy(members, (member) => member.alias);
}

function byOrdinal(a: ObservedProcess, b: ObservedProcess): number {
  return a.ordinal - b.ordinal || (a.name < b.name ? -1 : 1);
}

/** The container is right where the two differ. */
function enter(
  slot: Slot,
  record: ProcessRecord | undefined,
  container: ObservedProcess | undefined,
  world: WorldIndex,
): Member {
  const source = container ?? record;
  if (!source) throw new TypeError('a member has a record or a container');
  const { name, subscription: alias, ordinal, index, image, fingerprint } = source;
  const demand = world.demandFor(alias, image);
  occupy(slot, demand, index);
  const misrecorded =
    record !== undefined &&
    container !== undefined &&
    (record.index !== index || record.image !== image || record.fingerprint !== fingerprint);
  return {
    name,
    alias,
    ordinal,
    slot,
    index,
    container: container?.state ?? (slot.seen ? 'none' : 'unseen'),
    asleep: container ? container.asleep : slot.seen ? undefined : record?.asleep,
    limits: container?.limits,
    state: record?.state,
    image,
    fingerprint,
    misrecorded,
    demand,
    createdAt: record ? Date.parse(record.createdAt) || 0 : 0,
  };
}

import type { VmRecord } from '../model/inventory.ts';
import type { ReachedVm } from '../model/observation.ts';
import type { VmSize } from '../model/vm-size.ts';
import { fitsInto, minus, NOTHING, plus, roomOf, type Demand, type Room } from './capacity.ts';
import { numberOf } from './names.ts';

/**
 * `usable`: runs and was looked at. `starting`: stopped, started by this plan; what is on it is known from records only.
 * `latent`: recorded as being created; used before another machine is asked for. `new`: asked for by this plan. `away`:
 * nothing can be done on it now.
 */
export type SlotKind = 'usable' | 'starting' | 'latent' | 'new' | 'away';

/** A VM while a plan is made: what it has left changes with each placement. Local to one planning run. */
export interface Slot {
  readonly name: string;
  readonly number: number;
  readonly iaas: string;
  /** Undefined: its IaaS has none, or chose. */
  readonly zone: string | undefined;
  readonly kind: SlotKind;
  readonly size: VmSize;
  readonly record: VmRecord | undefined;
  readonly seen: ReachedVm | undefined;
  /** Actions that bring the machine itself: its start, its adoption. */
  entry: readonly string[];
  /** Actions that must have succeeded before a process can be there. */
  after: readonly string[];
  /** Whether the preparation it has is not the one it should have. */
  unprepared: boolean;
  /** For `latent`: it is taken up by this plan. True for all others. */
  active: boolean;
  /** Takes no new processes. */
  closed: boolean;
  /** Why its processes are to be moved away. */
  draining?: string;
  /** Why policy does not need it: it is used last, and may go. */
  unneeded?: string;
  /** Something of this plan happens on it. */
  touched: boolean;
  readonly total: Room;
  /** Free room at the end of what is planned so far, and the part of it that no removal of this plan gave. */
  free: Room;
  /** What those give back that leave, or keep their limits, as there is no room for the new ones. */
  given: Demand;
  certain: Room;
  /** Room that removals of this plan give, in order, and how far it is used. */
  readonly credits: Credit[];
  readonly drawn: { readonly [K in keyof Room]: Drawn };
  readonly indexes: Set<number>;
  lowestIndex: number;
  readonly maxIndex: number;
  /** Indexes that removals of this plan make free; used only when no other is left. */
  readonly freedIndexes: { readonly index: number; readonly id: string }[];
  /** Processes on it at the end of what is planned so far. */
  population: number;
  /** Removals on it. */
  readonly removals: string[];
  /** By alias: processes that stay, and processes that this plan removes. Kept for what must be apart. */
  readonly staying: Map<string, number>;
  readonly departing: Map<string, number>;
  /** By alias: removals of this plan that are behind what is planned now. Kept for what must be apart. */
  readonly gone: Map<string, string[]>;
}

/** Room that the removal `id` gives. */
interface Credit extends Room {
  readonly id: string;
}

/** How much of one kind of room is used: all credits before `head`, and `used` of that one. */
interface Drawn {
  head: number;
  used: number;
}

export interface SlotOptions {
  readonly name: string;
  readonly iaas: string;
  readonly zone?: string | undefined;
  readonly kind: SlotKind;
  readonly record?: VmRecord | undefined;
  readonly seen?: ReachedVm | undefined;
  readonly size: VmSize;
  /** Whatever is on it stays the only one. Default: not so. */
  readonly fixed?: boolean;
  /** Most processes. */
  readonly places: number;
  readonly maxIndex: number;
  readonly entry?: readonly string[];
  readonly unprepared: boolean;
  readonly draining?: string | undefined;
  readonly unneeded?: string | undefined;
}

export function makeSlot(options: SlotOptions): Slot {
  const { record, draining, unneeded } = options;
  const room = roomOf(options.size, Math.min(options.places, options.maxIndex));
  return {
    name: options.name,
    number: numberOf(options.name),
    iaas: options.iaas,
    zone: options.zone,
    kind: options.kind,
    size: options.size,
    record,
    seen: options.seen,
    entry: options.entry ?? [],
    after: options.unprepared ? [`vm.prepare:${options.name}`] : (options.entry ?? []),
    unprepared: options.unprepared,
    active: options.kind !== 'latent',
    closed: draining !== undefined || record?.cordoned === true || options.kind === 'away' || options.fixed === true,
    ...(draining === undefined ? {} : { draining }),
    ...(unneeded === undefined ? {} : { unneeded }),
    touched: false,
    total: room,
    free: room,
    given: NOTHING,
    certain: room,
    credits: [],
    drawn: { cpu: { head: 0, used: 0 }, memory: { head: 0, used: 0 }, places: { head: 0, used: 0 } },
    indexes: new Set(),
    lowestIndex: 1,
    maxIndex: options.maxIndex,
    freedIndexes: [],
    population: 0,
    removals: [],
    staying: new Map(),
    departing: new Map(),
    gone: new Map(),
  };
}

/** Marks a slot as one to be emptied. */
export function drainSlot(slot: Slot, reason: string): void {
  slot.draining = reason;
  slot.closed = true;
}

/** Enters a process that is on the VM already. */
export function occupy(slot: Slot, demand: Demand, index: number): void {
  slot.free = minus(slot.free, demand);
  slot.certain = minus(slot.certain, demand);
  slot.indexes.add(index);
  slot.population += 1;
}

/** Whether a further process can go there. */
export function canTake(slot: Slot, demand: Demand): boolean {
  return slot.active && !slot.closed && fitsInto(slot.free, demand);
}

export interface Spot {
  readonly slot: Slot;
  readonly index: number;
  /** Removals that make the room. */
  readonly after: readonly string[];
}

/** Enters a new process where {@link canTake} holds. */
export function takePlace(slot: Slot, demand: Demand): Spot {
  slot.free = minus(slot.free, demand);
  slot.population += 1;
  slot.touched = true;
  const left = minus(slot.certain, demand);
  const after = new Set<string>();
  for (const kind of ['cpu', 'memory', 'places'] as const) if (left[kind] < 0) draw(slot, kind, -left[kind], after);
  slot.certain = { cpu: Math.max(0, left.cpu), memory: Math.max(0, left.memory), places: Math.max(0, left.places) };
  const index = takeIndex(slot, after);
  return { slot, index, after: [...after] };
}

/** Takes room that removals give, the oldest first, and notes which removals those are. */
function draw({ credits, drawn }: Slot, kind: keyof Room, amount: number, after: Set<string>): void {
  const at = drawn[kind];
  let missing = amount;
  while (missing > 0) {
    const credit = credits[at.head];
    if (!credit) return;
    const taken = Math.min(missing, credit[kind] - at.used);
    if (taken > 0) after.add(credit.id);
    missing -= taken;
    at.used += taken;
    if (at.used < credit[kind]) return;
    at.head += 1;
    at.used = 0;
  }
}

/** The lowest number that nothing has; one that a removal makes free only where the network has no other. */
function takeIndex(slot: Slot, after: Set<string>): number {
  while (slot.indexes.has(slot.lowestIndex)) slot.lowestIndex += 1;
  if (slot.lowestIndex > slot.maxIndex) {
    const freed = slot.freedIndexes.shift();
    if (freed) {
      after.add(freed.id);
      return freed.index;
    }
  }
  slot.indexes.add(slot.lowestIndex);
  return slot.lowestIndex;
}

/** Remembers how a slot is, and returns what brings it back to that; to be called in the opposite order of the marks. */
export function markSlot(slot: Slot): () => void {
  const { free, certain, population, touched, lowestIndex, drawn } = slot;
  const at = { cpu: { ...drawn.cpu }, memory: { ...drawn.memory }, places: { ...drawn.places } };
  const indexes = new Set(slot.indexes);
  const freed = [...slot.freedIndexes];
  return () => {
    Object.assign(slot, { free, certain, population, touched, lowestIndex });
    for (const kind of ['cpu', 'memory', 'places'] as const) Object.assign(drawn[kind], at[kind]);
    for (const index of slot.indexes) if (!indexes.has(index)) slot.indexes.delete(index);
    slot.freedIndexes.splice(0, slot.freedIndexes.length, ...freed);
  };
}

/** Gives back the place of a process that the removal `id` takes away. */
export function releasePlace(slot: Slot, demand: Demand, index: number, id: string): void {
  slot.free = plus(slot.free, demand);
  slot.credits.push({ ...demand, places: 1, id });
  slot.freedIndexes.push({ index, id });
  slot.population -= 1;
}

export function addTo(counts: Map<string, number>, key: string, by: 1 | -1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

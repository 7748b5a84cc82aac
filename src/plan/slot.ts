import type { VmRecord } from '../model/inventory.ts';
import type { ReachedVm } from '../model/observation.ts';
import type { VmSize } from '../model/spec.ts';
import { fitsInto, isOverdrawn, minus, plus, roomOf, type Demand, type Room } from './capacity.ts';
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
  readonly kind: SlotKind;
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
  /** Something of this plan happens on it. */
  touched: boolean;
  readonly total: Room;
  /** Free room at the end of what is planned so far, and the part of it that no removal of this plan gave. */
  free: Room;
  certain: Room;
  /** Room that removals of this plan give, in order, from `creditHead` on. */
  readonly credits: { readonly demand: Demand; readonly id: string }[];
  creditHead: number;
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
}

export interface SlotOptions {
  readonly name: string;
  readonly iaas: string;
  readonly kind: SlotKind;
  readonly record?: VmRecord | undefined;
  readonly seen?: ReachedVm | undefined;
  readonly size: VmSize;
  /** Most processes. */
  readonly places: number;
  readonly maxIndex: number;
  readonly entry?: readonly string[];
  readonly unprepared: boolean;
  readonly draining?: string | undefined;
}

export function makeSlot(options: SlotOptions): Slot {
  const { record, draining } = options;
  const room = roomOf(options.size, Math.min(options.places, options.maxIndex));
  return {
    name: options.name,
    number: numberOf(options.name),
    iaas: options.iaas,
    kind: options.kind,
    record,
    seen: options.seen,
    entry: options.entry ?? [],
    after: options.unprepared ? [`vm.prepare:${options.name}`] : (options.entry ?? []),
    unprepared: options.unprepared,
    active: options.kind !== 'latent',
    closed: draining !== undefined || record?.cordoned === true || options.kind === 'away',
    ...(draining === undefined ? {} : { draining }),
    touched: false,
    total: room,
    free: room,
    certain: room,
    credits: [],
    creditHead: 0,
    indexes: new Set(),
    lowestIndex: 1,
    maxIndex: options.maxIndex,
    freedIndexes: [],
    population: 0,
    removals: [],
    staying: new Map(),
    departing: new Map(),
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
  slot.certain = minus(slot.certain, demand);
  slot.population += 1;
  slot.touched = true;
  const after: string[] = [];
  while (isOverdrawn(slot.certain)) {
    const credit = slot.credits[slot.creditHead];
    if (!credit) break;
    slot.creditHead += 1;
    slot.certain = plus(slot.certain, credit.demand);
    after.push(credit.id);
  }
  const index = takeIndex(slot, after);
  return { slot, index, after };
}

/** The lowest number that nothing has; one that a removal makes free only where the network has no other. */
function takeIndex(slot: Slot, after: string[]): number {
  while (slot.indexes.has(slot.lowestIndex)) slot.lowestIndex += 1;
  if (slot.lowestIndex > slot.maxIndex) {
    const freed = slot.freedIndexes.shift();
    if (freed) {
      if (!after.includes(freed.id)) after.push(freed.id);
      return freed.index;
    }
  }
  slot.indexes.add(slot.lowestIndex);
  return slot.lowestIndex;
}

/** Gives back the place of a process that the removal `id` takes away. */
export function releasePlace(slot: Slot, demand: Demand, index: number, id: string): void {
  slot.free = plus(slot.free, demand);
  slot.credits.push({ demand, id });
  slot.freedIndexes.push({ index, id });
  slot.population -= 1;
}

export function addTo(counts: Map<string, number>, key: string, by: 1 | -1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

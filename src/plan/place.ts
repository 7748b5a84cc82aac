/**
 * Placement: which VM gets the next process. Neither strategy looks at every VM for every process: `pack` keeps a cursor and
 * `spread` a heap for each shape of request, so a fleet is filled in n log n. VMs that policy does not need come last.
 */
import type { Demand } from './capacity.ts';
import { zoneKey } from './found.ts';
import { heap, type Heap } from './heap.ts';
import { nearSlots, type NearSlots } from './near-slots.ts';
import { isAllowed, isAlone, isNear, type Company } from './neighbours.ts';
import { canTake, type Slot } from './slot.ts';

export interface Request extends Company {
  readonly demand: Demand;
}

/** Finds VMs for processes among slots that may grow in number. The caller takes the place that was found. */
export interface Placer {
  find(request: Request): Slot | undefined;
  /** Tells of a slot that was added. */
  added(slot: Slot): void;
  /** Tells of a slot that has room again. */
  reopened(slot: Slot): void;
  /** Tells of a process that is on a slot now. */
  settled(slot: Slot, alias: string): void;
}

/** `wanted`: the aliases that others want to be near. */
export function placer(strategy: 'pack' | 'spread', slots: readonly Slot[], wanted: Iterable<string> = []): Placer {
  const near = nearSlots(wanted, slots);
  const ordered = slots.toSorted((a, b) => lastness(a) - lastness(b));
  return strategy === 'pack' ? packing(ordered, near) : spreading(ordered, near);
}

const shapeOf = ({ cpu, memory }: Demand): string => `${cpu}/${memory}`;

/** What policy wants to be rid of is used when nothing else has room. */
export function lastness({ unneeded }: Slot): number {
  return unneeded === undefined ? 0 : 1;
}

const zoneOf = ({ iaas, zone }: Slot): string => zoneKey(iaas, zone);

/** The zones of a fleet, where processes of the alias are to be apart, those with fewest of them first; empty where there is but one. */
function zonesFor({ alias, apart }: Request, slots: Iterable<Slot>): readonly string[] {
  if (!apart) return [];
  const counts = new Map<string, number>();
  for (const slot of slots)
    if (slot.zone !== undefined)
      counts.set(zoneOf(slot), (counts.get(zoneOf(slot)) ?? 0) + (slot.staying.get(alias) ?? 0));
  if (counts.size < 2) return [];
  return [...counts].sort(([, a], [, b]) => a - b).map(([zone]) => zone);
}

interface Tier {
  readonly name: string;
  readonly near: boolean;
  readonly accepts: (slot: Slot) => boolean;
}

/** What is looked for, the best first. `zones`: those where the fewest of the alias are come first; empty where there is no choice. */
function tiersOf(request: Request, zones: readonly string[]): readonly Tier[] {
  const allowed = (slot: Slot): boolean => isAllowed(slot, request);
  const alone = (slot: Slot): boolean => isAllowed(slot, request) && isAlone(slot, request);
  const tiers: Tier[] = [];
  const add = (name: string, accepts: (slot: Slot) => boolean): void => {
    if (request.near.length > 0)
      tiers.push({ name: `${name}, near`, near: true, accepts: (slot) => isNear(slot, request) && accepts(slot) });
    tiers.push({ name, near: false, accepts });
  };
  for (const zone of zones) add(`alone in ${zone}`, (slot) => zoneOf(slot) === zone && alone(slot));
  if (request.apart) add('alone', alone);
  add('allowed', allowed);
  return tiers;
}

/** The first VM in order that fits: what is before a cursor is known to be full for its shape, or not to be had by its alias. */
function packing(initial: readonly Slot[], near: NearSlots): Placer {
  const slots = [...initial];
  const positions = new Map(slots.map((slot, at) => [slot, at]));
  const shapes = new Map<string, number>();
  const aliases = new Map<string, number>();
  let reopenedAt = Number.POSITIVE_INFINITY;

  function rewind(): void {
    if (reopenedAt === Number.POSITIVE_INFINITY) return;
    for (const cursors of [shapes, aliases])
      for (const [key, cursor] of cursors) if (cursor > reopenedAt) cursors.set(key, reopenedAt);
    reopenedAt = Number.POSITIVE_INFINITY;
  }

  function firstFrom(from: number, request: Request, also: (slot: Slot) => boolean): number {
    for (let at = from; at < slots.length; at += 1) {
      const slot = slots[at];
      if (slot && canTake(slot, request.demand) && also(slot)) return at;
    }
    return slots.length;
  }

  return {
    find(request) {
      rewind();
      const shape = shapeOf(request.demand);
      const first = firstFrom(shapes.get(shape) ?? 0, request, () => true);
      shapes.set(shape, first);
      if (first === slots.length) return undefined;
      if (!request.apart && request.near.length + request.never.length === 0) return slots[first];
      for (const tier of tiersOf(request, zonesFor(request, slots))) {
        if (tier.near) {
          const found = request.near
            .flatMap((alias) => near.of(alias))
            .find((slot) => canTake(slot, request.demand) && tier.accepts(slot));
          if (found) return found;
          continue;
        }
        const key = `${request.alias} ${tier.name}`;
        const at = firstFrom(Math.max(first, aliases.get(key) ?? 0), request, tier.accepts);
        aliases.set(key, at);
        if (at < slots.length) return slots[at];
      }
      return undefined;
    },
    added(slot) {
      positions.set(slot, slots.length);
      slots.push(slot);
    },
    reopened(slot) {
      reopenedAt = Math.min(reopenedAt, positions.get(slot) ?? 0);
    },
    settled: (slot, alias) => {
      near.settled(slot, alias);
    },
  };
}

interface Candidate {
  readonly slot: Slot;
  readonly load: number;
  readonly position: number;
  /** The last entry of a slot counts; earlier ones are dropped when they come up. */
  readonly stamp: number;
}

interface Queue {
  readonly heap: Heap<Candidate>;
  readonly latest: Map<Slot, number>;
}

/** The least loaded VM that fits; each shape has a heap, and what does not fit it stays out until it has room again. */
function spreading(initial: readonly Slot[], near: NearSlots): Placer {
  const positions = new Map(initial.map((slot, at) => [slot, at]));
  const queues = new Map<string, Queue>();
  const reopened = new Set<Slot>();
  let stamps = 0;

  function enter({ heap, latest }: Queue, slot: Slot): void {
    stamps += 1;
    latest.set(slot, stamps);
    heap.push({ slot, load: rankOf(slot), position: positions.get(slot) ?? 0, stamp: stamps });
  }

  function queueOf(shape: string): Queue {
    for (const slot of reopened) for (const queue of queues.values()) enter(queue, slot);
    reopened.clear();
    let found = queues.get(shape);
    if (!found) {
      found = { heap: heap((a, b) => a.load - b.load || a.position - b.position), latest: new Map() };
      for (const slot of positions.keys()) enter(found, slot);
      queues.set(shape, found);
    }
    return found;
  }

  /** Pops until a slot fits and `accept` takes it; those that fit and were refused go back. */
  function pick(queue: Queue, request: Request, accept: (slot: Slot) => boolean): Slot | undefined {
    const kept: Slot[] = [];
    let found: Slot | undefined;
    while (!found) {
      const top = queue.heap.pop();
      if (!top) break;
      const { slot } = top;
      if (top.stamp !== queue.latest.get(slot) || !canTake(slot, request.demand)) continue;
      // An entry is as old as its last move: a slot that was filled since goes back to its new place.
      if (rankOf(slot) !== top.load) {
        enter(queue, slot);
        continue;
      }
      kept.push(slot);
      if (accept(slot)) found = slot;
    }
    for (const slot of kept) enter(queue, slot);
    return found;
  }

  function nearest(request: Request, accepts: (slot: Slot) => boolean): Slot | undefined {
    let best: Slot | undefined;
    for (const alias of request.near) {
      for (const slot of near.of(alias))
        if (canTake(slot, request.demand) && accepts(slot) && (!best || rankOf(slot) < rankOf(best))) best = slot;
    }
    return best;
  }

  return {
    find(request) {
      const queue = queueOf(shapeOf(request.demand));
      for (const tier of tiersOf(request, zonesFor(request, positions.keys()))) {
        const found = tier.near ? nearest(request, tier.accepts) : pick(queue, request, tier.accepts);
        if (found) return found;
      }
      return undefined;
    },
    added(slot) {
      positions.set(slot, positions.size);
      for (const queue of queues.values()) enter(queue, slot);
    },
    reopened(slot) {
      reopened.add(slot);
    },
    settled: (slot, alias) => {
      near.settled(slot, alias);
    },
  };
}

/** How full a VM is, 0 to 1: the fullest of CPU, memory and places. */
export function loadOf({ free, total }: Slot): number {
  const used = (key: 'cpu' | 'memory' | 'places'): number => (total[key] > 0 ? 1 - free[key] / total[key] : 0);
  return Math.max(used('cpu'), used('memory'), used('places'));
}

/** The load, and more than any load for what policy does not need. */
function rankOf(slot: Slot): number {
  return loadOf(slot) + 2 * lastness(slot);
}

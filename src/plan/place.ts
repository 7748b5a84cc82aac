/**
 * Placement: which VM gets the next process. Neither strategy looks at every VM for every process: `pack` keeps a cursor and
 * `spread` a heap for each shape of request, so a fleet is filled in n log n.
 */
import type { Demand } from './capacity.ts';
import { heap, type Heap } from './heap.ts';
import { canTake, type Slot } from './slot.ts';

export interface Request {
  readonly alias: string;
  readonly demand: Demand;
  /** Never beside another process of the same alias that stays. */
  readonly apart: boolean;
}

/** Finds VMs for processes among slots that may grow in number. The caller takes the place that was found. */
export interface Placer {
  find(request: Request): Slot | undefined;
  /** Tells of a slot that was added. */
  added(slot: Slot): void;
  /** Tells of a slot that has room again. */
  reopened(slot: Slot): void;
}

export function placer(strategy: 'pack' | 'spread', slots: readonly Slot[]): Placer {
  return strategy === 'pack' ? packing(slots) : spreading(slots);
}

const shapeOf = ({ cpu, memory }: Demand): string => `${cpu}/${memory}`;
const countOf = (counts: ReadonlyMap<string, number>, alias: string): number => counts.get(alias) ?? 0;

/** The first VM in order that fits: what is before a shape's cursor is known to be full for it. */
function packing(initial: readonly Slot[]): Placer {
  const slots = [...initial];
  const positions = new Map(slots.map((slot, at) => [slot, at]));
  const cursors = new Map<string, number>();
  let reopenedAt = Number.POSITIVE_INFINITY;

  function cursorOf(shape: string): number {
    if (reopenedAt !== Number.POSITIVE_INFINITY) {
      for (const [key, cursor] of cursors) if (cursor > reopenedAt) cursors.set(key, reopenedAt);
      reopenedAt = Number.POSITIVE_INFINITY;
    }
    return cursors.get(shape) ?? 0;
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
      const shape = shapeOf(request.demand);
      const first = firstFrom(cursorOf(shape), request, () => true);
      cursors.set(shape, first);
      if (!request.apart) return slots[first];
      const { alias } = request;
      const alone = firstFrom(first, request, (slot) => occupants(slot, alias) === 0);
      if (alone < slots.length) return slots[alone];
      return slots[firstFrom(first, request, (slot) => countOf(slot.staying, alias) === 0)];
    },
    added(slot) {
      positions.set(slot, slots.length);
      slots.push(slot);
    },
    reopened(slot) {
      reopenedAt = Math.min(reopenedAt, positions.get(slot) ?? 0);
    },
  };
}

function occupants(slot: Slot, alias: string): number {
  return countOf(slot.staying, alias) + countOf(slot.departing, alias);
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
function spreading(initial: readonly Slot[]): Placer {
  const positions = new Map(initial.map((slot, at) => [slot, at]));
  const queues = new Map<string, Queue>();
  const reopened = new Set<Slot>();
  let stamps = 0;

  function enter({ heap, latest }: Queue, slot: Slot): void {
    stamps += 1;
    latest.set(slot, stamps);
    heap.push({ slot, load: loadOf(slot), position: positions.get(slot) ?? 0, stamp: stamps });
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
      if (loadOf(slot) !== top.load) {
        enter(queue, slot);
        continue;
      }
      kept.push(slot);
      if (accept(slot)) found = slot;
    }
    for (const slot of kept) enter(queue, slot);
    return found;
  }

  return {
    find(request) {
      const queue = queueOf(shapeOf(request.demand));
      const { alias } = request;
      if (!request.apart) return pick(queue, request, () => true);
      return (
        pick(queue, request, (slot) => occupants(slot, alias) === 0) ??
        pick(queue, request, (slot) => countOf(slot.staying, alias) === 0)
      );
    },
    added(slot) {
      positions.set(slot, positions.size);
      for (const queue of queues.values()) enter(queue, slot);
    },
    reopened(slot) {
      reopened.add(slot);
    },
  };
}

/** How full a VM is, 0 to 1: the fullest of CPU, memory and places. */
function loadOf({ free, total }: Slot): number {
  const used = (key: 'cpu' | 'memory' | 'places'): number => (total[key] > 0 ? 1 - free[key] / total[key] : 0);
  return Math.max(used('cpu'), used('memory'), used('places'));
}

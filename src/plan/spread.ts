/** `spread`: the least loaded VM is next. */
import { shapeOf } from './capacity.ts';
import { heap, type Heap } from './heap.ts';
import { rankOf } from './load.ts';
import type { NearSlots } from './near-slots.ts';
import type { Placer } from './placer.ts';
import { canTake, type Slot } from './slot.ts';
import { tiersOf, zonesFor, type Request } from './tiers.ts';

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
export function spreading(initial: readonly Slot[], near: NearSlots): Placer {
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

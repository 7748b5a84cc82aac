/** `pack`: VMs are filled one after the other. */
import { shapeOf } from './capacity.ts';
import type { NearSlots } from './near-slots.ts';
import type { Placer } from './placer.ts';
import { canTake, type Slot } from './slot.ts';
import { tiersOf, zonesFor, type Request } from './tiers.ts';

/** The first VM in order that fits: what is before a cursor is known to be full for its shape, or not to be had by its alias. */
export function packing(initial: readonly Slot[], near: NearSlots): Placer {
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

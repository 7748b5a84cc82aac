/** The entries of a placement: in which order they get VMs, and in which order VMs go from them. */
import { priceOf } from '../model/prices.ts';
import type { PlacementSpec } from '../model/spec.ts';
import { zoneKey, type Survey } from './found.ts';
import type { PartitionView } from './partition-view.ts';
import { compareRanks, type Rank } from './ranks.ts';
import type { Slot } from './slot.ts';

/** Entries that are asked for the next VM, in turn; those of one turn are equals, and the cheapest of their sizes counts. */
export function turns(
  { placement, algorithm }: Pick<PartitionView, 'placement' | 'algorithm'>,
  hereOn: (iaas: string) => number,
): readonly (readonly PlacementSpec[])[] {
  if (algorithm === 'cheapest') return [placement];
  const turn = (entry: PlacementSpec): number => (hereOn(entry.iaas) + 1) / weightOf(entry, algorithm);
  // Entries without a weight keep their places.
  const weighted = placement
    .filter((entry) => hasTurns(entry, algorithm))
    .toSorted((a, b) => turn(a) - turn(b))
    .values();
  return placement.map((entry) => [hasTurns(entry, algorithm) ? (weighted.next().value ?? entry) : entry]);
}

function hasTurns({ weight }: PlacementSpec, algorithm: PartitionView['algorithm']): boolean {
  return algorithm !== 'one-after-another' || weight !== undefined;
}

function weightOf({ weight = 1 }: PlacementSpec, algorithm: PartitionView['algorithm']): number {
  return algorithm === 'round-robin' ? 1 : weight;
}

/** Fewest VMs of an entry. */
export function leastOn({ placement }: PartitionView, iaas: string): number {
  return placement.find((entry) => entry.iaas === iaas)?.min ?? 0;
}

/** Zone of the next VM of an entry: of those that are open the one with fewest, the first among equals. Undefined: it has none. */
export function nextZone(view: PartitionView, found: Survey, { iaas, zones = [] }: PlacementSpec): string | undefined {
  const count = (zone: string): number => found.machinesIn.get(zoneKey(iaas, zone)) ?? 0;
  return zones.filter((zone) => view.closed(iaas, zone) === undefined).toSorted((a, b) => count(a) - count(b))[0];
}

/** Why no machine is asked for on an entry at the moment, in any of its zones; undefined: one may be. */
export function shutReason(view: PartitionView, { iaas, zones = [] }: PlacementSpec): string | undefined {
  const whole = view.closed(iaas);
  if (whole !== undefined || zones.length === 0) return whole;
  const reasons = zones.map((zone) => view.closed(iaas, zone));
  return reasons.includes(undefined) ? undefined : [...new Set(reasons)].join(', ');
}

/**
 * VMs in the order in which they go when all that could go does, the opposite of that in which they come: from the last entry of the
 * placement, from the one that has most for its weight, or the dearest; and there from the zone that has most. Those of an
 * IaaS that the partition is not placed in go first. Equals in the order that they are given in.
 */
export function leavingOrder(view: PartitionView, found: Survey, slots: readonly Slot[]): readonly Slot[] {
  const queues = [...Map.groupBy(slots, ({ iaas, zone }) => zoneKey(iaas, zone)).values()];
  if (queues.length <= 1) return slots;
  const place = new Map(slots.map((slot, at) => [slot, at]));
  const on = new Map(found.machinesOn);
  const within = new Map(found.machinesIn);
  const result: Slot[] = [];
  for (;;) {
    let best: { readonly queue: Slot[]; readonly slot: Slot; readonly rank: Rank } | undefined;
    for (const queue of queues) {
      const [slot] = queue;
      if (!slot) continue;
      const zone = within.get(zoneKey(slot.iaas, slot.zone)) ?? 0;
      const rank = [...entryRank(view, slot, on.get(slot.iaas) ?? 0), zone, -(place.get(slot) ?? 0)];
      if (!best || compareRanks(rank, best.rank) > 0) best = { queue, slot, rank };
    }
    if (!best) return result;
    const { queue, slot } = best;
    queue.shift();
    result.push(slot);
    on.set(slot.iaas, (on.get(slot.iaas) ?? 0) - 1);
    within.set(zoneKey(slot.iaas, slot.zone), (within.get(zoneKey(slot.iaas, slot.zone)) ?? 0) - 1);
  }
}

/** The higher the sooner it goes. */
function entryRank({ placement, algorithm, spec }: PartitionView, { iaas, size }: Slot, here: number): number[] {
  const at = placement.findIndex((entry) => entry.iaas === iaas);
  const entry = placement[at];
  if (!entry) return [Number.POSITIVE_INFINITY, 0];
  if (algorithm === 'cheapest') return [priceOf(spec, iaas, size), at];
  if (!hasTurns(entry, algorithm)) return [at, 0];
  const first = placement.findIndex((other) => hasTurns(other, algorithm));
  return [first, here / weightOf(entry, algorithm)];
}

/** Which machine a simulated partition grows by: the first IaaS in turn with room, and there the cheapest size that fits. */
import type { PartitionSpec, PlacementSpec } from '../model/spec.ts';
import type { PricedSize, VmSize } from '../model/vm-size.ts';
import { fitsInto, roomOf, type Demand } from '../plan/capacity.ts';
import { turns } from '../plan/entries.ts';

/** A machine that may be had, with its price for an hour where that is known. */
export interface Offer {
  readonly iaas: string;
  readonly size: VmSize;
  readonly price?: number;
}

/**
 * Turns are those of the planner; where several entries share one, the cheapest of their sizes counts. `countOn`: VMs that the
 * partition has on an IaaS. Undefined: everything is full, or nothing fits.
 */
export function chooseOffer(
  partition: PartitionSpec,
  need: Demand,
  countOn: (iaas: string) => number,
): Offer | undefined {
  const { placement, policy } = partition;
  const { algorithm = 'one-after-another' } = policy;
  // What the entries have at least comes before any order among them.
  const lacking = placement.filter(({ iaas, min = 0 }) => countOn(iaas) < min);
  for (const turn of [lacking, ...turns({ placement, algorithm }, countOn)]) {
    const offers = turn
      .filter((entry) => countOn(entry.iaas) < entry.max)
      .flatMap((entry) => offersOf(entry, policy))
      .filter(({ size }) => fitsInto(roomOf(size, policy.processesPerVm), need));
    const cheapest = offers.toSorted((a, b) => (a.price ?? 0) - (b.price ?? 0) || a.size.memory - b.size.memory)[0];
    if (cheapest) return cheapest;
  }
  return undefined;
}

function offersOf({ iaas, sizes, price }: PlacementSpec, { vm }: PartitionSpec['policy']): readonly Offer[] {
  const all: readonly PricedSize[] = sizes ?? [{ ...vm, ...(price === undefined ? {} : { price }) }];
  return all.map((size) => ({ iaas, size, ...(size.price === undefined ? {} : { price: size.price }) }));
}

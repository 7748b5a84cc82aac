/** Which machine a simulated partition grows by: the first IaaS in order with room, and there the cheapest size that fits. */
import type { PartitionSpec } from '../model/spec.ts';
import type { VmSize } from '../model/vm-size.ts';
import { fitsInto, roomOf, type Demand } from '../plan/capacity.ts';

/** A machine that may be had, with its price for an hour where that is known. */
export interface Offer {
  readonly iaas: string;
  readonly size: VmSize;
  readonly price?: number;
}

/**
 * Entries of the placement with a weight share: the one that is furthest behind its share comes first. `countOn`: VMs that the
 * partition has on an IaaS. Undefined: everything is full, or nothing fits.
 */
export function chooseOffer(
  partition: PartitionSpec,
  need: Demand,
  countOn: (iaas: string) => number,
): Offer | undefined {
  const { placement, policy } = partition;
  const open = placement.filter((entry) => countOn(entry.iaas) < entry.max);
  const weighed = open
    .filter((entry) => entry.weight !== undefined)
    .toSorted((a, b) => (countOn(a.iaas) + 1) / (a.weight ?? 1) - (countOn(b.iaas) + 1) / (b.weight ?? 1));
  const plain = open.filter((entry) => entry.weight === undefined);
  for (const entry of [...weighed, ...plain]) {
    const offers: Offer[] = (
      entry.sizes ?? [{ ...policy.vm, ...(entry.price === undefined ? {} : { price: entry.price }) }]
    )
      .filter((size) => fitsInto(roomOf(size, policy.processesPerVm), need))
      .map((size) => ({ iaas: entry.iaas, size, ...(size.price === undefined ? {} : { price: size.price }) }));
    const cheapest = offers.toSorted((a, b) => (a.price ?? 0) - (b.price ?? 0) || a.size.memory - b.size.memory)[0];
    if (cheapest) return cheapest;
  }
  return undefined;
}

/** What machines cost in an hour. A price that nobody wrote down counts as nothing. */
import type { PartitionSpec } from './spec.ts';
import type { VmSize } from './vm-size.ts';

/** What a machine of this size costs in a partition; of a size that is not known, the dearest that it may be. */
export function priceOf(partition: PartitionSpec | undefined, iaas: string, size: VmSize | undefined): number {
  let price = 0;
  for (const entry of partition?.placement ?? []) {
    if (entry.iaas !== iaas) continue;
    const named = entry.sizes?.find(({ name }) => name !== undefined && name === size?.name);
    const same = named ?? entry.sizes?.find((offered) => offered.cpu === size?.cpu && offered.memory === size.memory);
    if (same) return same.price ?? 0;
    price = Math.max(price, entry.price ?? 0, ...(entry.sizes ?? []).map((offered) => offered.price ?? 0));
  }
  return price;
}

/** The least that a further machine of a partition costs. */
export function cheapestOf({ placement }: PartitionSpec): number {
  const prices = placement.flatMap(({ sizes, price }) => sizes?.map((offered) => offered.price ?? 0) ?? [price ?? 0]);
  return prices.length === 0 ? 0 : Math.min(...prices);
}

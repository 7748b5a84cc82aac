/** Which of a cloud's sizes a VM gets where the spec names none. */
import type { PricedSize, VmSize } from '../../model/vm-size.ts';

/** The cheapest size that offers at least as much; among equals the smallest. Undefined when none does. */
export function smallestFit<Size extends PricedSize>(wanted: VmSize, offers: readonly Size[]): Size | undefined {
  const fits = offers.filter(
    ({ cpu, memory, disk }) =>
      cpu >= wanted.cpu && memory >= wanted.memory && (disk === undefined || disk >= (wanted.disk ?? 0)),
  );
  return fits.toSorted(
    (a, b) =>
      (a.price ?? Number.POSITIVE_INFINITY) - (b.price ?? Number.POSITIVE_INFINITY) ||
      a.cpu - b.cpu ||
      a.memory - b.memory,
  )[0];
}

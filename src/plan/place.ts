/**
 * Placement: which VM gets the next process. Neither strategy looks at every VM for every process: `pack` keeps a cursor and
 * `spread` a heap for each shape of request, so a fleet is filled in n log n. VMs that policy does not need come last.
 */
import { lastness } from './load.ts';
import { nearSlots } from './near-slots.ts';
import { packing } from './pack.ts';
import type { Placer } from './placer.ts';
import type { Slot } from './slot.ts';
import { spreading } from './spread.ts';

/** `wanted`: the aliases that others want to be near. */
export function placer(strategy: 'pack' | 'spread', slots: readonly Slot[], wanted: Iterable<string> = []): Placer {
  const near = nearSlots(wanted, slots);
  const ordered = slots.toSorted((a, b) => lastness(a) - lastness(b));
  return strategy === 'pack' ? packing(ordered, near) : spreading(ordered, near);
}

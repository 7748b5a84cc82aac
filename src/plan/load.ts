/** How full VMs are, and which are to be used last. */
import type { Slot } from './slot.ts';

/** What policy wants to be rid of is used when nothing else has room. */
export function lastness({ unneeded }: Slot): number {
  return unneeded === undefined ? 0 : 1;
}

/** How full a VM is, 0 to 1: the fullest of CPU, memory and places. */
export function loadOf({ free, total }: Slot): number {
  const used = (key: 'cpu' | 'memory' | 'places'): number => (total[key] > 0 ? 1 - free[key] / total[key] : 0);
  return Math.max(used('cpu'), used('memory'), used('places'));
}

/** The load, and more than any load for what policy does not need. */
export function rankOf(slot: Slot): number {
  return loadOf(slot) + 2 * lastness(slot);
}

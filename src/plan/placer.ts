/** What places processes, whatever the strategy. */
import type { Slot } from './slot.ts';
import type { Request } from './tiers.ts';

/** Finds VMs for processes among slots that may grow in number. The caller takes the place that was found. */
export interface Placer {
  find(request: Request): Slot | undefined;
  /** Tells of a slot that was added. */
  added(slot: Slot): void;
  /** Tells of a slot that has room again. */
  reopened(slot: Slot): void;
  /** Tells of a process that is on a slot now. */
  settled(slot: Slot, alias: string): void;
}

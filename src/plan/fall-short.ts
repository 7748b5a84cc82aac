/** How a want of room is told. */
import type { PartitionView } from './partition-view.ts';
import type { Slot } from './slot.ts';

/** It cannot be had as things are; but while a VM is being started, it may have room, and the next run sees. */
export function fallShort(view: PartitionView, slots: readonly Slot[], target: string, reason: string): void {
  if (slots.some(({ kind }) => kind === 'starting')) view.hold(target, reason);
  else view.miss(target, reason);
}

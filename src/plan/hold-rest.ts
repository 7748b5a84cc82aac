/** What a plan leaves undone, in words. */
import { fallShort } from './fall-short.ts';
import { formatDemand } from './capacity.ts';
import type { PartitionView } from './partition-view.ts';
import type { Slot } from './slot.ts';
import type { Site } from './wave.ts';
import type { Work } from './work.ts';

/** Says what is left undone of a subscription. */
export function holdRest({ view, found }: Site, work: Work): void {
  const { alias, desired, needed, blocked, launch } = work;
  // Its rollout says why it waits.
  if (work.held !== undefined && blocked === undefined && work.order.waits === undefined) return;
  const waits = waitsFor(view, work);
  if (waits !== undefined) {
    view.miss(alias, waits);
    return;
  }
  // What only waits for others goes on with the next run.
  const say = (why: string): void => {
    if (blocked === undefined) view.hold(alias, why);
    else fallShort(view, found.slots, alias, why);
  };
  const left = work.outgoing.length - work.next;
  if (needed > 0 && launch) {
    const apart = `${launch.request.apart ? ' on a VM without another of it' : ''}${without(launch.request.never)}`;
    const why = blocked ?? 'others must go first';
    const ask = `each asks ${formatDemand(launch.request.demand)}${apart}; ${mostRoom(found.slots)}; ${why}`;
    say(`${needed} of ${desired} not created: ${ask}`);
  }
  if (left === 0) return;
  const names = work.outgoing.slice(work.next, work.next + 3).map((departure) => departure.member.name);
  const more = left > names.length ? ` and ${left - names.length} more` : '';
  const unseen = work.stuck > 0 ? `${work.stuck} cannot be seen and are not counted on` : 'too few would be ready';
  say(`${names.join(', ')}${more} stay for now: ${blocked ?? unseen}`);
}

/** What it needs and that is not ready by the end of this plan, where it could go on otherwise. */
function waitsFor({ needs }: PartitionView, work: Work): string | undefined {
  const { order, desired, needed } = work;
  if (order.waits !== undefined) return order.waits;
  if (order.repaired) return undefined;
  const missing = order.after.map((alias) => `${alias}, of which ${needs.missing(alias)} must get ready`);
  if (missing.length === 0) return undefined;
  const what = needed > 0 ? `${needed} of ${desired} not created` : 'its processes are left as they are';
  return `${what}: it needs ${missing.join(', and ')}`;
}

function without(never: readonly string[]): string {
  return never.length === 0 ? '' : ` on a VM without ${never.join(' or ')}`;
}

/** The VM with most free memory among those that take processes. */
function mostRoom(slots: readonly Slot[]): string {
  let most: Slot | undefined;
  for (const slot of slots) {
    if (slot.active && !slot.closed && slot.free.places > 0 && slot.free.memory > (most?.free.memory ?? -1))
      most = slot;
  }
  return most ? `most is free on ${most.name}: ${formatDemand(most.free)}` : 'no VM takes more';
}

/** Whether a wave may start or end processes of a subscription, by what it needs and what needs it. */
import { needsOf } from '../model/needs.ts';
import { partitionOf } from '../model/spec.ts';
import type { Site } from './wave.ts';
import { isFinished, type Work } from './work.ts';

/** Whether all that it needs is ready by the end of the wave before; what is elsewhere is waited for when the plan is carried out. */
export function mayStart({ view, works, clock }: Site, { order }: Work): boolean {
  if (order.waits !== undefined || clock.wave < order.level) return false;
  return order.after.every((alias) => {
    const needed = works.find((other) => other.alias === alias);
    if (needed) return needed.order.proven >= view.needs.missing(alias);
    return partitionOf(view.input.spec, alias) !== view.name;
  });
}

/** Whether those that need it and go as well, or shall do without it, had done so by the end of the wave before. */
export function mayEnd({ view, works, clock }: Site, { alias, order }: Work): boolean {
  if (clock.wave < order.endLevel) return false;
  return order.before.every((dependent) => {
    const other = works.find((work) => work.alias === dependent);
    if (!other || other.order.over) return true;
    return other.desired > 0 && needsOf(view.input.spec, dependent).some(({ subscription }) => subscription === alias);
  });
}

/** Ends a wave: what it made is ready, what it removed is gone. Says whether the next one can do what this one could not. */
export function endWave({ clock, works }: Site): boolean {
  const isLater = ({ order }: Work): boolean =>
    (!order.repaired && order.level > clock.wave) || (!order.opened && order.endLevel > clock.wave);
  let more = works.some(isLater);
  const ordered = works.some(({ order }) => !order.opened && order.before.length > 0);
  clock.wave += 1;
  for (const work of works) {
    const { order } = work;
    order.proven = order.made;
    const over = isFinished(work);
    if (ordered && over !== order.over) more = true;
    order.over = over;
  }
  return more;
}

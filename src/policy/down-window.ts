/** Going down takes the largest count that was wanted for a while. */
import type { SubscriptionMemory } from '../model/memory.ts';
import type { Instant, Millis } from '../model/quantity.ts';

type Wanted = SubscriptionMemory['wanted'];

/**
 * `wanted` with `count` at `now`, cut to what can still be the maximum of the window. A run that is the first within a window (a cron
 * that is slower than the window, a clock that jumped) keeps what the run before wanted, so that no single sample takes
 * processes away.
 */
export function rememberWanted(wanted: Wanted, count: number, now: Instant, window: Millis): Wanted {
  const next: Wanted[number][] = [];
  let within = false;
  for (const entry of wanted) {
    if (now - entry.at >= window) continue;
    within = true;
    if (entry.count > count) next.push(entry);
  }
  const last = wanted.at(-1);
  if (!within && window > 0 && last && last.count > count) next.push(last);
  next.push({ at: now, count });
  return next;
}

/** The largest count in `wanted`. */
export function peakOf(wanted: Wanted): number {
  return wanted.reduce((most, { count }) => Math.max(most, count), 0);
}

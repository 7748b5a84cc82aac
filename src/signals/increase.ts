/** How much a counter grew between two looks, and over how long. */
import type { VmCounters } from '../model/counters.ts';

/** Shortest time in s over which a rate says something, as the VM's clock ticks in hundredths. */
const SHORTEST = 0.1;
/** Longest time in s over which a mean still says how things are now. */
const LONGEST = 900;

/** What tells one look at a VM from the next: its boot, and the seconds since. */
interface Look {
  readonly bootId: string;
  readonly uptime: number;
}

/**
 * Time between two looks at a VM. `again`: so short that the first one still counts. `too-long`, `backwards`: no rate can be
 * taken, and the second look begins anew. With `restarted` all counters of the VM have begun at zero, that long ago.
 */
export type Elapsed =
  | { readonly is: 'known'; readonly seconds: number; readonly restarted: boolean }
  | { readonly is: 'first' | 'again' | 'too-long' | 'backwards' };

/** The look before at a VM, and how long ago it was. */
export interface Since {
  readonly elapsed: Elapsed;
  readonly before: VmCounters | undefined;
}

/** By the VM's own monotonic clock, so that no clock that jumps, here or there, and no slow connection makes a rate wrong. */
export function elapsedSince(before: Look | undefined, now: Partial<Look>): Elapsed {
  if (!before || now.uptime === undefined || !(now.uptime >= 0)) return { is: 'first' };
  const restarted = before.bootId !== now.bootId;
  const seconds = restarted ? now.uptime : now.uptime - before.uptime;
  if (!restarted && Math.abs(seconds) < SHORTEST) return { is: 'again' };
  if (seconds < SHORTEST) return { is: 'backwards' };
  return seconds > LONGEST ? { is: 'too-long' } : { is: 'known', seconds, restarted };
}

/**
 * What a counter counted since the look before. One that was restarted has counted from zero; one that goes backwards without that,
 * or that was not there before, tells nothing.
 */
export function increase(now: number | undefined, before: number | undefined, restarted: boolean): number | undefined {
  if (now === undefined || !(now >= 0)) return undefined;
  if (restarted) return now;
  return before !== undefined && now >= before ? now - before : undefined;
}

/** Whether two ids, of a start or a worker, are known and differ. */
export function isOther(now: string | undefined, before: string | undefined): boolean {
  return now !== undefined && before !== undefined && now !== before;
}

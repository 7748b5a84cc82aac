/** Who takes an image from whom, when many VMs want the same: a few from the operator, the rest from those. Pure. */

export interface SpreadState {
  /** VMs that want it, in order of asking. */
  readonly waiting: readonly string[];
  /** VMs that have it, or are getting it, and may give it on. */
  readonly givers: readonly string[];
  /** Who gives in each transfer under way; undefined is the operator. */
  readonly running: readonly (string | undefined)[];
}

export interface Transfer {
  readonly to: string;
  /** Undefined: the operator. */
  readonly from: string | undefined;
}

/**
 * The transfers to begin now. A VM gives to at most `fanOut` others at one time, who gives least first. The operator gives only
 * as long as fewer than `seeds` VMs have it or are getting it from there: it begins a few times in all, and again when all
 * givers are lost.
 */
export function nextTransfers(
  { waiting, givers, running }: SpreadState,
  fanOut: number,
  seeds = fanOut,
): readonly Transfer[] {
  const load = new Map(givers.map((giver) => [giver, running.filter((from) => from === giver).length]));
  let seeded = givers.length + running.filter((from) => from === undefined).length;
  return waiting.flatMap((to): readonly Transfer[] => {
    const [giver] = [...load].filter(([, count]) => count < fanOut).sort(([, a], [, b]) => a - b);
    if (giver) {
      const [from, count] = giver;
      load.set(from, count + 1);
      return [{ to, from }];
    }
    if (seeded >= seeds) return [];
    seeded += 1;
    return [{ to, from: undefined }];
  });
}

/** How fast a count may move. */
import type { SubscriptionMemory } from '../model/memory.ts';
import { formatDuration, type Instant } from '../model/quantity.ts';
import type { ScalingTuning } from '../model/policy.ts';
import { counted } from './show-number.ts';

export interface Paced {
  readonly count: number;
  /** What held it back; empty: nothing did. */
  readonly reasons: readonly string[];
}

/** From `have` towards `want`: cooldowns first, each for its direction, then the most of one step. */
export function pace(
  have: number,
  want: number,
  memory: Pick<SubscriptionMemory, 'raisedAt' | 'loweredAt'>,
  tuning: Pick<ScalingTuning, 'cooldown' | 'step'>,
  now: Instant,
): Paced {
  const way = want > have ? UP : DOWN;
  const at = memory[way.at];
  const cooldown = tuning.cooldown[way.of];
  if (want !== have && at !== undefined && now - at < cooldown) {
    const reason = `stays at ${have} and not ${want}: ${way.done} ${formatDuration(now - at)} ago, and the cooldown ${way.of} is ${formatDuration(cooldown)}`;
    return { count: have, reasons: [reason] };
  }
  const step = tuning.step[way.of];
  if (Math.abs(want - have) <= step) return { count: want, reasons: [] };
  const count = have + way.sign * step;
  return {
    count,
    reasons: [
      `goes to ${count} and not yet ${want}: one step ${way.of} is at most ${counted(step, 'process', 'processes')}`,
    ],
  };
}

const UP = { of: 'up', at: 'raisedAt', done: 'raised', sign: 1 } as const;
const DOWN = { of: 'down', at: 'loweredAt', done: 'lowered', sign: -1 } as const;

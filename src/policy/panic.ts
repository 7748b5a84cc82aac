/** Panic: a load that grows faster than the stable window shows. Knative's rules. */
import type { SubscriptionMemory } from '../model/memory.ts';
import type { Instant } from '../model/quantity.ts';
import type { ScalingTuning } from '../model/policy.ts';

export type Panic = NonNullable<SubscriptionMemory['panic']>;

export interface PanicInput {
  readonly before: Panic | undefined;
  /** What the short window needs, unbounded; undefined: it has no sample. */
  readonly panicNeed: number | undefined;
  /** What the stable window needs. */
  readonly need: number;
  /** Processes that are ready. */
  readonly ready: number;
  /** The count that was decided last. */
  readonly have: number;
  readonly tuning: ScalingTuning;
  readonly now: Instant;
}

/**
 * The panic that holds now; undefined: none. It begins, and goes on, when what the short window needs is `threshold` times the ready
 * processes (at least one); it ends when that was last so longer ago than the stable window. Its count is the highest that was needed
 * in it, and never less than what there was.
 */
export function panicNow(input: PanicInput): Panic | undefined {
  const { before, panicNeed, need, ready, have, tuning, now } = input;
  const over = panicNeed !== undefined && panicNeed / Math.max(1, ready) >= tuning.panic.threshold;
  if (over)
    return { since: before?.since ?? now, last: now, count: Math.max(before?.count ?? 0, have, need, panicNeed) };
  if (!before) return undefined;
  // Without a sample nobody knows that it has passed.
  if (panicNeed !== undefined && now - before.last > tuning.window) return undefined;
  return { ...before, count: Math.max(before.count, have, need, panicNeed ?? 0) };
}

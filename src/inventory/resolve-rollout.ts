/** Rollout policies: how processes are replaced by others. */
import { DEFAULT_ROLLOUT, type Amount, type CanaryPolicy, type RolloutPolicy } from '../model/policy.ts';
import type { Tell } from './policy-place.ts';
import type { RawRolloutPolicy } from './raw/policies.ts';
import { durationOf, shareOf } from './read-quantity.ts';

/** A rollout policy. Without one: one more while replacing, none fewer, 10 s to finish requests. */
export function rolloutPolicy(name: string, raw: RawRolloutPolicy): RolloutPolicy {
  return {
    name,
    strategy: raw.strategy ?? DEFAULT_ROLLOUT.strategy,
    maxSurge: amountOf(raw.maxSurge) ?? DEFAULT_ROLLOUT.maxSurge,
    maxUnavailable: amountOf(raw.maxUnavailable) ?? DEFAULT_ROLLOUT.maxUnavailable,
    drain: durationOf(raw.drain, DEFAULT_ROLLOUT.drain),
    ...(raw.batch === undefined ? {} : { batch: amountOf(raw.batch) ?? 1 }),
    pause: durationOf(raw.pause, DEFAULT_ROLLOUT.pause),
    minHealthy: durationOf(raw.minHealthy, DEFAULT_ROLLOUT.minHealthy),
    progressDeadline: durationOf(raw.progressDeadline, DEFAULT_ROLLOUT.progressDeadline),
    canary: canaryPolicy(raw.canary ?? {}),
    keep: durationOf(raw.keep, DEFAULT_ROLLOUT.keep),
    snapshot: raw.snapshot ?? DEFAULT_ROLLOUT.snapshot,
    onFailure: raw.onFailure ?? DEFAULT_ROLLOUT.onFailure,
  };
}

function canaryPolicy(raw: NonNullable<RawRolloutPolicy['canary']>): CanaryPolicy {
  const { canary } = DEFAULT_ROLLOUT;
  const latency = latencyOf(raw.maxLatency);
  return {
    share: shareOf(raw.share, canary.share),
    processes: raw.processes ?? canary.processes,
    for: durationOf(raw.for, canary.for),
    promote: raw.promote ?? canary.promote,
    maxErrorRate: raw.maxErrorRate === undefined ? canary.maxErrorRate : Number(raw.maxErrorRate.slice(0, -1)) / 100,
    ...(latency === undefined ? {} : { maxLatency: latency }),
  };
}

/** `1.5x` is a multiple, all else a time. */
function latencyOf(raw: string | undefined): CanaryPolicy['maxLatency'] {
  if (raw === undefined) return undefined;
  return raw.endsWith('x') ? { ratio: Number(raw.slice(0, -1)) } : durationOf(raw, 0);
}

function amountOf(raw: number | string | undefined): Amount | undefined {
  if (raw === undefined || typeof raw === 'number') return raw;
  return { share: Number(raw.slice(0, -1)) / 100 };
}

/** Reports what would replace nothing, and words that the strategy does not read. */
export function checkRollout(tell: Tell, raw: RawRolloutPolicy): void {
  const { strategy, maxSurge, maxUnavailable, batch, pause, canary } = rolloutPolicy('', raw);
  if (maxSurge === 0 && maxUnavailable === 0)
    tell(['maxSurge'], 'maxSurge and maxUnavailable must not both be 0, else nothing can be replaced');
  if (batch === 0 || (typeof batch === 'object' && batch.share === 0))
    tell(['batch'], 'batch must be above 0, else nothing is replaced');
  if (pause > 0 && batch === undefined) tell(['pause'], 'pause needs batch: without it all are replaced in one go');
  if (raw.canary !== undefined && strategy !== 'canary') tell(['canary'], 'canary needs strategy: canary');
  if (raw.keep !== undefined && strategy !== 'blueGreen') tell(['keep'], 'keep needs strategy: blueGreen');
  if (strategy === 'blueGreen' && batch !== undefined)
    tell(['batch'], 'batch does not go with strategy: blueGreen, which switches to all at once');
  if (strategy === 'canary' && canary.share >= 1)
    tell(['canary', 'share'], 'share of a canary must be below 100%, else it is no canary');
}

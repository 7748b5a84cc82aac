/** Whether a canary does well: its errors and its time to answer, as far as they were measured. */
import type { RolloutMemory } from '../../model/memory.ts';
import type { CanaryPolicy } from '../../model/policy.ts';
import { formatDuration, type Instant } from '../../model/quantity.ts';
import type { Measurement, ProcessSample } from '../../model/signal.ts';
import { showShare } from '../show-number.ts';
import type { Fellow } from './fellow.ts';

export interface CanaryFacts {
  readonly policy: CanaryPolicy;
  readonly fellows: readonly Fellow[];
  readonly measurement: Measurement;
  readonly revision: number;
  readonly memory: RolloutMemory | undefined;
  readonly now: Instant;
}

export interface CanaryView {
  readonly memory: RolloutMemory;
  /** What is wrong with it; undefined: nothing that was measured. */
  readonly problem?: string;
  /** What stands in the way of promoting it by itself, besides time; undefined: nothing. */
  readonly lacks?: string;
}

/**
 * Adds what was measured since the run before, and judges. Errors are counted over the whole time of the canary; a single one
 * condemns nobody, unless none is allowed. The mean time to answer is that of the last requests, against that of the other processes.
 */
export function watchCanary(facts: CanaryFacts): CanaryView {
  const { policy, fellows, measurement, revision, now } = facts;
  const before = facts.memory?.revision === revision ? facts.memory : undefined;
  const seconds = before ? Math.max(0, now - before.at) / 1000 : 0;
  const samples = (isNew: boolean): readonly ProcessSample[] =>
    fellows.flatMap((fellow) => (fellow.isNew === isNew ? (measurement.processes[fellow.name] ?? []) : []));
  const fresh = samples(true);
  const requests = (before?.requests ?? 0) + seconds * sum(fresh.map((sample) => sample.requestsPerSecond ?? 0));
  const errors = (before?.errors ?? 0) + seconds * sum(fresh.map((sample) => sample.errorsPerSecond ?? 0));
  const problem =
    errorProblem(policy, requests, errors) ?? latencyProblem(policy, meanTime(fresh), meanTime(samples(false)));
  return {
    memory: { revision, at: now, requests, errors },
    ...(problem === undefined ? {} : { problem }),
    ...(requests >= 1 ? {} : { lacks: 'no request to it was measured yet' }),
  };
}

function errorProblem({ maxErrorRate }: CanaryPolicy, requests: number, errors: number): string | undefined {
  // Counters that became rates and counts again: 2 may be 1.999.
  const [count, all] = [Math.round(errors), Math.round(requests)];
  const allowed = maxErrorRate === 0 ? 0 : Math.max(1, maxErrorRate * all);
  if (count <= allowed) return undefined;
  return `${String(count)} of ${String(all)} requests to the canary failed, at most ${showShare(maxErrorRate)} may`;
}

function latencyProblem(
  { maxLatency }: CanaryPolicy,
  fresh: number | undefined,
  others: number | undefined,
): string | undefined {
  if (maxLatency === undefined || fresh === undefined) return undefined;
  if (typeof maxLatency === 'number')
    return fresh > maxLatency
      ? `the canary answers in ${formatDuration(Math.round(fresh))} on average, at most ${formatDuration(maxLatency)} is allowed`
      : undefined;
  if (others === undefined || fresh <= others * maxLatency.ratio) return undefined;
  const mean = `${formatDuration(Math.round(fresh))} on average, the others in ${formatDuration(Math.round(others))}`;
  return `the canary answers in ${mean}: at most ${String(maxLatency.ratio)} times as long is allowed`;
}

/** Weighted by requests, as far as those are known. */
function meanTime(samples: readonly ProcessSample[]): number | undefined {
  let [weight, total] = [0, 0];
  for (const { responseTime, requestsPerSecond = 0 } of samples) {
    if (responseTime === undefined || requestsPerSecond === 0) continue;
    weight += requestsPerSecond;
    total += requestsPerSecond * responseTime;
  }
  return weight === 0 ? undefined : total / weight;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

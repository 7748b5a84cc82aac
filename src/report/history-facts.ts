/** What samples of the past come to. */
import type { Instant } from '../model/quantity.ts';
import type { Presence } from '../reconcile/machine-costs.ts';
import type { History, SubscriptionSample } from '../model/signal.ts';

export interface HistoryFacts {
  readonly samples: number;
  readonly from: Instant;
  readonly until: Instant;
  /** Processes that were ready and awake. */
  readonly processes: { readonly mean: number; readonly max: number };
  /** Answered, as the rate over the time between two samples; absent: never measured. */
  readonly requests?: number;
  readonly requestsPerSecond?: Spread;
  /** Requests in flight of all processes together. */
  readonly requestsInFlight?: Spread;
  /** Milliseconds. */
  readonly responseTime?: Spread;
  /** Share of the limit of one process. */
  readonly cpu?: Spread;
  readonly memory?: Spread;
}

interface Spread {
  readonly mean: number;
  readonly max: number;
}

/** Longer without a sample, nothing is known of the time between. */
const GAP = 600_000;

/** Numbers of each subscription that has samples. */
export function historyFacts(history: History): Readonly<Record<string, HistoryFacts>> {
  return Object.fromEntries(
    Object.entries(history).flatMap(([alias, samples]) => {
      const [first, last] = [samples[0], samples.at(-1)];
      return first && last ? [[alias, factsOf(samples, first, last)] as const] : [];
    }),
  );
}

/** How many processes each had, and over which time: what costs are shared by. */
export function presenceOf(facts: Readonly<Record<string, HistoryFacts>>): Presence {
  return Object.fromEntries(
    Object.entries(facts).map(([alias, { processes, from, until }]) => [
      alias,
      { processes: processes.mean, over: until - from },
    ]),
  );
}

function factsOf(
  samples: readonly SubscriptionSample[],
  first: SubscriptionSample,
  last: SubscriptionSample,
): HistoryFacts {
  const counts = spread(samples.map(({ expected, count }) => expected ?? count)) ?? { mean: 0, max: 0 };
  const rates = samples.flatMap((sample) => signalOf(sample, 'requestsPerSecond') ?? []);
  const optional = {
    requests: rates.length === 0 ? undefined : requestsOf(samples),
    requestsPerSecond: spread(rates),
    requestsInFlight: spread(samples.flatMap((sample) => signalOf(sample, 'requestsInFlight') ?? [])),
    responseTime: spread(samples.flatMap((sample) => meanOf(sample, 'responseTime') ?? [])),
    cpu: spread(samples.flatMap((sample) => meanOf(sample, 'cpu') ?? [])),
    memory: spread(samples.flatMap((sample) => meanOf(sample, 'memory') ?? [])),
  };
  return {
    samples: samples.length,
    from: first.at,
    until: last.at,
    processes: counts,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<HistoryFacts>),
  };
}

/** A sum over all ready processes: what was measured, scaled up to those that were not. */
export function signalOf(sample: SubscriptionSample, signal: string): number | undefined {
  const { count, expected = count, sums } = sample;
  const sum = sums[signal];
  return sum === undefined || count === 0 ? undefined : sum * Math.max(1, expected / count);
}

/** The mean over the measured processes. */
export function meanOf({ count, sums }: SubscriptionSample, signal: string): number | undefined {
  const sum = sums[signal];
  return sum === undefined || count === 0 ? undefined : sum / count;
}

/** A rate is that of the time since the sample before. */
function requestsOf(samples: readonly SubscriptionSample[]): number {
  return samples.reduce((total, sample, index) => {
    const before = samples[index - 1];
    const rate = signalOf(sample, 'requestsPerSecond') ?? 0;
    const passed = before ? sample.at - before.at : 0;
    return passed > 0 && passed <= GAP ? total + (rate * passed) / 1000 : total;
  }, 0);
}

function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  let [sum, max] = [0, 0];
  for (const value of values) {
    sum += value;
    if (value > max) max = value;
  }
  return { mean: sum / values.length, max };
}

/** The page of recorded history: for each subscription its load, processes, response time, CPU and memory. */
import type { Instant } from '../../model/quantity.ts';
import type { History, SubscriptionSample } from '../../model/signal.ts';
import { historyFacts, meanOf, signalOf } from '../history-facts.ts';
import { historyRows } from '../history-view.ts';
import type { Chart, Page } from './page.ts';

/** Most points of a curve; more samples are thinned evenly. */
const POINTS = 2000;
/** Longer without a sample, the curve is broken. */
const GAP = 600_000;

/** What {@link htmlPage} shows of the samples from `since` to `until`. */
export function historyPage(history: History, since: Instant, until: Instant): Page {
  const entries = Object.entries(history).filter(([, samples]) => samples.length > 0);
  return {
    title: 'Report',
    lead: [
      `${minute(since)} to ${minute(until)}; each number as mean / most`,
      ...(entries.length === 0 ? ['Nothing was measured in this time.'] : []),
    ],
    alarms: [],
    table: entries.length === 0 ? [] : historyRows(historyFacts(history)),
    sections: entries.map(([alias, samples]) => ({ title: alias, charts: chartsOf(withGaps(thinned(samples))) })),
  };
}

function chartsOf(samples: readonly (SubscriptionSample | { readonly at: number })[]): readonly Chart[] {
  const times = samples.map(({ at }) => at / 1000);
  const known = (pick: (sample: SubscriptionSample) => number | undefined): readonly (number | null)[] =>
    samples.map((sample) => ('sums' in sample ? (pick(sample) ?? null) : null));
  const percent = (signal: string) =>
    known((sample) => {
      const share = meanOf(sample, signal);
      return share === undefined ? undefined : share * 100;
    });
  const built = new Set([
    'requestsPerSecond',
    'errorsPerSecond',
    'requestsInFlight',
    'queue',
    'responseTime',
    'cpu',
    'memory',
    'loadAverage',
  ]);
  const own = [...new Set(samples.flatMap((sample) => ('sums' in sample ? Object.keys(sample.sums) : [])))].filter(
    (signal) => !built.has(signal),
  );
  const charts: readonly Chart[] = [
    {
      title: 'Load',
      unit: 'requests/s',
      times,
      lines: [
        { name: 'requests/s', values: known((sample) => signalOf(sample, 'requestsPerSecond')) },
        { name: 'errors/s', values: known((sample) => signalOf(sample, 'errorsPerSecond')) },
      ],
    },
    {
      title: 'In flight',
      unit: 'requests of all processes',
      times,
      lines: [
        { name: 'in flight', values: known((sample) => signalOf(sample, 'requestsInFlight')) },
        { name: 'waiting', values: known((sample) => signalOf(sample, 'queue')) },
      ],
    },
    {
      title: 'Processes',
      unit: 'ready and awake',
      times,
      lines: [{ name: 'processes', values: known(({ expected, count }) => expected ?? count), stepped: true }],
    },
    {
      title: 'Response time',
      unit: 'ms, mean',
      times,
      lines: [{ name: 'ms', values: known((sample) => meanOf(sample, 'responseTime')) }],
    },
    {
      title: 'CPU and memory',
      unit: '% of the limit of one process',
      times,
      lines: [
        { name: 'CPU', values: percent('cpu') },
        { name: 'memory', values: percent('memory') },
      ],
    },
    ...own.map((signal): Chart => ({
      title: signal,
      unit: 'of all processes',
      times,
      lines: [{ name: signal, values: known((sample) => signalOf(sample, signal)) }],
    })),
  ];
  return charts.flatMap((chart) => {
    const lines = chart.lines.filter(({ values }) => values.some((value) => value !== null));
    return lines.length === 0 ? [] : [{ ...chart, lines }];
  });
}

function thinned(samples: readonly SubscriptionSample[]): readonly SubscriptionSample[] {
  const each = Math.ceil(samples.length / POINTS);
  return each <= 1 ? samples : samples.filter((_, index) => index % each === 0);
}

/** With a moment of which nothing is known wherever nothing was measured for long. */
function withGaps(samples: readonly SubscriptionSample[]): readonly (SubscriptionSample | { readonly at: number })[] {
  const usual = Math.max(GAP, 3 * medianStep(samples));
  return samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    return before && sample.at - before.at > usual ? [{ at: before.at + 1000 }, sample] : [sample];
  });
}

function medianStep(samples: readonly SubscriptionSample[]): number {
  const steps = samples.slice(1).map((sample, index) => sample.at - (samples[index]?.at ?? sample.at));
  return steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}

const minute = (at: Instant): string => `${new Date(at).toISOString().slice(0, 16)}Z`;

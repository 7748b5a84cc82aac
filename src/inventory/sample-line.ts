/** One run's samples as one line of the samples file: short, as a fleet of thousands writes one every few seconds. */
import { instant, type Instant } from '../model/quantity.ts';
import type { SubscriptionSample } from '../model/signal.ts';

/** The samples of one run, by alias. */
export interface SampleSet {
  readonly at: Instant;
  readonly samples: Readonly<Record<string, SubscriptionSample>>;
}

/** Digits that are kept of a number. */
const DIGITS = 6;

/**
 * `{"v":1,"at":…,"signals":["cpu",…],"of":{"shop":[count,expected,…]}}`, the sums in the order of `signals` and null where there is none.
 * The time stands first, so that old lines are known without reading all of them.
 */
export function formatSampleLine({ at, samples }: SampleSet): string {
  const signals = [...new Set(Object.values(samples).flatMap(({ sums }) => Object.keys(sums)))].sort();
  const rows = Object.entries(samples).map(([alias, { count, expected = count, sums }]) => {
    const values = signals.map((signal) => rounded(sums[signal]));
    return [alias, [count, expected, ...values]];
  });
  return `${JSON.stringify({ v: 1, at, signals, of: Object.fromEntries(rows) as unknown })}\n`;
}

function rounded(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(DIGITS));
}

/** When a line was written, without reading the rest of it; undefined when it is none of ours. */
export function timeOfLine(line: string): Instant | undefined {
  const digits = /^\{"v":1,"at":(\d{1,15}),/.exec(line)?.[1];
  return digits === undefined ? undefined : instant(Number(digits));
}

/** The samples of a line; undefined when it is torn, damaged or none of ours. */
export function parseSampleLine(line: string): SampleSet | undefined {
  const at = timeOfLine(line);
  const value = at === undefined ? undefined : parse(line);
  if (at === undefined || !isRecord(value)) return undefined;
  const { signals, of } = value;
  if (!Array.isArray(signals) || !signals.every((signal) => typeof signal === 'string') || !isRecord(of))
    return undefined;
  const samples: Record<string, SubscriptionSample> = {};
  for (const alias in of) {
    const sample = sampleOf(at, signals, of[alias]);
    if (!sample) return undefined;
    samples[alias] = sample;
  }
  return { at, samples };
}

function sampleOf(at: Instant, signals: readonly string[], row: unknown): SubscriptionSample | undefined {
  if (!Array.isArray(row)) return undefined;
  const [count, expected, ...values] = row as readonly unknown[];
  if (!isAmount(count) || !isAmount(expected)) return undefined;
  const sums: Record<string, number> = {};
  for (const [n, signal] of signals.entries()) {
    const value = values[n] ?? null;
    if (value === null) continue;
    if (!isAmount(value)) return undefined;
    sums[signal] = value;
  }
  return { at, count, ...(expected === count ? {} : { expected }), sums };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What a simulation puts on subscriptions: load by alias, as arrays with one value for each step. */
import type { Instant, Millis } from '../model/quantity.ts';

/** A load over time. A value holds from its time until the next one. */
export interface Trace {
  /** What it is, for people: `day, 5 to 80 requests/s` or a file name. */
  readonly name: string;
  /** Time of the first value, where the trace says; schedules are then judged at that time of the week. */
  readonly start?: Instant;
  /** Milliseconds from the first value, rising. */
  readonly times: readonly number[];
  /** By signal: values, one for each time. `requestsPerSecond` is offered load; any other is the sum over all processes. */
  readonly columns: Readonly<Record<string, readonly number[]>>;
}

/** The same trace with all its values times `factor`: a small site's load for a large one. */
export function scaledTrace(trace: Trace, factor: number): Trace {
  const columns = Object.entries(trace.columns).map(
    ([signal, values]) => [signal, values.map((value) => value * factor)] as const,
  );
  return { ...trace, name: `${trace.name} × ${String(factor)}`, columns: Object.fromEntries(columns) };
}

/** The load of one subscription, one value for each step. */
export interface Load {
  readonly requestsPerSecond: Float64Array;
  /** Sums of other signals that the trace gives. */
  readonly given: Readonly<Record<string, Float64Array>>;
}

/**
 * A trace as values of steps: the mean over each step. What lies behind its end is its last value.
 * `requestsPerSecond` that is not there follows from `requestsInFlight` by Little's law, with `serviceTime` for each request.
 */
export function loadOf(trace: Trace, step: Millis, steps: number, serviceTime: Millis): Load {
  const columns = new Map(
    Object.entries(trace.columns).map(([signal, values]) => [signal, stepMeans(trace.times, values, step, steps)]),
  );
  const inFlight = columns.get('requestsInFlight');
  const requestsPerSecond =
    columns.get('requestsPerSecond') ??
    inFlight?.map((count) => (count * 1000) / serviceTime) ??
    new Float64Array(steps);
  // These follow from how many processes there are, which is what is simulated.
  for (const signal of ['requestsPerSecond', 'requestsInFlight', 'responseTime']) columns.delete(signal);
  return { requestsPerSecond, given: Object.fromEntries(columns) };
}

function stepMeans(times: readonly number[], values: readonly number[], step: number, steps: number): Float64Array {
  const means = new Float64Array(steps);
  let at = 0;
  for (let index = 0; index < steps; index += 1) {
    let from = index * step;
    const end = from + step;
    let sum = 0;
    while (from < end) {
      while (at + 1 < times.length && (times[at + 1] ?? 0) <= from) at += 1;
      const until = at + 1 < times.length ? Math.min(end, times[at + 1] ?? end) : end;
      sum += (values[at] ?? 0) * (until - from);
      from = until;
    }
    means[index] = sum / step;
  }
  return means;
}

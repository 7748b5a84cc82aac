/** What a simulation found. */
import type { Instant, Millis } from '../model/quantity.ts';

/** What one subscription, or all together, came to. */
export interface Totals {
  readonly requests: number;
  /** Answered later than the objective. */
  readonly slow: number;
  readonly refused: number;
  /** Slow and refused, as a share of all requests; 0 without any. */
  readonly violations: number;
  /** Hours that processes were awake, and asleep, all together. */
  readonly processHours: number;
  readonly sleepHours: number;
  /** Processes that were awake. */
  readonly mean: number;
  readonly max: number;
  readonly wakes: number;
  /** Changes of the count against the direction of the change before, within 10 minutes of it. */
  readonly thrash: number;
  /** Processes that were wanted and for which there was no room, as hours. */
  readonly missingHours: number;
}

/** Curves for plots: bounded in number, each value the mean of its time (the largest, for counts). */
export interface Series {
  /** Seconds since the epoch, as plots take them. */
  readonly times: readonly number[];
  readonly load: readonly number[];
  readonly ready: readonly number[];
  readonly wanted: readonly number[];
  readonly asleep: readonly number[];
  /** Milliseconds. */
  readonly responseTime: readonly number[];
  /** Share of requests that were slow or refused. */
  readonly violations: readonly number[];
}

export interface SimulationResult {
  /** What was judged: a name of a policy or of a spec. */
  readonly name: string;
  readonly start: Instant;
  readonly duration: Millis;
  readonly step: Millis;
  /** Runs of policy that were made. */
  readonly runs: number;
  readonly subscriptions: Readonly<Record<string, Totals>>;
  readonly all: Totals;
  readonly vms: {
    readonly hours: number;
    readonly mean: number;
    readonly max: number;
    readonly made: number;
    readonly removed: number;
    /** In the unit of the prices; absent: no VM had a price. */
    readonly cost?: number;
  };
  /** Alarms that policy raised, each with when it first did. */
  readonly alarms: readonly { readonly at: Instant; readonly text: string }[];
  /** What the reader should know of how it was simulated. */
  readonly notes: readonly string[];
  /** Curves of all together (`''`), and of each subscription where there are few. */
  readonly series: Readonly<Record<string, Series>>;
  readonly vmSeries: readonly number[];
}

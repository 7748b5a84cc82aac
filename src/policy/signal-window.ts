/** Which samples count, and what a signal was over a window of time. */
import type { Instant, Millis } from '../model/quantity.ts';
import type { SubscriptionSample } from '../model/signal.ts';

export interface Point {
  readonly at: Instant;
  readonly value: number;
}

/** What one signal was. Both empty: no data. */
export interface SignalWindow {
  /** Oldest first. Where the window is empty, the newest sample that is not stale yet. */
  readonly stable: readonly Point[];
  /** Only what is in the panic window. */
  readonly panic: readonly Point[];
}

/**
 * Samples that say something, oldest first: measured on at least one process, not from the future (the clock was set back since) and
 * not stale, which is older than two windows.
 */
export function usableSamples(
  samples: readonly SubscriptionSample[],
  now: Instant,
  window: Millis,
): readonly SubscriptionSample[] {
  // Nearly always all of them are, and in order.
  let before = -Infinity;
  const usable = ({ at, count }: SubscriptionSample): boolean => at <= now && now - at <= 2 * window && count > 0;
  for (const sample of samples) {
    if (!usable(sample) || sample.at < before) return samples.filter(usable).toSorted((a, b) => a.at - b.at);
    before = sample.at;
  }
  return samples;
}

/** The points of `signal` in both windows. `samples` are usable and sorted. */
export function signalWindow(
  samples: readonly SubscriptionSample[],
  signal: string,
  now: Instant,
  windows: { readonly stable: Millis; readonly panic: Millis },
): SignalWindow {
  const stable: Point[] = [];
  const panic: Point[] = [];
  let newest: Point | undefined;
  for (const sample of samples) {
    const value = valueOf(sample, signal);
    if (value < 0) continue;
    const point = { at: sample.at, value };
    newest = point;
    const age = now - point.at;
    if (age < windows.stable) stable.push(point);
    if (age < windows.panic) panic.push(point);
  }
  return { stable: stable.length === 0 && newest ? [newest] : stable, panic };
}

/** Means over both windows, by the same rules as {@link signalWindow}. Undefined: no data. */
export interface SignalMeans {
  readonly stable: number | undefined;
  readonly panic: number | undefined;
  /** How many samples the stable mean is of. */
  readonly samples: number;
}

/** The means of `signal`, without making its points: of all that policy does this is done most often. */
export function signalMeans(
  samples: readonly SubscriptionSample[],
  signal: string,
  now: Instant,
  windows: { readonly stable: Millis; readonly panic: Millis },
): SignalMeans {
  let stable = 0;
  let stables = 0;
  let panic = 0;
  let panics = 0;
  let newest: number | undefined;
  for (const sample of samples) {
    const value = valueOf(sample, signal);
    if (value < 0) continue;
    newest = value;
    const age = now - sample.at;
    if (age < windows.stable) {
      stable += value;
      stables += 1;
    }
    if (age < windows.panic) {
      panic += value;
      panics += 1;
    }
  }
  return {
    stable: stables === 0 ? newest : stable / stables,
    panic: panics === 0 ? undefined : panic / panics,
    samples: Math.max(stables, newest === undefined ? 0 : 1),
  };
}

/**
 * The sum over all ready processes: what was measured, scaled up to those that were not. While no request comes, nobody waits for an
 * answer, whatever the gateway still shows of the last ones. Below 0: no data.
 */
function valueOf({ count, expected, sums }: SubscriptionSample, signal: string): number {
  const sum = signal === 'responseTime' && sums.requestsPerSecond === 0 ? 0 : sums[signal];
  if (sum === undefined || !Number.isFinite(sum) || sum < 0) return -1;
  return expected === undefined || expected <= count ? sum : sum * (expected / count);
}

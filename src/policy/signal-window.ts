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
  return samples
    .filter(({ at, count }) => at <= now && now - at <= 2 * window && count > 0)
    .toSorted((a, b) => a.at - b.at);
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
    const point = pointOf(sample, signal);
    if (!point) continue;
    newest = point;
    const age = now - point.at;
    if (age < windows.stable) stable.push(point);
    if (age < windows.panic) panic.push(point);
  }
  return { stable: stable.length === 0 && newest ? [newest] : stable, panic };
}

/** Arithmetic mean; of nothing there is none. */
export function meanOf(points: readonly Point[]): number | undefined {
  if (points.length === 0) return undefined;
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}

/**
 * The sum over all ready processes: what was measured, scaled up to those that were not. While no request comes, nobody waits for an
 * answer, whatever the gateway still shows of the last ones.
 */
function pointOf(sample: SubscriptionSample, signal: string): Point | undefined {
  const { at, count, expected = count, sums } = sample;
  const sum = signal === 'responseTime' && sums.requestsPerSecond === 0 ? 0 : sums[signal];
  if (sum === undefined || !Number.isFinite(sum) || sum < 0) return undefined;
  return { at, value: sum * Math.max(1, expected / count) };
}

/** Where a signal goes, from where it came. Apache Stratos' formula, with the seconds it meant. */
import type { Millis } from '../model/quantity.ts';
import type { Point } from './signal-window.ts';

/**
 * mean + g·t + a·t²/2, with g the gradient per second, a the second derivative per second², and t in seconds; never below 0.
 * One point has no gradient, two have no second derivative. Points are oldest first.
 */
export function predict(points: readonly Point[], mean: number, ahead: Millis): number {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return mean;
  const seconds = ahead / 1000;
  const bend = points.length < 3 ? 0 : secondDerivative(points, first, last);
  return Math.max(0, mean + gradient(first, last) * seconds + (bend * seconds * seconds) / 2);
}

/** Change per second; points closer than a second count as a second apart. */
function gradient(from: Point, to: Point): number {
  return ((to.value - from.value) * 1000) / Math.max(1000, to.at - from.at);
}

/** The gradient between the gradients of the two halves, each placed at the middle of its time. */
function secondDerivative(points: readonly Point[], first: Point, last: Point): number {
  const middle = points[Math.floor(points.length / 2)] ?? last;
  const half = (from: Point, to: Point) => ({ at: (from.at + to.at) / 2, value: gradient(from, to) }) as Point;
  return gradient(half(first, middle), half(middle, last));
}

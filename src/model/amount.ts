/** Amounts of processes. */
import type { Amount } from './policy.ts';

/** How many an amount is of `of`. A share of a process is a whole one (`up`) or none (`down`), as Kubernetes rounds surge and unavailable. */
export function countOf(amount: Amount, of: number, rounding: 'up' | 'down'): number {
  if (typeof amount === 'number') return amount;
  // 0.07 * 100 is 7.000000000000001.
  const exact = Math.round(amount.share * of * 1e9) / 1e9;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

/** How many may be too many and too few while `desired` processes are replaced. Both at 0 would replace nothing: one may then be missing. */
export function surgeOf(
  { maxSurge, maxUnavailable }: { readonly maxSurge: Amount; readonly maxUnavailable: Amount },
  desired: number,
): { readonly surge: number; readonly unavailable: number } {
  const surge = countOf(maxSurge, desired, 'up');
  const unavailable = countOf(maxUnavailable, desired, 'down');
  return surge + unavailable === 0 && typeof maxUnavailable !== 'number'
    ? { surge, unavailable: 1 }
    : { surge, unavailable };
}

/** Shares of requests as weights of HAProxy's servers. */

/** Most that HAProxy takes. */
const HEAVIEST = 256;

/** Weight of each process of the new revision, and of each of the others. */
export interface Weights {
  readonly fresh: number;
  readonly others: number;
}

/**
 * Weights with which `fresh` processes together get `share` of the requests and `others` the rest: the pair of whole numbers from 1 to 256
 * whose share is nearest, and of equally near ones the smallest. With round robin by weights a group's share is exactly its sum of weights by
 * that of all. A share of 0 or 1 is weight 0 for those who get nothing.
 */
export function shareWeights(fresh: number, others: number, share: number): Weights {
  if (fresh === 0 || others === 0) return { fresh: 1, others: 1 };
  if (share <= 0) return { fresh: 0, others: 1 };
  if (share >= 1) return { fresh: 1, others: 0 };
  const exact = (share * others) / ((1 - share) * fresh);
  let best: Weights = { fresh: 1, others: 1 };
  let least = Number.POSITIVE_INFINITY;
  for (let heavy = 1; heavy <= HEAVIEST; heavy += 1) {
    const weight = Math.min(HEAVIEST, Math.max(1, Math.round(exact * heavy)));
    const off = Math.abs(shareOf({ fresh: weight, others: heavy }, fresh, others) - share);
    if (off < least - 1e-12) {
      least = off;
      best = { fresh: weight, others: heavy };
    }
  }
  return best;
}

/** The share of the requests that weights give to the processes of the new revision. */
export function shareOf(weights: Weights, fresh: number, others: number): number {
  const all = weights.fresh * fresh + weights.others * others;
  return all === 0 ? 0 : (weights.fresh * fresh) / all;
}

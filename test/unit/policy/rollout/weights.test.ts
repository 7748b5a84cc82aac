import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOf, shareWeights } from '../../../../src/policy/rollout/weights.ts';

describe('shareWeights', () => {
  it.each([
    [1, 1, 0.5, { fresh: 1, others: 1 }],
    [1, 9, 0.1, { fresh: 1, others: 1 }],
    [1, 4, 0.2, { fresh: 1, others: 1 }],
    [1, 3, 0.1, { fresh: 1, others: 3 }],
    [2, 2, 0.25, { fresh: 1, others: 3 }],
    [1, 1, 0.9, { fresh: 9, others: 1 }],
  ])('of %i new and %i others for %d are exact', (fresh, others, share, weights) => {
    expect(shareWeights(fresh, others, share)).toEqual(weights);
    expect(shareOf(weights, fresh, others)).toBeCloseTo(share, 12);
  });

  it('give nothing for 0 and everything for 1, and are even where one side is alone', () => {
    expect(shareWeights(2, 3, 0)).toEqual({ fresh: 0, others: 1 });
    expect(shareWeights(2, 3, 1)).toEqual({ fresh: 1, others: 0 });
    expect(shareWeights(0, 3, 0.1)).toEqual({ fresh: 1, others: 1 });
    expect(shareWeights(3, 0, 0.1)).toEqual({ fresh: 1, others: 1 });
  });

  it('are what HAProxy takes, and no other pair is nearer', () => {
    const count = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(count, count, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (fresh, others, share) => {
        const weights = shareWeights(fresh, others, share);
        for (const weight of Object.values(weights)) {
          expect(Number.isInteger(weight)).toBe(true);
          expect(weight).toBeGreaterThanOrEqual(1);
          expect(weight).toBeLessThanOrEqual(256);
        }
        const off = Math.abs(shareOf(weights, fresh, others) - share);
        for (let a = 1; a <= 256; a += 15)
          for (let b = 1; b <= 256; b += 15)
            expect(off).toBeLessThanOrEqual(Math.abs(shareOf({ fresh: a, others: b }, fresh, others) - share) + 1e-9);
      }),
      { numRuns: 60 },
    );
  });
});

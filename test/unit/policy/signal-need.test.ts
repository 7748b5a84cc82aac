import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/model/quantity.ts';
import { predict } from '../../../src/policy/predict.ts';
import { signalNeed } from '../../../src/policy/signal-need.ts';
import { signalMeans, signalWindow, usableSamples } from '../../../src/policy/signal-window.ts';
import { ago, aSample, MINUTE, NOW, SECOND, tuned } from './scene.ts';

const window = millis(MINUTE);

function needOf(samples: readonly ReturnType<typeof aSample>[], parts: Partial<Parameters<typeof signalNeed>[0]> = {}) {
  const tuning = parts.tuning ?? tuned();
  return signalNeed({
    signal: 'requestsInFlight',
    target: 20,
    samples: usableSamples(samples, NOW, tuning.window),
    tuning,
    have: 0,
    now: NOW,
    ...parts,
  });
}

const rif = (at: number, requestsInFlight: number, parts = {}) => aSample(at, { requestsInFlight }, parts);

describe('usableSamples', () => {
  it('leaves out what is stale, to come, or measured on nothing, and sorts the rest', () => {
    const samples = [
      rif(NOW + 1, 1),
      rif(NOW, 2),
      rif(ago(2 * MINUTE), 3),
      rif(ago(2 * MINUTE + 1), 4),
      rif(ago(MINUTE), 5),
      rif(ago(1), 6, { count: 0 }),
    ];
    expect(usableSamples(samples, NOW, window).map(({ sums }) => sums.requestsInFlight)).toEqual([3, 5, 2]);
  });
});

describe('signalWindow', () => {
  const windows = { stable: window, panic: millis(6 * SECOND) };

  it('takes what is younger than each window', () => {
    const samples = [
      rif(ago(MINUTE), 1),
      rif(ago(MINUTE - 1), 2),
      rif(ago(6 * SECOND), 3),
      rif(ago(6 * SECOND - 1), 4),
    ];
    const found = signalWindow(samples, 'requestsInFlight', NOW, windows);
    expect(found.stable.map(({ value }) => value)).toEqual([2, 3, 4]);
    expect(found.panic.map(({ value }) => value)).toEqual([4]);
  });

  it('takes the newest one where none is in the stable window, and none for panic', () => {
    const samples = [rif(ago(2 * MINUTE), 1), rif(ago(MINUTE), 2)];
    const found = signalWindow(samples, 'requestsInFlight', NOW, windows);
    expect(found).toEqual({ stable: [{ at: ago(MINUTE), value: 2 }], panic: [] });
  });

  it.each([NaN, Infinity, -1])('takes %d for no data', (value) => {
    expect(signalWindow([rif(NOW, value)], 'requestsInFlight', NOW, windows).stable).toEqual([]);
  });

  it('takes 0 for data', () => {
    expect(signalWindow([rif(NOW, 0)], 'requestsInFlight', NOW, windows).stable).toEqual([{ at: NOW, value: 0 }]);
  });

  it('scales up to processes that were not measured, and never down', () => {
    const value = (count: number, expected: number) =>
      signalWindow([rif(NOW, 30, { count, expected })], 'requestsInFlight', NOW, windows).stable[0]?.value;
    expect(value(3, 4)).toBe(40);
    expect(value(4, 3)).toBe(30);
  });

  it('knows that nobody waits for an answer where no request comes', () => {
    const points = (requestsPerSecond: number, signal = 'responseTime') =>
      signalWindow([aSample(NOW, { responseTime: 900, requestsPerSecond, cpu: 2 })], signal, NOW, windows).stable;
    expect(points(0)[0]?.value).toBe(0);
    expect(points(1)[0]?.value).toBe(900);
    expect(points(0, 'cpu')[0]?.value).toBe(2);
  });
});

describe('signalMeans', () => {
  const windows = { stable: window, panic: millis(6 * SECOND) };

  it('is the arithmetic mean, and of nothing there is none', () => {
    expect(signalMeans([], 'requestsInFlight', NOW, windows)).toEqual({
      stable: undefined,
      panic: undefined,
      samples: 0,
    });
    const samples = [2, 4, 9].map((value, at) => rif(ago((2 - at) * SECOND), value));
    expect(signalMeans(samples, 'requestsInFlight', NOW, windows)).toEqual({ stable: 5, panic: 5, samples: 3 });
  });

  it('is of the points of both windows, whatever the samples', () => {
    const sample = fc.record({
      age: fc.integer({ min: 0, max: 130 }),
      value: fc.oneof(fc.double(), fc.nat(500)),
      count: fc.integer({ min: 1, max: 5 }),
      expected: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 14 }), fc.constantFrom('cpu', 'memory'), (all, signal) => {
        const samples = all
          .toSorted((a, b) => b.age - a.age)
          .map(({ age, value, count, expected }) => ({
            ...aSample(ago(age * SECOND), { cpu: value }),
            count,
            ...(expected === undefined ? {} : { expected }),
          }));
        const { stable, panic } = signalWindow(samples, signal, NOW, windows);
        const mean = (points: readonly { readonly value: number }[]) =>
          points.length === 0 ? undefined : points.reduce((sum, { value: one }) => sum + one, 0) / points.length;
        expect(signalMeans(samples, signal, NOW, windows)).toEqual({
          stable: mean(stable),
          panic: mean(panic),
          samples: stable.length,
        });
      }),
    );
  });
});

describe('predict', () => {
  const points = (...values: readonly (readonly [number, number])[]) =>
    values.map(([seconds, value]) => ({ at: instant(NOW + seconds * SECOND), value }));

  it('stays where there is one point', () => {
    expect(predict(points([0, 7]), 7, window)).toBe(7);
    expect(predict([], 3, window)).toBe(3);
  });

  it('goes on along the gradient of two', () => {
    // g = (16 − 10) / 30 s = 0.2 per second; 13 + 0.2 × 60 = 25
    expect(predict(points([0, 10], [30, 16]), 13, window)).toBeCloseTo(25);
  });

  it('bends with the second derivative of three', () => {
    // halves: 1 per second at 5 s, 3 per second at 15 s; a = 2 / 10 s = 0.2; g = 40 / 20 s = 2
    // 16.667 + 2 × 10 + 0.2 × 100 / 2 = 46.667
    expect(predict(points([0, 0], [10, 10], [20, 40]), 50 / 3, millis(10 * SECOND))).toBeCloseTo(46.667, 3);
  });

  it('takes points within a second as a second apart', () => {
    // g = 5 / 1 s although only 0.1 s passed
    expect(predict(points([0, 10], [0.1, 15]), 12, millis(2 * SECOND))).toBeCloseTo(22);
  });

  it('never goes below 0', () => {
    expect(predict(points([0, 50], [30, 0]), 25, window)).toBe(0);
  });
});

describe('signalNeed', () => {
  it('divides the mean of the window by the target and rounds up', () => {
    const need = needOf([rif(ago(30 * SECOND), 100), rif(NOW, 130)]);
    expect(need).toEqual({
      signal: 'requestsInFlight',
      target: 20,
      stable: 115,
      panic: 130,
      need: 6,
      panicNeed: 7,
      formula: '115 / 20 = 5.75, needs 6 (mean of 2 samples in 1m); last 6s: 130 / 20, needs 7',
      reason: 'requestsInFlight needs 6: 115 / 20 = 5.75',
    });
  });

  it.each([
    [2.1, 0.7, 3],
    [2.1000001, 0.7, 4],
    [0, 0.7, 0],
    [0.0001, 20, 1],
    [6e9, 0.3, 2e10],
  ])('%d of %d each need %d', (sum, target, need) => {
    expect(needOf([rif(NOW, sum)], { target }).need).toBe(need);
  });

  it.each([
    [10, 180, 0.1, 10],
    [10, 179.9, 0.1, 9],
    [10, 220, 0.1, 10],
    [10, 220.1, 0.1, 12],
    [10, 199, 0, 10],
    [10, 201, 0, 11],
    [0, 5, 0.1, 1],
  ])('with %d and a sum of %d within %d wants %d', (have, sum, tolerance, need) => {
    expect(needOf([rif(NOW, sum)], { have, tuning: tuned({ tolerance }) }).need).toBe(need);
  });

  it('says where the tolerance made the difference', () => {
    expect(needOf([rif(NOW, 210)], { have: 10 })).toMatchObject({
      formula: '210 / 20 = 10.5, needs 10, within 10% of 10 (mean of 1 sample in 1m); last 6s: 210 / 20, needs 10',
      reason: 'requestsInFlight needs 10: 210 / 20 = 10.5, within 10% of 10',
    });
    expect(needOf([rif(NOW, 199)], { have: 10 }).reason).toBe('requestsInFlight needs 10: 199 / 20 = 9.95');
  });

  it('counts a prediction that is higher, and says so', () => {
    const tuning = tuned({ predict: millis(MINUTE) });
    const rising = needOf([rif(ago(30 * SECOND), 40), rif(NOW, 52)], { tuning });
    // 46 + 12 / 30 s × 60 s = 70
    expect(rising).toMatchObject({ stable: 46, predicted: 70, need: 4 });
    expect(rising.formula).toBe(
      '70 / 20 = 3.5, needs 4 (mean of 2 samples in 1m: 46, in 1m 70); last 6s: 52 / 20, needs 3',
    );
    expect(needOf([rif(ago(30 * SECOND), 52), rif(NOW, 40)], { tuning })).toMatchObject({ predicted: 22, need: 3 });
    expect(needOf([rif(ago(30 * SECOND), 40), rif(NOW, 52)])).not.toHaveProperty('predicted');
  });

  it('has no need and no number without data, or where the target is impossible', () => {
    expect(needOf([])).toEqual({
      signal: 'requestsInFlight',
      target: 20,
      formula: 'no data for requestsInFlight',
      reason: 'no data for requestsInFlight',
    });
    expect(needOf([rif(NOW, 5)], { target: 0 })).toEqual({
      signal: 'requestsInFlight',
      target: 0,
      formula: 'a target of 0 can be reached by no number',
      reason: 'a target of 0 can be reached by no number',
    });
    expect(needOf([rif(NOW, 5)], { target: NaN }).need).toBeUndefined();
  });

  it('has no number for panic where only the long window has a sample', () => {
    const need = needOf([rif(ago(30 * SECOND), 100)]);
    expect(need).not.toHaveProperty('panic');
    expect(need).not.toHaveProperty('panicNeed');
    expect(need.formula).toBe('100 / 20 = 5, needs 5 (mean of 1 sample in 1m)');
  });
});

import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { SHAPES, shapeTrace, type Shape } from '../../../src/simulate/shapes.ts';
import { loadOf } from '../../../src/simulate/workload.ts';

const HOUR = 3_600_000;
const day = { base: 10, peak: 110, duration: millis(24 * HOUR), step: millis(60_000) };

/** The load at an hour of the day. */
function at(shape: Shape, hour: number, settings = day): number {
  const { columns, times } = shapeTrace(shape, settings);
  return columns.requestsPerSecond?.[times.findLastIndex((time) => time <= hour * HOUR)] ?? Number.NaN;
}

describe('shapeTrace', () => {
  it.each(SHAPES)('%s stays between base and peak, and reaches both', (shape) => {
    const values = shapeTrace(shape, day).columns.requestsPerSecond ?? [];
    expect(values).toHaveLength(1440);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
    expect(Math.min(...values)).toBeLessThan(10.2);
    expect(Math.max(...values)).toBeLessThanOrEqual(110);
    expect(Math.max(...values)).toBeGreaterThan(108);
  });

  it('step goes up after a quarter and down after three', () => {
    expect([at('step', 5.9), at('step', 6), at('step', 17.9), at('step', 18)]).toEqual([10, 110, 110, 10]);
  });

  it('ramp is half-way at a quarter', () => {
    expect(at('ramp', 6)).toBeCloseTo(60, 0);
    expect(at('ramp', 12)).toBeCloseTo(110, 0);
    expect(at('ramp', 18)).toBeCloseTo(60, 0);
  });

  it('day is lowest at midnight and highest at noon', () => {
    expect([at('day', 0), at('day', 6), at('day', 12)].map(Math.round)).toEqual([10, 60, 110]);
  });

  it('spike is six times five minutes at peak', () => {
    const values = shapeTrace('spike', day).columns.requestsPerSecond ?? [];
    expect(values.filter((value) => value === 110)).toHaveLength(30);
    expect(values.filter((value) => value === 10)).toHaveLength(1410);
    expect(at('spike', 2)).toBe(110);
  });

  it('flash has the phases of the published model', () => {
    // s = 11, log10(12) = 1.079: up 0.927, high 1.079, down 2.158 units of 2 h, from 6 h on.
    const [top, fall, end] = [6 + 2 * 0.927, 6 + 2 * 2.006, 6 + 2 * 4.164];
    expect(at('flash', 5.9)).toBe(10);
    expect(at('flash', (6 + top) / 2)).toBeCloseTo(60, -1);
    expect(at('flash', top + 0.05)).toBe(110);
    expect(at('flash', fall - 0.05)).toBe(110);
    expect(at('flash', (fall + end) / 2)).toBeCloseTo(60, -1);
    expect(at('flash', end + 0.05)).toBe(10);
  });
});

describe('loadOf', () => {
  const trace = { name: 't', times: [0, 15_000, 20_000], columns: { requestsPerSecond: [4, 8, 0] } };

  it('takes the mean over each step, and the last value for ever', () => {
    const { requestsPerSecond } = loadOf(trace, millis(10_000), 4, millis(100));
    expect([...requestsPerSecond]).toEqual([4, 6, 0, 0]);
  });

  it('finds the rate from requests in flight by Little’s law', () => {
    const inFlight = { name: 't', times: [0], columns: { requestsInFlight: [5], cpu: [1.5], jobs: [3] } };
    const load = loadOf(inFlight, millis(10_000), 2, millis(100));
    expect([...load.requestsPerSecond]).toEqual([50, 50]);
    expect(Object.keys(load.given)).toEqual(['cpu', 'jobs']);
    expect([...(load.given.jobs ?? [])]).toEqual([3, 3]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { Spec } from '../../../src/model/spec.ts';
import { simulate, type SimulateInput } from '../../../src/simulate/simulate.ts';
import { shapeTrace } from '../../../src/simulate/shapes.ts';
import type { Trace } from '../../../src/simulate/workload.ts';
import { aSpec, type SubscriptionOptions } from '../../support/builders.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One subscription whose processes serve 100 requests a second each, and are kept at 70. */
function world(shop: SubscriptionOptions = {}, vms = { min: 1, max: 10 }): Spec {
  return aSpec({
    partitions: { web: { ...vms, cpu: 1, memory: 1024 } },
    subscriptions: { shop: { min: 1, max: 20, target: { requestsInFlight: 7 }, port: 80, ...shop } },
  });
}

const constant = (rate: number): Trace => ({ name: 'constant', times: [0], columns: { requestsPerSecond: [rate] } });

function run(spec: Spec, trace: Trace, more: Partial<SimulateInput> = {}) {
  return simulate({
    name: 'test',
    spec,
    start: instant(Date.UTC(2026, 0, 5)),
    duration: millis(2 * HOUR),
    step: millis(10_000),
    every: millis(MINUTE),
    traces: Object.fromEntries(Object.keys(spec.subscriptions).map((alias) => [alias, trace])),
    services: {},
    delays: { boot: millis(60_000), start: millis(2000), thaw: millis(2), wake: millis(34) },
    ...more,
  });
}

describe('simulate', () => {
  it('brings as many processes as the load takes, and VMs for them', () => {
    const { all, vms, series } = run(world(), constant(500));
    // 500 requests/s of 100 ms are 50 in flight; 50 ÷ 7 = 7.1.
    expect(series['']?.ready.at(-1)).toBe(8);
    // 4 processes of a quarter of a core fit a VM.
    expect(vms.max).toBeGreaterThanOrEqual(2);
    expect(all.requests).toBe(500 * 7200);
    expect(all.refused).toBeGreaterThan(0);
    expect(all.violations).toBeLessThan(0.1);
    expect(all.processHours).toBeLessThan(2 * 8 * 1.15);
  });

  it('gives the same result for the same input', () => {
    const trace = shapeTrace('flash', { base: 20, peak: 400, duration: millis(2 * HOUR), step: millis(10_000) });
    expect(run(world(), trace)).toEqual(run(world(), trace));
  });

  it('goes up with a step and down after it, once each way', () => {
    const trace = shapeTrace('step', { base: 50, peak: 400, duration: millis(4 * HOUR), step: millis(10_000) });
    const { series, all } = run(world(), trace, { duration: millis(4 * HOUR) });
    const ready = series['']?.ready ?? [];
    const at = (hour: number): number | undefined => ready[Math.floor((hour / 4) * (ready.length - 1))];
    expect([at(0.9), at(2.5), at(3.9)]).toEqual([1, 6, 1]);
    // The queue that the step left makes it one too many at first.
    expect(all.thrash).toBeLessThanOrEqual(1);
  });

  it('counts a boot before a process on a further VM serves', () => {
    const slow = run(world(), constant(500), { delays: { boot: millis(10 * MINUTE), start: millis(2000) } as never });
    const quick = run(world(), constant(500), { delays: { boot: millis(1000), start: millis(2000) } as never });
    expect(slow.all.refused).toBeGreaterThan(2 * quick.all.refused);
  });

  it('keeps to the most VMs, and says what was missing', () => {
    const { vms, all, series } = run(world({}, { min: 1, max: 1 }), constant(500));
    expect(vms).toMatchObject({ max: 1, made: 1, removed: 0 });
    expect(Math.max(...(series['']?.ready ?? []))).toBe(4);
    expect(all.missingHours).toBeGreaterThan(5);
  });

  it('puts idle processes to sleep and wakes one for a request', () => {
    const visits: Trace = {
      name: 'visits',
      times: [0, HOUR, HOUR + 10_000],
      columns: { requestsPerSecond: [0, 1, 0] },
    };
    const idle = { freezeAfter: millis(5 * MINUTE), stopAfter: millis(20 * MINUTE) };
    const { all } = run(world({ min: 1, max: 1, target: {}, idle }), visits);
    expect(all.wakes).toBe(1);
    expect(all).toMatchObject({ requests: 10, refused: 0, slow: 0 });
    expect(all.sleepHours).toBeGreaterThan(1.7);
    expect(all.processHours + all.sleepHours).toBeCloseTo(2, 1);
    const late = run(world({ min: 1, max: 1, target: {}, idle }), visits, {
      delays: { boot: millis(0), start: millis(0), thaw: millis(2000), wake: millis(4000) },
    });
    expect(late.all.slow).toBeGreaterThan(0);
    expect(late.all.refused).toBe(0);
    const long = run(world({ min: 1, max: 1, target: {}, idle }), visits, {
      delays: { boot: millis(0), start: millis(0), thaw: millis(30_000), wake: millis(40_000) },
    });
    expect(long.all).toMatchObject({ slow: 10, refused: 0, wakes: 1 });
  });

  it('adds up what VMs cost', () => {
    const spec = world();
    const web = spec.partitions.web;
    if (!web) throw new Error('no web');
    const priced = { ...spec, partitions: { web: { ...web, placement: [{ iaas: 'lab', max: 10, price: 0.5 }] } } };
    const { vms } = run(priced, constant(50));
    expect(vms.cost).toBeCloseTo(1, 6);
    expect(run(spec, constant(50)).vms.cost).toBeUndefined();
  });

  it('follows a signal of the trace’s own, and says which one is missing', () => {
    const own = {
      target: { jobs: 5 },
      signals: { jobs: { command: ['jobs'], on: 'process', timeout: millis(1000) } },
    } as const;
    const jobs: Trace = { name: 'jobs', times: [0], columns: { requestsPerSecond: [1], jobs: [33] } };
    expect(run(world(own), jobs).series['']?.ready.at(-1)).toBe(7);
    const { notes, series } = run(world(own), constant(1));
    expect(notes).toEqual(['the trace has no column jobs, so that policy has no data of it for shop']);
    expect(series['']?.ready.at(-1)).toBe(1);
  });

  it('judges schedules at the time of the trace', () => {
    const schedules = [
      { cron: '0 1 * * *', timezone: 'UTC', duration: millis(HOUR / 2), processes: { min: 5, max: 5 } },
    ];
    const ready = run(world({ schedules }), constant(10)).series['']?.ready ?? [];
    const at = (hour: number): number | undefined => ready[Math.floor((hour / 2) * (ready.length - 1))];
    expect([at(0.9), at(1.3)]).toEqual([1, 5]);
  });

  it('ends constant under constant load, within the bounds, without thrash', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1200 }), (rate) => {
        const { series, all } = run(world({ max: 16 }), constant(rate));
        const wanted = series['']?.wanted ?? [];
        const end = wanted.slice(-Math.floor(wanted.length / 3));
        expect(new Set(end).size).toBe(1);
        expect(end[0]).toBeGreaterThanOrEqual(1);
        expect(end[0]).toBeLessThanOrEqual(16);
        // At most the correction of the first guess, which a queue at the start made too high.
        expect(all.thrash).toBeLessThanOrEqual(1);
      }),
      { numRuns: 25 },
    );
  });

  it('never costs less for more load', () => {
    // Without a tolerance: within it, a count that came from above stays higher than one that came from below.
    const spec = world({ tuning: { tolerance: 0 } });
    const load = fc.integer({ min: 0, max: 900 });
    fc.assert(
      fc.property(load, load, (a, b) => {
        const [less, more] = [run(spec, constant(Math.min(a, b))), run(spec, constant(Math.max(a, b)))];
        expect(more.all.processHours).toBeGreaterThanOrEqual(less.all.processHours - 1e-9);
        expect(more.vms.hours).toBeGreaterThanOrEqual(less.vms.hours - 1e-9);
      }),
      { numRuns: 25 },
    );
  });
});

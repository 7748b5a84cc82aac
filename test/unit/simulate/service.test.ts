import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { newTraffic, serve, type ServiceModel } from '../../../src/simulate/service.ts';

const model: ServiceModel = {
  serviceTime: millis(100),
  concurrency: 10,
  patience: millis(10_000),
  objective: millis(500),
};
const step = (rate: number, count: number, more = {}) => ({
  rate,
  count,
  seconds: 10,
  delayed: 0,
  wait: 0,
  waking: false,
  ...more,
});

describe('serve', () => {
  it('has rate times time in flight below capacity (Little)', () => {
    const traffic = newTraffic();
    serve(traffic, model, step(50, 1));
    // Half of 100 requests/s: ρ = 0.5, c = 10, P(wait) = 0.5^(√22 − 1) = 0.0774; Wq = 100 · 0.0774 ÷ (10 · 0.5) = 1.55 ms.
    expect(traffic.responseTime).toBeCloseTo(101.55, 1);
    expect(traffic.inFlight).toBeCloseTo((50 * 101.55) / 1000, 2);
    expect(traffic.utilization).toBe(0.5);
    expect(traffic.slow).toBeLessThan(0.01);
    expect(traffic).toMatchObject({ arrived: 500, refused: 0, backlog: 0 });
  });

  it('queues what is above capacity, and drains it when there are more processes', () => {
    const traffic = newTraffic();
    serve(traffic, model, step(120, 1));
    // 1200 came, 1000 were served.
    expect(traffic).toMatchObject({ backlog: 200, refused: 0, utilization: 1 });
    expect(traffic.slow).toBe(1200);
    serve(traffic, model, step(120, 2));
    expect(traffic).toMatchObject({ backlog: 0, refused: 0 });
    serve(traffic, model, step(120, 2));
    expect(traffic.slow).toBeLessThan(1);
  });

  it('refuses what would wait longer than patience, and everything when nothing is there', () => {
    const traffic = newTraffic();
    serve(traffic, model, step(300, 1));
    // 3000 came, 1000 were served, 10 s at 100 requests/s wait.
    expect(traffic).toMatchObject({ backlog: 1000, refused: 1000 });
    serve(traffic, model, step(30, 0));
    expect(traffic).toMatchObject({ backlog: 0, refused: 1300, arrived: 300 });
  });

  it('lets requests wait for a process that is being woken', () => {
    const traffic = newTraffic();
    serve(traffic, model, step(3, 0, { waking: true }));
    expect(traffic).toMatchObject({ backlog: 30, refused: 0, slow: 30 });
    serve(traffic, model, step(3, 1));
    expect(traffic).toMatchObject({ backlog: 0, refused: 0 });
  });

  it('counts those as slow that a waking keeps beyond the objective', () => {
    const traffic = newTraffic();
    serve(traffic, model, step(10, 1, { delayed: 0.2, wait: 2000 }));
    expect(traffic.slow).toBeCloseTo(20, 3);
    serve(traffic, model, step(10, 1, { delayed: 0.003, wait: 30 }));
    expect(traffic.slow).toBeLessThan(0.01);
  });

  it('neither loses nor invents requests, and more load never makes them faster', () => {
    const rate = fc.double({ min: 0, max: 500, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(rate, fc.integer({ min: 0, max: 6 })), { maxLength: 20 }), (steps) => {
        const traffic = newTraffic();
        let [came, went] = [0, 0];
        for (const [load, count] of steps) {
          serve(traffic, model, step(load, count));
          came += traffic.arrived;
          went += traffic.refused + traffic.utilization * count * 1000;
          expect(traffic.slow).toBeLessThanOrEqual(traffic.arrived + 1e-6);
        }
        expect(came - went - traffic.backlog).toBeCloseTo(0, 3);
      }),
    );
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: 1, max: 6 }), (a, b, count) => {
        const [low, high] = [newTraffic(), newTraffic()];
        serve(low, model, step(Math.min(a, b), count));
        serve(high, model, step(Math.max(a, b), count));
        expect(high.responseTime).toBeGreaterThanOrEqual(low.responseTime - 1e-9);
        expect(high.inFlight).toBeGreaterThanOrEqual(low.inFlight - 1e-9);
        expect(high.refused).toBeGreaterThanOrEqual(low.refused);
      }),
    );
  });
});

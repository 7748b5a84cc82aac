/** Knative's rules and ours side by side, over any load. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SubscriptionMemory } from '../../../src/model/memory.ts';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { SubscriptionSample } from '../../../src/model/signal.ts';
import type { ScalingTuning } from '../../../src/model/policy.ts';
import { aSample, decisionsOf, NOW, SECOND } from './scene.ts';

const KPA: Partial<ScalingTuning> = {
  window: millis(60 * SECOND),
  panic: { window: millis(6 * SECOND), threshold: 2 },
  tolerance: 0,
  cooldown: { up: millis(0), down: millis(0) },
  downWindow: millis(0),
};

describe('decide as Knative', () => {
  it('decides as its rules do, tick after tick of 2 s', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ load: fc.nat(2000), ticks: fc.integer({ min: 1, max: 40 }) }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.constantFrom(0, 30, 300),
        fc.constantFrom(1, 7, 70),
        (phases, delay, target) => {
          const loads = phases.flatMap(({ load, ticks }) => Array.from({ length: ticks }, () => load));
          const tuning = { ...KPA, downWindow: millis(delay * SECOND) };
          const knative = kpa(target, delay);
          let samples: SubscriptionSample[] = [];
          let memory: Partial<SubscriptionMemory> = { desired: 1 };
          let ready = 1;
          loads.forEach((load, tick) => {
            const now = instant(NOW + tick * 2 * SECOND);
            samples = [...samples.slice(-60), aSample(now, { requestsInFlight: load })];
            const decided = decisionsOf({
              shop: { min: 1, max: 100_000, target: { requestsInFlight: target }, tuning },
              processes: ready,
              now,
              samples,
              memory: { ...memory, ...(tick === 0 ? { wanted: [{ at: now, count: 0 }] } : {}) },
            });
            const wanted = knative(tick * 2, load, ready);
            expect([tick, decided.processes.shop?.desired]).toEqual([tick, wanted]);
            memory = decided.memory.subscriptions.shop ?? {};
            ready = wanted;
          });
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);
});

/** Knative's rules, with bounds of 1 and no rates: seconds, concurrency and ready pods in, desired pods out. */
function kpa(target: number, delay: number): (at: number, load: number, ready: number) => number {
  const loads: { at: number; load: number }[] = [];
  const decided: { at: number; count: number }[] = [];
  let panicAt: number | undefined;
  let most = 0;
  return (at, load, ready) => {
    loads.push({ at, load });
    const need = (window: number) => {
      const within = loads.filter((entry) => at - entry.at < window);
      return Math.ceil(within.reduce((sum, entry) => sum + entry.load, 0) / within.length / target);
    };
    const stable = need(60);
    const short = need(6);
    if (short / Math.max(1, ready) >= 2) panicAt = at;
    else if (panicAt !== undefined && panicAt + 60 < at) {
      panicAt = undefined;
      most = 0;
    }
    let desired = stable;
    if (panicAt !== undefined) desired = most = Math.max(most, short, stable);
    decided.push({ at, count: desired });
    const delayed = decided.filter((entry) => entry.at === at || at - entry.at < delay);
    return Math.max(1, ...delayed.map(({ count }) => count));
  };
}

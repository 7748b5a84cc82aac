/** Laws of rollouts that go on over several runs, in virtual time: policy decides, the planner plans, the reference model does it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surgeOf } from '../../src/model/amount.ts';
import type { PlanAndRecords } from '../support/rollout-worlds.ts';
import { aRolloutWorld, begin, runOnce, type RolloutWorld } from '../support/rollout-worlds.ts';
import { markRevision } from '../../src/policy/rollout/mark.ts';
import { instant, millis } from '../../src/model/quantity.ts';
import type { RolloutPolicy } from '../../src/model/policy.ts';

const RUNS = { numRuns: Number(process.env.STRATOS_PROPERTY_RUNS ?? 150) };

const policies: fc.Arbitrary<Partial<RolloutPolicy>> = fc
  .record({
    strategy: fc.constantFrom('rolling' as const, 'canary' as const, 'blueGreen' as const),
    maxSurge: fc.constantFrom(0, 1, 2, { share: 0.25 }),
    maxUnavailable: fc.constantFrom(0, 1, 2, { share: 0.5 }),
    batch: fc.constantFrom(undefined, 1, 2, { share: 0.5 }),
    pause: fc.constantFrom(0, 90),
    minHealthy: fc.constantFrom(0, 30, 70),
    canaries: fc.constantFrom(1, 2),
  })
  .filter(({ maxSurge, maxUnavailable }) => maxSurge !== 0 || maxUnavailable !== 0)
  .map(({ batch, pause, minHealthy, canaries, ...rest }) => ({
    ...rest,
    ...(batch === undefined ? {} : { batch, pause: millis(pause * 1000) }),
    minHealthy: millis(minHealthy * 1000),
    canary: { share: 0.1, processes: canaries, for: millis(120_000), promote: 'manual' as const, maxErrorRate: 0.01 },
    keep: millis(60_000),
  }));

const scenes = fc.record({ policy: policies, wanted: fc.integer({ min: 1, max: 6 }), step: fc.constantFrom(10, 60) });

/** Runs until the rollout is over; a canary that waits for somebody is promoted. */
function rollToEnd(from: RolloutWorld, step: number, onRun: (run: PlanAndRecords) => void): RolloutWorld {
  let now = from;
  for (let n = 0; n < 200; n += 1) {
    const run = runOnce(now, step);
    onRun(run);
    now = run.after;
    const newest = now.revisions.at(-1);
    if (newest?.state !== 'rolling') return now;
    if (newest.phase === 'canary' && newest.phaseAt !== undefined) {
      const promoted = markRevision(newest, 'promote', undefined, instant(now.time));
      if (typeof promoted === 'string') throw new Error(promoted);
      now = { ...now, revisions: [...now.revisions.slice(0, -1), promoted] };
    }
  }
  throw new Error(`the rollout never came to an end: ${JSON.stringify(now.revisions.at(-1))}`);
}

describe('a rollout over several runs', { timeout: 120_000 }, () => {
  it('comes to its end, and never has more or fewer processes on the way than its policy says', () => {
    fc.assert(
      fc.property(scenes, ({ policy, wanted, step }) => {
        const world = begin(aRolloutWorld(wanted, policy));
        const { rollout } = world.subscription;
        const { surge, unavailable } = surgeOf(rollout, wanted);
        const beside =
          rollout.strategy === 'canary' ? rollout.canary.processes : rollout.strategy === 'blueGreen' ? wanted : 0;
        // Without a surge one may be away while it is replaced in place.
        const least = wanted - Math.max(unavailable, surge === 0 ? 1 : 0);
        const end = rollToEnd(world, step, ({ counts }) => {
          for (const { total, ready } of counts) {
            expect(total).toBeLessThanOrEqual(wanted + Math.max(surge, beside));
            expect(ready).toBeGreaterThanOrEqual(least);
          }
        });
        expect(end.revisions.at(-1)?.state).toBe('succeeded');
        expect(end.world.inventory.processes).toHaveLength(wanted);
        for (const { fingerprint } of end.world.inventory.processes)
          expect(fingerprint).toBe(end.revisions.at(-1)?.fingerprint);
        const again = runOnce(end, step);
        expect(again.plan.stages).toEqual([]);
        expect(again.changed).toEqual([]);
      }),
      RUNS,
    );
  });

  it('comes to its end also where another one overtakes it', () => {
    fc.assert(
      fc.property(scenes, fc.nat(6), ({ policy, wanted, step }, before) => {
        let now = begin(aRolloutWorld(wanted, policy));
        const { surge } = surgeOf(now.subscription.rollout, wanted);
        for (let n = 0; n <= before && now.revisions.at(-1)?.state !== 'succeeded'; n += 1)
          now = runOnce(now, step).after;
        const end = rollToEnd(begin(now, 'php:3'), step, ({ counts }) => {
          for (const { total } of counts) expect(total).toBeLessThanOrEqual(2 * wanted + surge + 2);
        });
        expect(end.revisions.at(-1)?.state).toBe('succeeded');
        for (const { fingerprint } of end.world.inventory.processes)
          expect(fingerprint).toBe(end.revisions.at(-1)?.fingerprint);
        expect(runOnce(end, step).plan.stages).toEqual([]);
      }),
      RUNS,
    );
  });

  it('plans nothing while it is paused, wherever it stands', () => {
    fc.assert(
      fc.property(scenes, fc.nat(6), ({ policy, wanted, step }, before) => {
        let now = begin(aRolloutWorld(wanted, policy));
        for (let n = 0; n <= before && now.revisions.at(-1)?.state !== 'succeeded'; n += 1)
          now = runOnce(now, step).after;
        const newest = now.revisions.at(-1);
        if (newest?.state !== 'rolling') return;
        const paused = markRevision(newest, 'pause', undefined, instant(now.time));
        if (typeof paused === 'string') throw new Error(paused);
        const run = runOnce({ ...now, revisions: [...now.revisions.slice(0, -1), paused] }, step);
        expect(run.plan.stages).toEqual([]);
        expect(run.changed).toEqual([]);
      }),
      RUNS,
    );
  });

  it('goes back to what was there when it is aborted, and stays there', () => {
    fc.assert(
      fc.property(scenes, fc.nat(6), ({ policy, wanted, step }, before) => {
        const start = aRolloutWorld(wanted, policy);
        let now = begin(start);
        for (let n = 0; n <= before && now.revisions.at(-1)?.state !== 'succeeded'; n += 1)
          now = runOnce(now, step).after;
        const newest = now.revisions.at(-1);
        if (newest?.state !== 'rolling') return;
        const aborted = markRevision(newest, 'abort', now.revisions.at(-2), instant(now.time));
        if (typeof aborted === 'string') throw new Error(aborted);
        now = { ...now, revisions: [...now.revisions.slice(0, -1), aborted] };
        for (let n = 0; n < 3; n += 1) now = runOnce(now, step).after;
        expect(runOnce(now, step).plan.stages).toEqual([]);
        expect(now.world.inventory.processes.map(({ fingerprint }) => fingerprint)).toEqual(
          Array.from({ length: wanted }, () => start.revisions.at(-1)?.fingerprint),
        );
      }),
      RUNS,
    );
  });
});

import { describe, expect, test } from 'vitest';
import type { ProcessRecord } from '../../../src/model/inventory.ts';
import type { ObservedProcess } from '../../../src/model/observation.ts';
import type { NeedSpec, Spec } from '../../../src/model/spec.ts';
import type { World } from '../../../src/plan/reference/world.ts';
import { followOf } from '../../../src/policy/needs.ts';
import { aSpec, aSubscription, converge, planFor, planInput } from '../../support/builders.ts';

const follows = (ratio: number, lead: number) =>
  followOf(aSubscription('app', { needs: [{ subscription: 'db', ratio }] }), () => lead);

describe('followOf', () => {
  test.each([
    [2, 3, 6],
    [0.5, 3, 2],
    [0.1, 30, 3],
    [1.5, 0, 0],
  ])('makes of %d for each of %d: %d', (ratio, lead, count) => {
    expect(follows(ratio, lead)?.count).toBe(count);
  });

  test('takes the most of several, and says why', () => {
    const needs = [{ subscription: 'db', ratio: 2 }, { subscription: 'cache', ratio: 1 }, 'mail'];
    const found = followOf(aSubscription('app', { needs }), (alias) => (alias === 'cache' ? 5 : 2));
    expect(found).toEqual({ count: 5, reason: 'follows cache: 1 for each of 5 makes 5' });
    expect(followOf(aSubscription('app', { needs: ['db'] }), () => 5)).toBeUndefined();
  });
});

const decisionsOf = (spec: Spec, world: World) => planInput(spec, world).decisions.processes;

describe('decide', () => {
  const scaled = (ratio: number, bounds: { readonly min: number; readonly max: number }) =>
    aSpec({
      subscriptions: {
        db: { min: 3 },
        app: { ...bounds, needs: [{ subscription: 'db', ratio }] },
        web: { min: 1, needs: [{ subscription: 'app', ratio: 0.5 }] },
      },
    });

  test('lets a count follow within its own bounds, and whoever follows that', () => {
    const spec = scaled(2, { min: 1, max: 20 });
    const { app, web } = decisionsOf(spec, converge(spec));
    expect([app?.desired, app?.reasons.at(-1), web?.desired]).toEqual([6, 'follows db: 2 for each of 3 makes 6', 3]);
    const tight = scaled(2, { min: 1, max: 4 });
    expect(decisionsOf(tight, converge(tight)).app).toMatchObject({
      desired: 4,
      reasons: [
        expect.any(String),
        'follows db: 2 for each of 3 makes 6; lowered from 6 to 4 by policy app-scaling: max 4',
      ],
    });
  });

  const tied = (needs: Readonly<Record<string, NeedSpec['whenLost']>>) =>
    aSpec({
      subscriptions: {
        db: { min: 2 },
        cache: { min: 1 },
        app: { min: 2, needs: [{ subscription: 'db', whenLost: needs.app ?? 'keep' }, 'cache'] },
        web: { min: 1, needs: [{ subscription: 'app', whenLost: needs.web ?? 'keep' }] },
        other: { min: 1 },
      },
    });
  /** The world with the containers of an alias stopped; with `all` false but one. */
  const lose = (world: World, alias: string, all = true): World => {
    let left = all ? 0 : 1;
    const stop = (process: ObservedProcess): ObservedProcess =>
      process.subscription === alias && left-- <= 0 ? { ...process, state: 'stopped' } : process;
    const vms = Object.entries(world.observation.vms).map(
      ([name, vm]) => [name, vm.status === 'reached' ? { ...vm, processes: vm.processes.map(stop) } : vm] as const,
    );
    return { ...world, observation: { ...world.observation, vms: Object.fromEntries(vms) } };
  };
  const desired = (spec: Spec, world: World) =>
    Object.fromEntries(Object.entries(decisionsOf(spec, world)).map(([alias, decision]) => [alias, decision.desired]));
  const asEver = { db: 2, cache: 1, app: 2, web: 1, other: 1 };

  test('leaves dependents alone by default, and while one of what they need answers', () => {
    const kept = tied({});
    expect(desired(kept, lose(converge(kept), 'db'))).toEqual(asEver);
    const stops = tied({ app: 'stop' });
    expect(desired(stops, lose(converge(stops), 'db', false))).toEqual(asEver);
  });

  test('ends those that shall not outlive it, and who needs these in turn', () => {
    const spec = tied({ app: 'stop' });
    const world = lose(converge(spec), 'db');
    expect(desired(spec, world)).toEqual({ ...asEver, app: 0 });
    expect(decisionsOf(spec, world).app?.reasons.at(-1)).toBe(
      'it ends as db, which it needs, is lost: none of its 2 processes answers',
    );
    const both = tied({ app: 'stop', web: 'stop' });
    expect(desired(both, lose(converge(both), 'db'))).toEqual({ ...asEver, app: 0, web: 0 });
  });

  test('ends all that is tied to it, but what is lost itself, which is mended', () => {
    const spec = tied({ app: 'stop-all' });
    expect(desired(spec, lose(converge(spec), 'db'))).toEqual({ db: 2, cache: 0, app: 0, web: 0, other: 1 });
  });

  test('starts them again in order once it is back', () => {
    const spec = tied({ app: 'stop', web: 'stop' });
    const settled = converge(spec, lose(converge(spec), 'db'));
    expect(desired(spec, settled)).toEqual(asEver);
    expect(planFor(spec, settled).stages).toEqual([]);
  });

  test('does not end whoever is only about to need it, nor for what cannot be seen', () => {
    const before = aSpec({ subscriptions: { app: { min: 1 } } });
    const after = aSpec({
      subscriptions: { app: { min: 1, needs: [{ subscription: 'db', whenLost: 'stop' }] }, db: { min: 1 } },
    });
    expect(desired(after, converge(before))).toEqual({ app: 1, db: 1 });
    const spec = tied({ app: 'stop' });
    const world = converge(spec);
    const vms = Object.fromEntries(
      Object.keys(world.observation.vms).map((name) => [
        name,
        { status: 'unreachable' as const, message: 'no answer' },
      ]),
    );
    expect(desired(spec, { ...world, observation: { ...world.observation, vms: vms as never } })).toEqual(asEver);
  });

  test('keeps records of what was needed', () => {
    const spec = tied({});
    const needs = (process: ProcessRecord) => process.needs;
    expect(
      converge(spec)
        .inventory.processes.filter(({ subscription }) => subscription === 'app')
        .map(needs),
    ).toEqual([
      ['cache', 'db'],
      ['cache', 'db'],
    ]);
  });
});

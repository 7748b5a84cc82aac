/** What holds whatever the load, the policy and the order of things. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SubscriptionMemory } from '../../../src/model/memory.ts';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { SubscriptionSample } from '../../../src/model/signal.ts';
import type { ScalingTuning } from '../../../src/model/policy.ts';
import { decide, type DecideInput } from '../../../src/policy/decide.ts';
import { dealBudget } from '../../../src/policy/budget.ts';
import type { SubscriptionOptions } from '../../support/builders.ts';
import {
  ago,
  aProcess,
  aSample,
  aVm,
  decisionOf,
  decisionsOf,
  inputOf,
  MINUTE,
  NOW,
  QUIET,
  SECOND,
  UNREACHABLE,
  type Scene,
} from './scene.ts';

const duration = (most: number) => fc.integer({ min: 0, max: most }).map((seconds) => millis(seconds * SECOND));
const noTuning = { predict: millis(0) };

const tuning: fc.Arbitrary<Partial<ScalingTuning>> = fc.record({
  window: fc.integer({ min: 6, max: 120 }).map((seconds) => millis(seconds * SECOND)),
  panic: fc.record({
    window: fc.integer({ min: 1, max: 12 }).map((seconds) => millis(seconds * SECOND)),
    threshold: fc.double({ min: 1.1, max: 5, noNaN: true }),
  }),
  tolerance: fc.double({ min: 0, max: 0.3, noNaN: true }),
  cooldown: fc.record({ up: duration(120), down: duration(600) }),
  downWindow: duration(600),
  step: fc.record({ up: fc.integer({ min: 1, max: 30 }), down: fc.integer({ min: 1, max: 30 }) }),
});

const bounds = fc
  .record({ min: fc.nat(8), more: fc.nat(30) })
  .map(({ min, more }) => ({ min, max: Math.max(1, min + more) }));

const idlePolicy = fc.record(
  {
    freezeAfter: fc.constant(millis(MINUTE)),
    stopAfter: fc.constant(millis(5 * MINUTE)),
    wake: fc.constantFrom('on-request' as const, 'never' as const),
    coldStart: fc.boolean(),
  },
  { requiredKeys: [] },
);

const shopOf = (target: Readonly<Record<string, number>>): fc.Arbitrary<SubscriptionOptions> =>
  fc
    .record({ bounds, tuning, idle: fc.option(idlePolicy, { nil: undefined }) })
    .map((parts) => ({ ...parts.bounds, target, tuning: parts.tuning, ...(parts.idle ? { idle: parts.idle } : {}) }));

const ageOf = fc.integer({ min: 0, max: 240 * SECOND });

/** Memory of a run like those before, with times of the past. */
const memory: fc.Arbitrary<SubscriptionMemory> = fc.record(
  {
    desired: fc.nat(30),
    raisedAt: ageOf.map(ago),
    loweredAt: ageOf.map(ago),
    panic: fc.record({ since: ageOf, last: ageOf, count: fc.nat(40) }).map(({ since, last, count }) => ({
      since: ago(Math.max(since, last)),
      last: ago(Math.min(since, last)),
      count,
    })),
    wanted: fc
      .array(fc.record({ age: ageOf, count: fc.nat(40) }), { maxLength: 4 })
      .map((list) => list.toSorted((a, b) => b.age - a.age).map(({ age, count }) => ({ at: ago(age), count }))),
  },
  { requiredKeys: ['wanted'] },
);

const loads = fc.uniqueArray(fc.tuple(ageOf, fc.double({ min: 0, max: 600, noNaN: true })), {
  minLength: 1,
  maxLength: 12,
  selector: ([age]) => age,
});

const samplesOf = (of: readonly (readonly [number, number])[], factor = 1): SubscriptionSample[] =>
  of.map(([age, load]) => aSample(ago(age), { requestsInFlight: load * factor })).toSorted((a, b) => a.at - b.at);

const target = { requestsInFlight: 20 };
const RUNS = { numRuns: 400 };

describe('decide', () => {
  it('decides the same without its reasons', () => {
    fc.assert(
      fc.property(shopOf(target), memory, loads, fc.nat(20), (shop, remembered, load, processes) => {
        const input = inputOf({ shop, memory: remembered, processes, samples: samplesOf(load) });
        const loud = decide(input);
        const quiet = decide({ ...input, quiet: true });
        const wordless = Object.fromEntries(
          Object.entries(loud.processes).map(([alias, decision]) => [alias, { ...decision, reasons: [], needs: [] }]),
        );
        expect(quiet).toEqual({ ...loud, processes: wordless });
      }),
      RUNS,
    );
  });

  it('never wants fewer for a higher load', () => {
    fc.assert(
      fc.property(
        shopOf(target),
        memory,
        loads,
        fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 12, maxLength: 12 }),
        fc.nat(20),
        (shop, remembered, load, more, processes) => {
          const scene = { shop, memory: remembered, processes };
          const higher = load.map(([age, value], at) => [age, value + (more[at] ?? 0)] as const);
          const less = decisionOf({ ...scene, samples: samplesOf(load) });
          const greater = decisionOf({ ...scene, samples: samplesOf(higher) });
          expect(greater.desired).toBeGreaterThanOrEqual(less.desired);
          expect(greater.needed ?? 0).toBeGreaterThanOrEqual(less.needed ?? 0);
        },
      ),
      RUNS,
    );
  });

  it('never wants fewer for a load that is everywhere so many times as high, predicted too', () => {
    fc.assert(
      fc.property(
        shopOf(target),
        duration(120),
        memory,
        loads,
        fc.double({ min: 1, max: 5, noNaN: true }),
        (shop, predict, remembered, load, factor) => {
          const scene = { shop: { ...shop, tuning: { ...shop.tuning, predict } }, memory: remembered, processes: 4 };
          const less = decisionOf({ ...scene, samples: samplesOf(load) });
          expect(decisionOf({ ...scene, samples: samplesOf(load, factor) }).desired).toBeGreaterThanOrEqual(
            less.desired,
          );
        },
      ),
      RUNS,
    );
  });

  it('never leaves the bounds, on any path', () => {
    fc.assert(
      fc.property(
        fc.oneof(shopOf(target), shopOf({})),
        fc.option(memory, { nil: undefined }),
        fc.option(loads, { nil: undefined }),
        fc.nat(40),
        fc.nat(3),
        fc.boolean(),
        (shop, remembered, load, processes, refused, unreachable) => {
          const vms = [1, 2, 3, 4, 5].map((n) => aVm(`web-${n}`));
          const decision = decisionOf({
            shop,
            processes,
            vms,
            seen: unreachable ? Object.fromEntries(vms.map(({ name }) => [name, UNREACHABLE])) : {},
            measurement: { refused: { shop: refused } },
            ...(remembered ? { memory: remembered } : {}),
            ...(load ? { samples: samplesOf(load) } : {}),
          });
          expect(decision.desired).toBeGreaterThanOrEqual(shop.min ?? 0);
          expect(decision.desired).toBeLessThanOrEqual(shop.max ?? 0);
          expect(decision.needed ?? 0).toBeLessThanOrEqual(decision.desired);
          expect(decision.reasons.length).toBeGreaterThan(0);
        },
      ),
      RUNS,
    );
  });

  it('holds without data', () => {
    fc.assert(
      fc.property(shopOf(target), memory, fc.nat(40), loads, (shop, remembered, processes, load) => {
        const { min = 0, max = 0 } = shop;
        const stale = load.map(([age, value]) => [age + 2 * 120 * SECOND + 1, value] as const);
        const decision = decisionOf({ shop, processes, memory: remembered, samples: samplesOf(stale) });
        const floor =
          shop.idle && shop.idle.wake !== 'never' && !(shop.idle.coldStart === true && processes === 0) ? 1 : 0;
        const have = remembered.desired ?? processes;
        expect(decision.desired).toBe(Math.max(min, Math.min(max, Math.max(floor, have))));
        expect(decision.sleep).toEqual({});
      }),
      RUNS,
    );
  });

  it('lowers nothing in panic, but to the maximum', () => {
    fc.assert(
      fc.property(shopOf(target), memory, loads, fc.nat(30), (shop, remembered, load, processes) => {
        const decided = decisionsOf({ shop, processes, memory: remembered, samples: samplesOf(load) });
        const desired = decided.processes.shop?.desired ?? -1;
        const panic = decided.memory.subscriptions.shop?.panic;
        const have = remembered.desired ?? processes;
        if (panic) expect(desired).toBeGreaterThanOrEqual(Math.min(have, shop.max ?? 0));
        if (panic && remembered.panic) expect(panic.count).toBeGreaterThanOrEqual(remembered.panic.count);
      }),
      RUNS,
    );
  });

  it('does not mind the order of anything', () => {
    const order = fc.array(fc.integer(), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(shopOf(target), memory, loads, order, (shop, remembered, load, keys) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((value, at) => [keys[at % keys.length] ?? 0, value] as const)
            .toSorted(([a], [b]) => a - b)
            .map(([, value]) => value);
        const shuffled = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
          Object.fromEntries(shuffle(Object.entries(record)));
        const input = inputOf({
          shop,
          processes: Array.from({ length: 6 }, (_, at) => aProcess(`shop-${at + 1}`, { vm: `web-${(at % 3) + 1}` })),
          vms: ['web-1', 'web-2', 'web-3', 'db-1'].map((name) => aVm(name)),
          partition: { min: 0 },
          asleep: { 'shop-4': 'frozen', 'shop-5': 'stopped' },
          samples: samplesOf(load),
          memory: remembered,
          measured: Object.fromEntries([1, 2, 3].map((n) => [`shop-${n}`, QUIET])),
          policyMemory: {
            idleSince: { 'shop-1': ago(9 * MINUTE), 'shop-2': ago(8 * MINUTE) },
            vms: { 'web-2': { unneededSince: ago(60 * MINUTE) } },
          },
          spec: {
            partitions: { web: { min: 0 }, db: {} },
            subscriptions: { shop: { port: 8080, ...shop }, blog: { min: 3 } },
            guards: { maxVms: 6 },
          },
        });
        const other: DecideInput = {
          ...input,
          spec: {
            ...input.spec,
            subscriptions: shuffled(input.spec.subscriptions),
            partitions: shuffled(input.spec.partitions),
          },
          inventory: {
            ...input.inventory,
            vms: shuffle(input.inventory.vms),
            processes: shuffle(input.inventory.processes),
          },
          observation: { ...input.observation, vms: shuffled(input.observation.vms) },
          history: { shop: shuffle(input.history.shop ?? []) },
        };
        // As text: the order of keys is part of it.
        expect(JSON.stringify(sortKeys(decide(other)))).toBe(JSON.stringify(sortKeys(decide(input))));
        expect(Object.keys(decide(other).processes)).toEqual(Object.keys(decide(input).processes));
        expect(Object.keys(decide(other).vms)).toEqual(Object.keys(decide(input).vms));
      }),
      { numRuns: 100 },
    );
  });

  it('puts to sleep and wakes only whom it may, and leaves as many awake as are needed', () => {
    fc.assert(
      fc.property(
        shopOf(target),
        loads,
        fc.array(
          fc.record({ asleep: fc.constantFrom('frozen', 'stopped', undefined), busy: fc.boolean(), age: fc.nat(900) }),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        (shop, load, crew) => {
          const names = crew.map((_, at) => `shop-${at + 1}`);
          const by = <T>(of: (member: (typeof crew)[number]) => T | undefined) =>
            Object.fromEntries(
              crew.flatMap((member, at) => {
                const value = of(member);
                return value === undefined ? [] : [[names[at] ?? '', value] as const];
              }),
            );
          const scene: Scene = {
            shop,
            processes: names.map((name) => aProcess(name)),
            asleep: by(({ asleep }) => asleep),
            measured: by(({ asleep, busy }) => (asleep ? undefined : busy ? { ...QUIET, requestsInFlight: 1 } : QUIET)),
            policyMemory: { idleSince: by(({ age }) => ago(age * SECOND)) },
            samples: samplesOf(load),
          };
          const { sleep, wake, needed = 0 } = decisionOf(scene);
          const awake = crew.filter(({ asleep }) => asleep === undefined).length;
          for (const [name, { depth }] of Object.entries(sleep)) {
            const member = crew[names.indexOf(name)];
            expect(member?.asleep === undefined ? member?.busy : depth === 'frozen').toBe(false);
            expect(wake).not.toHaveProperty(name);
          }
          for (const name of Object.keys(wake)) expect(crew[names.indexOf(name)]?.asleep).toBeDefined();
          const falling = Object.keys(sleep).filter((name) => crew[names.indexOf(name)]?.asleep === undefined).length;
          expect(awake - falling).toBeGreaterThanOrEqual(Math.min(awake, needed));
          if (shop.idle?.freezeAfter ?? shop.idle?.stopAfter)
            expect(Object.keys(wake).length).toBe(Math.min(crew.length - awake, Math.max(0, needed - awake)));
        },
      ),
      RUNS,
    );
  });
});

describe('decide, run after run', () => {
  /** None, or one that is more than a rounding. */
  const steady = fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 500, noNaN: true }));

  /** Decides each `interval`, with all that was decided made at once, for a load that depends on time alone. */
  function run(shop: SubscriptionOptions, interval: number, runs: number, loadAt: (at: number) => number): number[] {
    let samples: SubscriptionSample[] = [];
    let remembered: SubscriptionMemory | undefined;
    let processes = shop.min ?? 0;
    return Array.from({ length: runs }, (_, turn) => {
      const now = instant(NOW + turn * interval);
      if (processes > 0) samples.push(aSample(now, { requestsInFlight: loadAt(now) }, { count: processes }));
      samples = samples.slice(-40);
      const decided = decisionsOf({
        shop,
        processes,
        now,
        samples,
        ...(remembered ? { memory: remembered } : {}),
        measurement: { refused: { shop: processes === 0 && loadAt(now) > 0 ? 1 : 0 } },
      });
      remembered = decided.memory.subscriptions.shop;
      processes = decided.processes.shop?.desired ?? 0;
      return processes;
    });
  }

  it('comes to rest at what a constant load needs, and stays', () => {
    fc.assert(
      fc.property(
        shopOf(target),
        fc.constantFrom(10, 30, 60, 3600),
        steady,
        duration(120),
        (options, interval, load, predict) => {
          const { min = 0, max = 0 } = options;
          const shop = { ...options, tuning: { ...options.tuning, predict } };
          const counts = run(shop, interval * SECOND, 400, () => load);
          const rest = counts.at(-1) ?? -1;
          // 400 runs of 10 s are longer than every window and cooldown, and than 30 steps of one with the longest cooldown up.
          expect(new Set(counts.slice(-20))).toEqual(new Set([rest]));
          const need = Math.ceil(load / 20);
          const tolerated = Math.max(1, load / 20) * (1 + (options.tuning?.tolerance ?? 0) * 1.5) + 1;
          expect(rest).toBeLessThanOrEqual(Math.max(min, Math.min(max, Math.ceil(Math.max(1, tolerated))), 1));
          expect(rest).toBeGreaterThanOrEqual(Math.max(min, Math.min(max, Math.floor(need * 0.7))));
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it('never goes down and up again under a constant load', () => {
    fc.assert(
      fc.property(shopOf(target), fc.constantFrom(10, 60), steady, (shop, interval, load) => {
        const counts = run(shop, interval * SECOND, 60, () => load);
        const turns = counts
          .map((count, at) => Math.sign(count - (counts[at - 1] ?? count)))
          .filter((way) => way !== 0);
        expect(turns.filter((way, at) => at > 0 && way !== turns[at - 1]).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('follows a step up in one run and comes down after the window', () => {
    const shop = { min: 1, max: 50, target, tuning: noTuning };
    const counts = run(shop, 10 * SECOND, 90, (at) =>
      at - NOW < 20 * SECOND ? 20 : at - NOW < 120 * SECOND ? 400 : 20,
    );
    expect(counts.slice(0, 2)).toEqual([1, 1]);
    // 400 / 20 = 20 in the short window, twenty times what is ready: panic.
    expect(counts[2]).toBe(20);
    // The last sample before the fall is five minutes old in run 41.
    expect(counts.slice(3, 41).every((count) => count === 20)).toBe(true);
    expect(counts[41]).toBe(17);
    expect(counts.at(-1)).toBe(1);
  });
});

describe('dealBudget', () => {
  it('never allows more than the guards together, and takes nothing away', () => {
    const ask = fc.record({
      have: fc.nat(6),
      min: fc.nat(4),
      max: fc.integer({ min: 0, max: 12 }),
      demand: fc.nat(12),
      price: fc.constantFrom(0, 0.1, 0.25, 1),
    });
    fc.assert(
      fc.property(
        fc.array(ask, { minLength: 1, maxLength: 6 }),
        fc.nat(30),
        fc.option(
          fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
          { nil: undefined },
        ),
        (parts, maxVms, maxCostPerHour) => {
          const asks = parts.map((part, at) => ({ partition: `p${at}`, ...part }));
          const total = asks.reduce((sum, { have }) => sum + have, 0);
          const cost = asks.reduce((sum, { have, price }) => sum + have * price, 0);
          const guards = { maxVms, ...(maxCostPerHour === undefined ? {} : { maxCostPerHour }) };
          const { grants } = dealBudget(asks, { total, cost }, guards);
          let further = 0;
          let spent = 0;
          let spend = 0;
          for (const { partition, have, max, price } of asks) {
            const grant = grants.get(partition);
            expect(grant?.max).toBeGreaterThanOrEqual(Math.min(max, have));
            expect(grant?.max).toBeLessThanOrEqual(max);
            const more = Math.max(0, (grant?.max ?? 0) - have);
            further += more;
            spent += more * price;
            spend += grant?.spend ?? 0;
            if (grant?.spend !== undefined) expect(more * price).toBeLessThanOrEqual(grant.spend + 1e-6);
          }
          expect(further).toBeLessThanOrEqual(Math.max(0, maxVms - total));
          const left = Math.max(0, (maxCostPerHour ?? Infinity) - cost);
          expect(spent).toBeLessThanOrEqual(left + 1e-6);
          if (maxCostPerHour !== undefined) expect(spend).toBeLessThanOrEqual(left + 1e-6);
        },
      ),
      RUNS,
    );
  });
});

/** An equal value with its keys in order. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sortKeys(entry)]),
  );
}

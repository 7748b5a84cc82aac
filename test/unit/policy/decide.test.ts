import { describe, expect, it } from 'vitest';
import type { ProcessState } from '../../../src/model/inventory.ts';
import { millis } from '../../../src/model/quantity.ts';
import { decide } from '../../../src/policy/decide.ts';
import {
  ago,
  aProcess,
  aSample,
  AT_ONCE,
  aVm,
  decisionOf,
  decisionsOf,
  inputOf,
  MINUTE,
  NOW,
  SECOND,
  UNREACHABLE,
  type Scene,
} from './scene.ts';

const ready = (count: number): ProcessState[] => Array.from({ length: count }, () => 'ready');
const target = { requestsInFlight: 20 };
const rif = (requestsInFlight: number, at = NOW) => aSample(at, { requestsInFlight });

describe('decide', () => {
  it.each([
    ['runs the minimum where there is no target', { min: 2 }, ready(5), 2],
    ['runs nothing where the minimum is 0', { min: 0 }, [], 0],
    ['holds the count where nothing was measured', { min: 2, max: 9, target }, ready(5), 5],
    ['raises to the minimum', { min: 2, max: 9, target }, ready(1), 2],
    ['lowers to the maximum', { min: 2, max: 4, target }, ready(9), 4],
    ['counts what is being created and what failed', { min: 0, max: 9, target }, ['creating', 'failed', 'ready'], 3],
    ['leaves out what leaves', { min: 0, max: 9, target }, ['leaving', 'ready'], 1],
  ] as const)('%s', (_, shop, processes, desired) => {
    const decision = decisionOf({ shop, processes });
    expect(decision.desired).toBe(desired);
    expect(decision.reasons.length).toBeGreaterThan(0);
  });

  it('says that there is no data, signal by signal, and which bound it met', () => {
    const shop = { min: 2, max: 4, target: { requestsInFlight: 20, cpu: 0.7 } };
    const decision = decisionOf({ shop, processes: 9 });
    expect(decision.reasons).toEqual([
      'no data for cpu: the count holds',
      'no data for requestsInFlight: the count holds; lowered from 9 to 4 by policy shop-scaling: max 4',
    ]);
    expect(decision.current).toBe(9);
    expect(decision.needs).toEqual([
      { signal: 'cpu', target: 0.7, formula: 'no data for cpu' },
      { signal: 'requestsInFlight', target: 20, formula: 'no data for requestsInFlight' },
    ]);
  });

  it('says why a signal is missing, before all else', () => {
    const measurement = { problems: { shop: ['queue: its command ended with 1'] } };
    expect(decisionOf({ shop: { target: { queue: 5 } }, processes: 2, measurement }).reasons).toEqual([
      'queue: its command ended with 1',
      'no data for queue: the count holds',
    ]);
    expect(decisionOf({ shop: { target }, processes: 2, samples: [rif(40)], measurement }).reasons[0]).toBe(
      'queue: its command ended with 1',
    );
  });

  it('raises at once to what the load needs', () => {
    const decision = decisionOf({ shop: { min: 2, target }, processes: 4, samples: [rif(118)] });
    expect(decision.desired).toBe(6);
    expect(decision.needed).toBe(6);
    expect(decision.reasons).toEqual(['requestsInFlight needs 6: 118 / 20 = 5.9']);
    expect(decision.needs).toEqual([
      {
        signal: 'requestsInFlight',
        target: 20,
        stable: 118,
        panic: 118,
        need: 6,
        formula: '118 / 20 = 5.9, needs 6 (mean of 1 sample in 1m); last 6s: 118 / 20, needs 6',
      },
    ]);
  });

  it('takes the highest need of several signals', () => {
    const shop = { min: 1, target: { cpu: 0.7, memory: 0.5, requestsInFlight: 20 }, tuning: AT_ONCE };
    const decision = decisionOf({
      shop,
      processes: 5,
      samples: [aSample(NOW, { cpu: 1.4, memory: 2.6, requestsInFlight: 50 })],
    });
    expect(decision.needs.map(({ signal, need }) => [signal, need])).toEqual([
      ['cpu', 2],
      ['memory', 6],
      ['requestsInFlight', 3],
    ]);
    expect(decision.desired).toBe(6);
    expect(decision.reasons).toEqual(['memory needs 6: 2.6 / 0.5 = 5.2']);
  });

  it('lets a signal without data lower nothing, and others raise', () => {
    const shop = { min: 1, target: { cpu: 0.7, requestsInFlight: 20 }, tuning: AT_ONCE };
    const less = decisionOf({ shop, processes: 5, samples: [rif(20)] });
    expect(less.desired).toBe(5);
    expect(less.reasons).toEqual(['requestsInFlight needs 1: 20 / 20 = 1', 'no data for cpu: the count holds']);
    const more = decisionOf({ shop, processes: 5, samples: [rif(120)] });
    expect(more.desired).toBe(6);
    expect(more.reasons).toEqual(['no data for cpu: the count holds', 'requestsInFlight needs 6: 120 / 20 = 6']);
  });

  it('takes a stale sample, and one to come, for no data', () => {
    for (const at of [ago(2 * MINUTE + 1), NOW + 1]) {
      const decision = decisionOf({
        shop: { min: 0, target },
        processes: 5,
        samples: [aSample(at, { requestsInFlight: 400 })],
      });
      expect(decision.desired).toBe(5);
      expect(decision.reasons).toEqual(['no data for requestsInFlight: the count holds']);
    }
  });

  it('holds at the count that was decided, not at one that exists for a while', () => {
    const scene: Scene = { shop: { min: 1, target }, memory: { desired: 5 } };
    expect(decisionOf({ ...scene, processes: 6 }).desired).toBe(5);
    expect(decisionOf({ ...scene, processes: 3 }).desired).toBe(5);
  });
});

describe('decide, going down', () => {
  const shop = { min: 1, target };

  it('holds for a window where nothing is remembered, and says so', () => {
    const decision = decisionOf({ shop, processes: 5, samples: [rif(20)] });
    expect(decision.desired).toBe(5);
    expect(decision.reasons).toEqual([
      'requestsInFlight needs 1: 20 / 20 = 1',
      'stays at 5 and not 1: so many were wanted within the last 5m',
    ]);
    const memory = { desired: 5 };
    expect(decisionOf({ shop, processes: 5, samples: [rif(20)], memory }).desired).toBe(5);
  });

  it('takes the most that was wanted in the window', () => {
    const memory = { desired: 5, wanted: [{ at: ago(4 * MINUTE), count: 3 }] };
    const decision = decisionOf({ shop, processes: 5, samples: [rif(20)], memory });
    expect(decision.desired).toBe(3);
    expect(decision.reasons.at(-1)).toBe('goes down to 3 and not 1: so many were wanted within the last 5m');
  });

  it('does not go up for what was wanted before', () => {
    const memory = { desired: 5, wanted: [{ at: ago(MINUTE), count: 30 }] };
    expect(decisionOf({ shop, processes: 5, samples: [rif(20)], memory }).desired).toBe(5);
  });

  it('goes down when the window has passed', () => {
    const memory = {
      desired: 5,
      wanted: [
        { at: ago(5 * MINUTE), count: 5 },
        { at: ago(MINUTE), count: 1 },
      ],
    };
    const decided = decisionsOf({ shop, processes: 5, samples: [rif(20)], memory });
    expect(decided.processes.shop?.desired).toBe(1);
    expect(decided.memory.subscriptions.shop).toEqual({ desired: 1, loweredAt: NOW, wanted: [{ at: NOW, count: 1 }] });
  });

  it('waits for the cooldown and keeps to the step', () => {
    const tuning = { ...AT_ONCE, cooldown: { up: millis(MINUTE), down: millis(MINUTE) }, step: { up: 2, down: 1 } };
    const at = (memory: Scene['memory'], load: number) =>
      decisionOf({
        shop: { min: 1, target, tuning },
        processes: 5,
        samples: [rif(load)],
        memory: { desired: 5, ...memory },
      });
    expect(at({ loweredAt: ago(MINUTE - 1) }, 20).desired).toBe(5);
    expect(at({ loweredAt: ago(MINUTE) }, 20).desired).toBe(4);
    expect(at({ raisedAt: ago(MINUTE - 1) }, 180).desired).toBe(5);
    expect(at({ raisedAt: ago(MINUTE) }, 180)).toMatchObject({
      desired: 7,
      reasons: [
        'requestsInFlight needs 9: 180 / 20 = 9',
        'goes to 7 and not yet 9: one step up is at most 2 processes',
      ],
    });
  });
});

describe('decide, memory', () => {
  const shop = { min: 1, target };

  it('knows when it raised and lowered, against what was decided before', () => {
    const memoryOf = (scene: Scene) => decisionsOf({ shop, ...scene }).memory.subscriptions.shop;
    const before = { desired: 3, raisedAt: ago(9), loweredAt: ago(8) };
    expect(memoryOf({ processes: 2, samples: [rif(60)], memory: before })).toMatchObject(before);
    expect(memoryOf({ processes: 2, samples: [rif(100)], memory: before })).toMatchObject({
      desired: 5,
      raisedAt: NOW,
      loweredAt: ago(8),
    });
    expect(memoryOf({ processes: 4, samples: [rif(100)] })).toEqual({
      desired: 5,
      raisedAt: NOW,
      wanted: [{ at: NOW, count: 5 }],
    });
    expect(memoryOf({ processes: 5, samples: [rif(100)] })).toEqual({ desired: 5, wanted: [{ at: NOW, count: 5 }] });
  });

  it('keeps what it has where there is no data', () => {
    const memory = {
      desired: 3,
      raisedAt: ago(9),
      panic: { since: ago(9), last: ago(9), count: 3 },
      wanted: [{ at: ago(20), count: 3 }],
    };
    expect(decisionsOf({ shop, processes: 3, memory }).memory.subscriptions.shop).toEqual(memory);
  });

  it('forgets what is gone', () => {
    const gone = { wanted: [] };
    const decided = decisionsOf({
      shop: { ...shop, idle: { freezeAfter: millis(MINUTE) } },
      processes: 1,
      measured: { 'shop-1': { requestsInFlight: 0, cpu: 0, sessions: 0 } },
      policyMemory: {
        subscriptions: { shop: gone, gone },
        vms: { 'web-1': { grewAt: ago(9) }, gone: { grewAt: ago(9) } },
        idleSince: { 'shop-1': ago(5), gone: ago(5) },
        bootFailures: { web: 1, gone: 1 },
        bootFailedAt: { web: ago(1), gone: ago(1) },
      },
    });
    expect(Object.keys(decided.memory.subscriptions)).toEqual(['shop']);
    expect(Object.keys(decided.memory.vms)).toEqual(['web-1']);
    expect(decided.memory.idleSince).toEqual({ 'shop-1': ago(5) });
    expect(decided.memory.bootFailures).toEqual({ web: 1 });
    expect(decided.memory.bootFailedAt).toEqual({ web: ago(1) });
    expect(decisionsOf({}).memory).not.toHaveProperty('bootFailedAt');
  });

  it('remembers nothing of what has no target', () => {
    expect(decisionsOf({ shop: { min: 2 }, processes: 2 }).memory.subscriptions).toEqual({});
  });

  it('takes times to come for now, so that a clock set back holds nothing up', () => {
    const later = ago(-60 * MINUTE);
    const decided = decisionsOf({
      shop: { ...shop, idle: { freezeAfter: millis(MINUTE) } },
      processes: 3,
      samples: [rif(60)],
      measured: { 'shop-1': { requestsInFlight: 0, cpu: 0, sessions: 0 } },
      memory: {
        desired: 3,
        raisedAt: later,
        loweredAt: later,
        panic: { since: later, last: later, count: 3 },
        wanted: [{ at: later, count: 7 }],
      },
      policyMemory: {
        vms: { 'web-1': { unneededSince: later, grewAt: later } },
        idleSince: { 'shop-1': later },
        bootFailedAt: { web: later },
      },
    });
    expect(decided.memory.idleSince).toEqual({ 'shop-1': NOW });
    expect(decided.memory.vms['web-1']).toMatchObject({ unneededSince: NOW, grewAt: NOW });
    expect(decided.memory.bootFailedAt).toEqual({ web: NOW });
    expect(decided.memory.subscriptions.shop).toEqual({
      desired: 3,
      raisedAt: NOW,
      loweredAt: NOW,
      panic: { since: NOW, last: NOW, count: 3 },
      wanted: [
        { at: NOW, count: 7 },
        { at: NOW, count: 3 },
      ],
    });
  });

  it('is not changed by deciding', () => {
    const input = inputOf({ shop, processes: 3, samples: [rif(600)], memory: { desired: 3 } });
    const copy = structuredClone(input);
    decide(input);
    expect(input).toEqual(copy);
  });
});

describe('decide, panic', () => {
  const shop = { min: 1, target, tuning: AT_ONCE };
  const quietUntilNow = [10, 20, 30, 40, 50].map((seconds) => rif(20, ago(seconds * SECOND)));

  it('rises on the short window, and remembers', () => {
    const decided = decisionsOf({ shop, processes: 2, samples: [...quietUntilNow, rif(100)] });
    // mean 200 / 6 = 33.3: 2; last 6 s: 100 / 20 = 5, and 5 / 2 ready is 2.5
    expect(decided.processes.shop).toMatchObject({ desired: 5, needed: 5 });
    expect(decided.processes.shop?.reasons).toEqual([
      'requestsInFlight needs 2: 33.33 / 20 = 1.667',
      'in panic since 0ms, requestsInFlight needs 5 now, the count only rises: 5',
    ]);
    expect(decided.memory.subscriptions.shop?.panic).toEqual({ since: NOW, last: NOW, count: 5 });
  });

  it('does not rise on it below the threshold', () => {
    expect(decisionOf({ shop, processes: 3, samples: [...quietUntilNow, rif(100)] }).desired).toBe(2);
  });

  it('stays up while it lasts, and is forgotten after', () => {
    const panic = { since: ago(MINUTE), last: ago(MINUTE), count: 5 };
    const memory = { desired: 5, panic };
    expect(decisionOf({ shop, processes: 5, samples: [rif(20)], memory }).desired).toBe(5);
    const over = { desired: 5, panic: { ...panic, last: ago(MINUTE + 1) } };
    const after = decisionsOf({ shop, processes: 5, samples: [rif(20)], memory: over });
    expect(after.processes.shop?.desired).toBe(1);
    expect(after.memory.subscriptions.shop).not.toHaveProperty('panic');
  });

  it('keeps to the maximum', () => {
    expect(decisionOf({ shop: { ...shop, max: 4 }, processes: 2, samples: [rif(9000)] }).desired).toBe(4);
  });
});

describe('decide, schedules', () => {
  const schedules = [
    { cron: '0 9 * * *', timezone: 'UTC', duration: millis(2 * 60 * MINUTE), processes: { min: 4, max: 6 } },
  ];

  it('moves minimum and maximum while it holds', () => {
    const shop = { min: 1, max: 20, schedules };
    expect(decisionOf({ shop, processes: 1 })).toMatchObject({
      desired: 4,
      reasons: ['policy shop-scaling has no target: the minimum of 4 of schedule "0 9 * * *" UTC for 2h runs'],
    });
    expect(decisionOf({ shop, processes: 1, now: ago(2 * 60 * MINUTE) }).desired).toBe(1);
    expect(decisionOf({ shop: { ...shop, target }, processes: 9 })).toMatchObject({
      desired: 6,
      reasons: [
        'no data for requestsInFlight: the count holds; lowered from 9 to 6 by schedule "0 9 * * *" UTC for 2h: max 6',
      ],
    });
  });
});

describe('decide, from and to nothing', () => {
  const shop = { min: 0, target, tuning: AT_ONCE };

  it('goes to none without load', () => {
    expect(decisionOf({ shop, processes: 2, samples: [rif(0)] }).desired).toBe(0);
  });

  it('stays at none until requests found nobody, and then has one for a while', () => {
    expect(decisionOf({ shop, processes: 0 }).desired).toBe(0);
    const refused = { refused: { shop: 3 } };
    const slow = { ...shop, tuning: { ...AT_ONCE, downWindow: millis(MINUTE) } };
    const called = decisionsOf({ shop: slow, processes: 0, measurement: refused });
    expect(called.processes.shop).toMatchObject({ desired: 1, needed: 1 });
    expect(called.processes.shop?.reasons).toEqual([
      'no data for requestsInFlight: the count holds',
      '3 requests came while no process could take them',
    ]);
    const memory = called.memory.subscriptions.shop;
    const next = { shop: slow, processes: 1, samples: [rif(0)], memory: memory ?? {} };
    expect(decisionOf(next).desired).toBe(1);
  });

  it('has no need to be called where more run', () => {
    const decision = decisionOf({ shop, processes: 2, samples: [rif(40)], measurement: { refused: { shop: 1 } } });
    expect(decision.desired).toBe(2);
    expect(decision.reasons).toEqual(['requestsInFlight needs 2: 40 / 20 = 2']);
  });

  it('says when the minimum raised it', () => {
    expect(decisionOf({ shop: { min: 3, target }, processes: 1 }).reasons.at(-1)).toBe(
      'no data for requestsInFlight: the count holds; raised from 1 to 3 by policy shop-scaling: min 3',
    );
  });

  it('is not called back above its maximum, nor without target and idle policy', () => {
    const measurement = { refused: { shop: 1 } };
    expect(decisionOf({ shop: { min: 0, max: 0, target }, measurement }).desired).toBe(0);
    expect(decisionOf({ shop: { min: 0 }, measurement }).desired).toBe(0);
  });
});

describe('decide, where most VMs do not answer', () => {
  const names = Array.from({ length: 9 }, (_, at) => `web-${at + 1}`);
  const scene = (away: number, parts: Scene = {}): Scene => ({
    shop: { min: 1, max: 20, target, idle: { freezeAfter: millis(MINUTE) } },
    processes: 5,
    samples: [rif(900)],
    vms: names.map((name) => aVm(name)),
    seen: Object.fromEntries(names.slice(0, away).map((name) => [name, UNREACHABLE])),
    memory: { desired: 5, wanted: [{ at: ago(9), count: 5 }] },
    ...parts,
  });

  it('changes nothing, and says so everywhere', () => {
    const decided = decisionsOf({
      ...scene(5),
      asleep: { 'shop-5': 'frozen' },
      measurement: { refused: { shop: 2 } },
    });
    const why = '5 of 9 VMs do not answer, and from 45% nothing is changed';
    expect(decided.alarms).toEqual([why]);
    expect(decided.processes.shop).toMatchObject({
      desired: 5,
      needed: 0,
      sleep: {},
      wake: {},
      reasons: [`${why}: the count holds`],
    });
    expect(decided.vms.web?.hold).toBe(why);
    expect(decided.memory.subscriptions.shop).toEqual({ desired: 5, wanted: [{ at: ago(9), count: 5 }] });
  });

  it('puts nobody to sleep and wakes nobody, also on VMs that answer', () => {
    const here = (name: string) => aProcess(name, { vm: 'web-9' });
    const decision = decisionOf({
      ...scene(5),
      shop: { min: 1, target },
      processes: [here('shop-1'), here('shop-2')],
      asleep: { 'shop-2': 'frozen' },
    });
    expect(decision).toMatchObject({ awake: 1, sleep: {}, wake: {}, notes: [], needs: [] });
  });

  it('does so from exactly the share of the guards on', () => {
    const twenty = Array.from({ length: 20 }, (_, at) => `web-${at + 1}`);
    const of = (away: number) =>
      decisionsOf({
        vms: twenty.map((name) => aVm(name)),
        seen: Object.fromEntries(twenty.slice(0, away).map((name) => [name, UNREACHABLE])),
        policyMemory: { vms: { 'web-20': { unneededSince: ago(60 * MINUTE) } } },
      });
    expect(of(9).alarms).toHaveLength(1);
    expect(of(9).vms.web?.removable).toEqual({});
    expect(of(8).alarms).toEqual([]);
    expect(of(8).vms.web?.removable).toHaveProperty('web-20');
  });

  it('still keeps to the bounds', () => {
    expect(decisionOf(scene(5, { processes: 0, memory: { desired: 0 } })).desired).toBe(1);
  });

  it('goes on where fewer are away', () => {
    expect(decisionsOf(scene(4)).alarms).toEqual([]);
    expect(decisionOf(scene(4)).desired).toBe(20);
  });

  it('goes on where no more than three are away, however many that is', () => {
    const few = { vms: names.slice(0, 3).map((name) => aVm(name)) };
    expect(decisionsOf(scene(3, few)).alarms).toEqual([]);
  });
});

describe('decide, for the plan', () => {
  it('passes on the bound on changes', () => {
    expect(decisionsOf({ spec: { guards: { maxChangesPerRun: 7 } } }).maxChanges).toBe(7);
    expect(decisionsOf({})).not.toHaveProperty('maxChanges');
  });

  it('counts who is awake', () => {
    const decision = decisionOf({
      shop: { min: 1, idle: { freezeAfter: millis(MINUTE) } },
      processes: [aProcess('shop-1'), aProcess('shop-2'), aProcess('shop-3', { state: 'creating' })],
      asleep: { 'shop-2': 'frozen' },
    });
    expect(decision).toMatchObject({ current: 3, awake: 2 });
  });
});

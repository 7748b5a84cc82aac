import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { ProcessSample } from '../../../src/model/signal.ts';
import { useOf } from '../../../src/policy/idle.ts';
import type { SubscriptionOptions } from '../../support/builders.ts';
import {
  ago,
  aProcess,
  aSample,
  AT_ONCE,
  aVm,
  decisionOf,
  decisionsOf,
  MINUTE,
  NOW,
  QUIET,
  SECOND,
  UNREACHABLE,
  type Scene,
} from './scene.ts';

const idle = { freezeAfter: millis(5 * MINUTE), stopAfter: millis(30 * MINUTE) };
const target = { requestsInFlight: 20 };
const IDLE = { name: 'nap', wake: 'on-request', cpuBelow: 0.05, sessions: true, coldStart: false } as const;

/** So many quiet processes, idle since then. */
function quiet(since: Readonly<Record<string, number>>, parts: Scene = {}): Scene {
  const names = Object.keys(since);
  return {
    shop: { min: names.length, idle },
    processes: names.map((name) => aProcess(name)),
    measured: Object.fromEntries(names.map((name) => [name, QUIET])),
    policyMemory: { idleSince: Object.fromEntries(names.map((name) => [name, ago(since[name] ?? 0)])) },
    ...parts,
  };
}

describe('useOf', () => {
  const use = (sample: ProcessSample | undefined, policy = {}, served = true, since = ago(MINUTE)) =>
    useOf(sample, { ...IDLE, ...policy }, served, since, NOW);

  it('is idle where all is quiet, since it was known', () => {
    expect(use(QUIET)).toEqual({ use: 'idle', since: ago(MINUTE) });
    expect(useOf(QUIET, IDLE, true, undefined, NOW)).toEqual({ use: 'idle', since: NOW });
    expect(use({ ...QUIET, cpu: 0.05 })).toMatchObject({ use: 'idle' });
  });

  it.each<[string, ProcessSample, object]>([
    ['requests', { ...QUIET, requestsInFlight: 1 }, {}],
    ['CPU', { ...QUIET, cpu: 0.051 }, {}],
    ['a session', { ...QUIET, sessions: 1 }, {}],
    ['its own probe', { ...QUIET, busy: true }, { busy: ['true'] }],
    ['CPU, although nothing else is known', { cpu: 1 }, {}],
  ])('is busy with %s', (_, sample, policy) => {
    expect(use(sample, policy)).toEqual({ use: 'busy' });
  });

  it.each<[string, ProcessSample | undefined, object]>([
    ['it was not measured', undefined, {}],
    ['no data for requestsInFlight', { cpu: 0, sessions: 0 }, {}],
    ['no data for cpu', { requestsInFlight: 0, sessions: 0 }, {}],
    ['no data for sessions', { requestsInFlight: 0, cpu: 0 }, {}],
    ['no data for its own probe', QUIET, { busy: ['true'] }],
  ])('is not known: %s', (missing, sample, policy) => {
    expect(use(sample, policy)).toEqual({ use: 'unknown', missing });
  });

  it('asks for nothing that the policy does not', () => {
    expect(use({ ...QUIET, sessions: 3 }, { sessions: false })).toMatchObject({ use: 'idle' });
    expect(use({ requestsInFlight: 0, cpu: 0 }, { sessions: false })).toMatchObject({ use: 'idle' });
    expect(use({ ...QUIET, busy: true })).toMatchObject({ use: 'idle' });
    expect(use({ cpu: 0, sessions: 0 }, {}, false)).toMatchObject({ use: 'idle' });
  });

  it('counts from the last use where that was later, and from no time to come', () => {
    expect(use({ ...QUIET, lastUsed: ago(SECOND) })).toEqual({ use: 'idle', since: ago(SECOND) });
    expect(use({ ...QUIET, lastUsed: ago(2 * MINUTE) })).toEqual({ use: 'idle', since: ago(MINUTE) });
    expect(use({ ...QUIET, lastUsed: instant(NOW + SECOND) })).toEqual({ use: 'idle', since: NOW });
  });
});

describe('decide, going to sleep', () => {
  it('freezes and stops after the times of the policy', () => {
    const decision = decisionOf(
      quiet({
        'shop-1': 5 * MINUTE - 1,
        'shop-2': 5 * MINUTE,
        'shop-3': 30 * MINUTE - 1,
        'shop-4': 30 * MINUTE,
      }),
    );
    expect(decision.sleep).toEqual({
      'shop-2': { depth: 'frozen', reason: 'idle for 5m: idle policy nap has it frozen after 5m' },
      'shop-3': { depth: 'frozen', reason: 'idle for 30m: idle policy nap has it frozen after 5m' },
      'shop-4': { depth: 'stopped', reason: 'idle for 30m: idle policy nap has it stopped after 30m' },
    });
    expect(decision).toMatchObject({ desired: 4, wake: {}, notes: [] });
  });

  it('goes one step only where the policy has one', () => {
    const since = { 'shop-1': 40 * MINUTE };
    const depth = (policy: SubscriptionOptions['idle']) =>
      decisionOf(quiet(since, { shop: { min: 1, idle: policy ?? {} } })).sleep['shop-1']?.depth;
    expect(depth({ freezeAfter: millis(MINUTE) })).toBe('frozen');
    expect(depth({ stopAfter: millis(MINUTE) })).toBe('stopped');
    expect(depth({})).toBeUndefined();
  });

  it('remembers since when each is idle, and forgets it when used', () => {
    const scene = quiet({ 'shop-1': MINUTE, 'shop-2': MINUTE, 'shop-3': MINUTE });
    const measured = { 'shop-1': QUIET, 'shop-2': { ...QUIET, requestsInFlight: 1 } };
    expect(decisionsOf({ ...scene, measured }).memory.idleSince).toEqual({ 'shop-1': ago(MINUTE) });
  });

  it('puts nobody to sleep of whom something is not known, and says what', () => {
    const scene = quiet({ 'shop-1': 60 * MINUTE, 'shop-2': 60 * MINUTE, 'shop-3': 60 * MINUTE, 'shop-4': 60 * MINUTE });
    const measured = { 'shop-1': { requestsInFlight: 0, sessions: 0 }, 'shop-2': { cpu: 0 }, 'shop-3': { cpu: 0 } };
    const decision = decisionOf({ ...scene, measured });
    expect(decision.sleep).toEqual({});
    expect(decision.notes).toEqual([
      '1 process stays awake: it was not measured, and no data is not idle',
      '1 process stays awake: no data for cpu, and no data is not idle',
      '2 processes stay awake: no data for requestsInFlight, and no data is not idle',
    ]);
  });

  it('leaves alone who is not ready', () => {
    const scene = quiet({ 'shop-1': 60 * MINUTE });
    for (const state of ['creating', 'failed', 'leaving'] as const)
      expect(decisionOf({ ...scene, processes: [aProcess('shop-1', { state })] }).sleep).toEqual({});
  });

  it('keeps awake what the load needs, and lets go who is idle the longest', () => {
    const since = { 'shop-1': 6 * MINUTE, 'shop-2': 9 * MINUTE, 'shop-3': 7 * MINUTE, 'shop-4': 7 * MINUTE };
    const shop = { min: 4, target, idle, tuning: AT_ONCE };
    const decision = decisionOf(quiet(since, { shop, samples: [aSample(NOW, { requestsInFlight: 25 })] }));
    expect(decision.needed).toBe(2);
    expect(Object.keys(decision.sleep)).toEqual(['shop-2', 'shop-4']);
    expect(decision.notes).toEqual(['2 idle processes stay awake for the load']);
  });

  it('keeps awake what was wanted within the scale-down window', () => {
    const memory = { desired: 2, wanted: [{ at: ago(MINUTE), count: 1 }] };
    const scene = quiet({ 'shop-1': 9 * MINUTE, 'shop-2': 8 * MINUTE }, { shop: { min: 2, target, idle }, memory });
    const decision = decisionOf({ ...scene, samples: [aSample(NOW, { requestsInFlight: 0 })] });
    expect(Object.keys(decision.sleep)).toEqual(['shop-1']);
    expect(decision).toMatchObject({ needed: 0, notes: ['1 idle process stays awake for the load'] });
  });

  it('puts nobody to sleep while a signal of the target has no data', () => {
    const scene = quiet({ 'shop-1': 60 * MINUTE });
    expect(decisionOf({ ...scene, shop: { min: 1, target, idle } }).sleep).toEqual({});
  });

  it('puts nobody to sleep whom nothing could wake', () => {
    const options = { min: 1, idle };
    const unserved = (wake: 'on-request' | 'never') => {
      const scene = quiet({ 'shop-1': 6 * MINUTE });
      return decisionOf({ ...scene, spec: { subscriptions: { shop: { ...options, idle: { ...idle, wake } } } } });
    };
    expect(unserved('on-request').sleep).toEqual({});
    expect(unserved('never').sleep).toHaveProperty('shop-1');
    const hosted = { subscriptions: { shop: { ...options, hosts: ['shop.example.org'] } } };
    expect(decisionOf({ ...quiet({ 'shop-1': 6 * MINUTE }), spec: hosted }).sleep).toHaveProperty('shop-1');
  });
});

describe('decide, asleep', () => {
  const asleep = { 'shop-1': 'frozen', 'shop-2': 'stopped' } as const;

  it('stops the frozen after a while, and does nothing more to the stopped', () => {
    const at = (since: number) => decisionOf({ ...quiet({ 'shop-1': since, 'shop-2': since }), asleep });
    expect(at(30 * MINUTE - 1).sleep).toEqual({});
    expect(at(30 * MINUTE).sleep).toEqual({
      'shop-1': { depth: 'stopped', reason: 'idle for 30m: idle policy nap has it stopped after 30m' },
    });
    expect(at(30 * MINUTE).wake).toEqual({});
  });

  it('does not freeze anew what is frozen', () => {
    const shop = { min: 2, idle: { freezeAfter: millis(MINUTE) } };
    expect(decisionOf({ ...quiet({ 'shop-1': 60 * MINUTE, 'shop-2': 60 * MINUTE }), shop, asleep }).sleep).toEqual({});
  });

  it('stays idle in memory without being measured, and from now where nothing is remembered', () => {
    const scene = { ...quiet({ 'shop-1': 60 * MINUTE }), asleep, measured: {} };
    expect(decisionsOf(scene).memory.idleSince).toEqual({ 'shop-1': ago(60 * MINUTE) });
    expect(decisionsOf({ ...scene, policyMemory: {} }).memory.idleSince).toEqual({ 'shop-1': NOW });
    const used = { 'shop-1': { lastUsed: ago(MINUTE) } };
    expect(decisionsOf({ ...scene, measured: used }).memory.idleSince).toEqual({ 'shop-1': ago(MINUTE) });
  });

  it('counts by the record where the VM does not answer, and by what is seen where it does', () => {
    const scene = (seen: Scene['seen'], processes = [aProcess('shop-1', { asleep: 'frozen' })]) =>
      decisionOf({ shop: { min: 1, idle }, processes, ...(seen ? { seen } : {}) }).awake;
    expect(scene({ 'web-1': UNREACHABLE })).toBe(0);
    expect(scene(undefined)).toBe(1);
    expect(scene({ 'web-1': UNREACHABLE }, [aProcess('shop-1')])).toBe(1);
  });

  it('needs nobody while all sleep, but for what only an own signal can know', () => {
    const scene: Scene = { shop: { min: 1, target, idle, tuning: AT_ONCE }, processes: 2, asleep };
    const decision = decisionOf(scene);
    expect(decision).toMatchObject({ desired: 1, needed: 0, awake: 0 });
    expect(decision.reasons[0]).toBe('requestsInFlight needs 0: all sleep');
    expect(decision.needs[0]).toMatchObject({ need: 0, formula: 'all 2 processes sleep, needs 0' });
    const queue = { ...scene, shop: { ...scene.shop, target: { queue: 5 } } };
    expect(decisionOf(queue).reasons).toEqual(['no data for queue: the count holds']);
    expect(decisionOf({ ...scene, asleep: { 'shop-1': 'frozen' } }).desired).toBe(2);
    const panic = { since: ago(9 * MINUTE), last: ago(9 * MINUTE), count: 2 };
    expect(decisionOf({ ...scene, memory: { desired: 2, panic } }).desired).toBe(1);
  });
});

describe('decide, waking', () => {
  const sleepers = {
    'shop-2': 'stopped',
    'shop-3': 'frozen',
    'shop-4': 'frozen',
    'shop-5': 'stopped',
  } as const;
  const scene = (load: number, parts: Scene = {}): Scene => ({
    shop: { min: 5, target, idle, tuning: AT_ONCE },
    processes: 5,
    asleep: sleepers,
    samples: [aSample(NOW, { requestsInFlight: load })],
    ...parts,
  });

  it('wakes as many as are missing, the ones that wake soonest first', () => {
    const decision = decisionOf(scene(50));
    expect(decision).toMatchObject({ desired: 5, needed: 3, awake: 1 });
    const reason = '3 processes are needed and 1 is awake and ready';
    expect(decision.wake).toEqual({ 'shop-3': reason, 'shop-4': reason });
    expect(Object.keys(decisionOf(scene(61)).wake)).toEqual(['shop-3', 'shop-4', 'shop-2']);
  });

  it('wakes those that could not be woken at last', () => {
    const wakeFailures = { 'shop-3': 'its port did not listen', 'shop-2': 'its port did not listen' };
    expect(Object.keys(decisionOf(scene(81, { wakeFailures })).wake)).toEqual(['shop-4', 'shop-5', 'shop-3', 'shop-2']);
  });

  it('creates only what is still missing when all are awake', () => {
    const decision = decisionOf(scene(125));
    expect(decision.desired).toBe(7);
    expect(Object.keys(decision.wake)).toHaveLength(4);
  });

  it('wakes for the short window in panic', () => {
    const before = [10, 20, 30, 40, 50].map((seconds) => aSample(ago(seconds * SECOND), { requestsInFlight: 0 }));
    const decision = decisionOf({ ...scene(0), samples: [...before, aSample(NOW, { requestsInFlight: 60 })] });
    expect(decision.needed).toBe(3);
    expect(Object.keys(decision.wake)).toHaveLength(2);
  });

  it('wakes nobody without need, and nobody that is about to', () => {
    expect(decisionOf(scene(20)).wake).toEqual({});
    const memory = { idleSince: { 'shop-3': ago(60 * MINUTE) } };
    const decision = decisionOf(scene(30, { policyMemory: memory }));
    expect(Object.keys(decision.wake)).toEqual(['shop-3']);
    expect(decision.sleep).toEqual({});
  });

  it('says it in the plural', () => {
    const awake = scene(61, { asleep: { 'shop-3': 'frozen', 'shop-4': 'frozen' } });
    expect(Object.values(decisionOf(awake).wake)).toEqual(['4 processes are needed and 3 are awake and ready']);
  });

  it('wakes one for requests that found nobody', () => {
    const shop = { min: 2, idle: { ...idle, wake: 'never' as const } };
    const asleep = { 'shop-1': 'stopped', 'shop-2': 'frozen' } as const;
    const called = { shop, processes: 2, asleep, measurement: { refused: { shop: 1 } } };
    expect(decisionOf(called).wake).toEqual({ 'shop-2': '1 process is needed and 0 are awake and ready' });
    expect(decisionOf({ ...called, measurement: {} }).wake).toEqual({});
    expect(decisionOf({ ...called, asleep: { 'shop-1': 'stopped' } }).wake).toEqual({});
  });

  it('wakes all where the idle policy is gone, or puts nobody to sleep any more', () => {
    const gone = decisionOf({ shop: { min: 2 }, processes: 2, asleep: { 'shop-2': 'stopped' } });
    expect(gone).toMatchObject({ wake: { 'shop-2': 'its subscription has no idle policy' }, sleep: {}, notes: [] });
    const never = decisionOf({ shop: { min: 2, idle: {} }, processes: 2, asleep: { 'shop-2': 'stopped' } });
    expect(never.wake).toEqual({ 'shop-2': 'idle policy nap puts it to sleep no more' });
  });
});

describe('decide, the last one', () => {
  const shop = { min: 0, target, idle, tuning: AT_ONCE };
  const none = [aSample(NOW, { requestsInFlight: 0 })];

  it('stays where a request can wake it', () => {
    const decision = decisionOf({ shop, processes: 2, samples: none });
    expect(decision).toMatchObject({ desired: 1, needed: 0 });
    expect(decision.reasons.at(-1)).toBe('one stays, awake or asleep, so that a request can wake it');
    expect(decisionOf({ shop: { min: 0, idle }, processes: 0 }).desired).toBe(1);
  });

  it('goes where no request wakes anybody', () => {
    const never = { ...shop, idle: { ...idle, wake: 'never' as const } };
    expect(decisionOf({ shop: never, processes: 2, samples: none }).desired).toBe(0);
    const spec = { subscriptions: { shop } };
    expect(decisionOf({ spec, processes: 2, samples: none }).desired).toBe(0);
  });

  it('goes after a cold start is allowed and it slept for long at the deepest', () => {
    // Stopped after 30 min; the partition's VMs wait 10 min.
    const cold = (since: number, depth: 'frozen' | 'stopped', policy: object = {}, parts: Scene = {}) =>
      decisionOf({
        ...quiet({ 'shop-1': since }),
        shop: { ...shop, idle: { ...idle, coldStart: true, ...policy } },
        asleep: { 'shop-1': depth },
        ...parts,
      });
    expect(cold(40 * MINUTE, 'stopped').desired).toBe(0);
    expect(cold(40 * MINUTE - 1, 'stopped')).toMatchObject({
      desired: 1,
      reasons: [
        'requestsInFlight needs 0: all sleep',
        'one stays until all are stopped and idle for 40m: then a cold start is allowed',
      ],
    });
    expect(cold(40 * MINUTE, 'frozen').desired).toBe(1);
    const freezeOnly = { freezeAfter: millis(5 * MINUTE) };
    const frozen = (since: number, depth: 'frozen' | 'stopped') =>
      decisionOf({
        ...quiet({ 'shop-1': since }),
        shop: { ...shop, idle: { ...freezeOnly, coldStart: true } },
        asleep: { 'shop-1': depth },
      });
    expect(frozen(15 * MINUTE, 'frozen').desired).toBe(0);
    expect(frozen(15 * MINUTE - 1, 'frozen').reasons.at(-1)).toMatch(/all are frozen and idle for 15m/);
    expect(frozen(15 * MINUTE, 'stopped').desired).toBe(0);
    expect(cold(40 * MINUTE, 'stopped', {}, { asleep: {}, samples: none }).desired).toBe(1);
    expect(cold(40 * MINUTE, 'stopped', {}, { measurement: { refused: { shop: 1 } } }).desired).toBe(1);
    const waits = { partition: { scaleDown: { after: millis(20 * MINUTE) } } };
    expect(cold(50 * MINUTE - 1, 'stopped', {}, waits).desired).toBe(1);
    expect(cold(50 * MINUTE, 'stopped', {}, waits).desired).toBe(0);
  });

  it('waits for all of them', () => {
    const scene: Scene = {
      ...quiet({ 'shop-1': 60 * MINUTE, 'shop-2': MINUTE }),
      shop: { ...shop, idle: { ...idle, coldStart: true } },
      asleep: { 'shop-1': 'stopped', 'shop-2': 'stopped' },
      vms: [aVm('web-1')],
    };
    expect(decisionOf(scene).desired).toBe(1);
  });

  it('is not made before anybody asks where a cold start is allowed', () => {
    const cold = { shop: { min: 0, idle: { ...idle, coldStart: true } }, processes: 0 };
    expect(decisionOf(cold).desired).toBe(0);
    expect(decisionOf({ ...cold, measurement: { refused: { shop: 2 } } })).toMatchObject({
      desired: 1,
      reasons: [
        'policy shop-scaling has no target: its minimum of 0 runs',
        '2 requests came while no process could take them',
      ],
    });
  });

  it('is never more than the maximum', () => {
    expect(decisionOf({ shop: { ...shop, max: 0 }, processes: 0 }).desired).toBe(0);
  });
});

/** Rates, resets and what is not known, case by case. */
import { describe, expect, test } from 'vitest';
import { NO_COUNTERS, type Counters } from '../../../src/model/counters.ts';
import type { GatewayTraffic, Observation, ObservedProcess, ReachedVm } from '../../../src/model/observation.ts';
import { bytes, cores, instant, millis } from '../../../src/model/quantity.ts';
import { measure } from '../../../src/signals/measure.ts';
import { samplesOf } from '../../../src/signals/samples-of.ts';
import { anInventory, aSpec, type SubscriptionOptions } from '../../support/builders.ts';
import { aProcess, aReachedVm, aTraffic, records } from './worlds.ts';

const T = 1_700_000_000_000;
const specOf = (shop: SubscriptionOptions = {}) => aSpec({ subscriptions: { shop: { port: 8080, ...shop } } });
const seen = (at: number, vms: Observation['vms']): Observation => ({ at: instant(at), iaas: {}, vms });

/** Two looks in a row at `web-1` and others; the second one's result. */
function twice(
  first: Observation['vms'],
  second: Observation['vms'],
  options: { readonly apart?: number; readonly shop?: SubscriptionOptions } = {},
) {
  const spec = specOf(options.shop);
  const inventory = anInventory(records(second));
  const before = measure({ spec, inventory, observation: seen(T, first), counters: NO_COUNTERS });
  const observation = seen(T + (options.apart ?? 10_000), second);
  return {
    ...measure({ spec, inventory, observation, counters: before.counters }),
    before,
    spec,
    inventory,
    observation,
  };
}

const cpuOf = (
  from: Partial<ReachedVm>,
  to: Partial<ReachedVm>,
  a: Partial<ObservedProcess>,
  b: Partial<ObservedProcess>,
) =>
  twice(
    { 'web-1': aReachedVm({ uptime: 100, ...from, processes: [aProcess('shop-1', a)] }) },
    { 'web-1': aReachedVm({ uptime: 110, ...to, processes: [aProcess('shop-1', b)] }) },
    { shop: { target: { cpu: 0.5 } } },
  );
const using = (cpuSeconds: number, start = '1') => ({
  usage: { cpuSeconds, memory: bytes(0), pids: 1, start },
});

describe('CPU of a process', () => {
  test('is the growth of its counter as a share of its limit', () => {
    // 1 s in 10 s of a quarter of a core.
    const { measurement } = cpuOf({}, {}, using(5), using(6));
    expect(measurement.processes['shop-1']?.cpu).toBeCloseTo(0.4);
    expect(measurement.problems).toEqual({});
  });

  test.each([
    ['counts from zero after a restart', { uptime: 110 }, using(0.5, '2'), 0.2, undefined],
    [
      'is not known when its counter goes backwards without one',
      { uptime: 110 },
      using(4),
      undefined,
      /counter is new, or went backwards/,
    ],
    ['counts from zero, since the boot, after a boot', { uptime: 20, bootId: 'other' }, using(1), 0.2, undefined],
    ['is not known when the look before was too long ago', { uptime: 100_000 }, using(6), undefined, /too long ago/],
    ['is not known when the clock of its VM went backwards', { uptime: 50 }, using(6), undefined, /went backwards/],
    ['is not known when its VM does not tell the time', { uptime: Number.NaN }, using(6), undefined, /first look/],
  ])('%s', (_, vm, process, cpu, problem) => {
    const { measurement } = cpuOf({}, vm, using(5), process);
    if (cpu === undefined) expect(measurement.processes['shop-1']).not.toHaveProperty('cpu');
    else expect(measurement.processes['shop-1']?.cpu).toBeCloseTo(cpu);
    expect(measurement.problems.shop?.[0]).toEqual(problem && (expect.stringMatching(problem) as string));
  });

  test('is not known at the first look, and the reason is said', () => {
    const { before } = cpuOf({}, {}, using(5), using(6));
    expect(before.measurement.processes['shop-1']).not.toHaveProperty('cpu');
    expect(before.measurement.problems).toEqual({
      shop: ['shop-1: no cpu: this is the first look, the next one tells'],
    });
  });

  test('does not follow the clock of the operator', () => {
    for (const apart of [-3_600_000, 0, 1, 86_400_000]) {
      const { measurement } = twice(
        { 'web-1': aReachedVm({ uptime: 100, processes: [aProcess('shop-1', using(5))] }) },
        { 'web-1': aReachedVm({ uptime: 110, processes: [aProcess('shop-1', using(6))] }) },
        { apart },
      );
      expect(measurement.processes['shop-1']?.cpu).toBeCloseTo(0.4);
    }
  });

  test('is not known of a VM that reports twice, and the next look goes on from the first report', () => {
    const at = (uptime: number, cpu: number) => ({
      'web-1': aReachedVm({ uptime, cpuSeconds: cpu, processes: [aProcess('shop-1', using(cpu))] }),
    });
    const again = twice(at(100, 5), at(100.04, 5.04));
    expect(again.measurement.processes['shop-1']).not.toHaveProperty('cpu');
    expect(again.counters).toEqual(again.before.counters);
    const { measurement } = measure({ ...again, observation: seen(T + 10_000, at(110, 6)), counters: again.counters });
    expect(measurement.processes['shop-1']?.cpu).toBeCloseTo(0.4);
    expect(measurement.vms['web-1']?.cpu).toBeCloseTo(0.05);
  });

  test('goes on over a look that a VM did not answer', () => {
    const first = { 'web-1': aReachedVm({ uptime: 100, processes: [aProcess('shop-1', using(5))] }) };
    const dead = { 'web-1': { status: 'unreachable' as const, reason: 'timeout' as const, message: 'gone' } };
    const spec = specOf({ target: { cpu: 0.5 } });
    const inventory = anInventory(records(first));
    let counters: Counters = NO_COUNTERS;
    const look = (at: number, vms: Observation['vms']) => {
      const result = measure({ spec, inventory, observation: seen(at, vms), counters });
      ({ counters } = result);
      return result.measurement;
    };
    look(T, first);
    expect(look(T + 10_000, dead)).toMatchObject({
      processes: {},
      vms: {},
      problems: { shop: ['shop-1: not measured, as its VM does not answer'] },
    });
    const back = { 'web-1': aReachedVm({ uptime: 120, processes: [aProcess('shop-1', using(6))] }) };
    expect(look(T + 20_000, back).processes['shop-1']?.cpu).toBeCloseTo(0.2);
  });
});

describe('gateways', () => {
  const shop = (sessions: number, requests: number, more: Partial<GatewayTraffic['servers'][string]> = {}) =>
    aTraffic({ 'shop-1': { sessions, queued: 0, requests, errors: 0, ...more } });
  const fleet = (one: GatewayTraffic | undefined, two: GatewayTraffic | undefined, uptime: number) => ({
    'web-1': aReachedVm({ uptime, processes: [aProcess('shop-1')], traffic: one }),
    'web-2': aReachedVm({ uptime, traffic: two }),
  });

  test('are added up, and response times count by their requests', () => {
    const { measurement } = twice(
      fleet(shop(0, 100), shop(0, 1000), 100),
      fleet(
        shop(2, 190, { responseTime: millis(10) }),
        shop(3, 1010, { queued: 4, errors: 5, responseTime: millis(110) }),
        110,
      ),
    );
    expect(measurement.processes['shop-1']).toMatchObject({
      requestsInFlight: 9,
      queue: 4,
      requestsPerSecond: 10,
      errorsPerSecond: 0.5,
      lastUsed: T + 10_000,
    });
    expect(measurement.processes['shop-1']?.responseTime).toBeCloseTo(20);
  });

  test('that were loaded again have counted from zero', () => {
    const reloaded = { ...shop(0, 30), worker: '2.2', services: { shop: { refused: 3 } } };
    const { measurement } = twice(fleet(shop(0, 100), undefined, 100), fleet(reloaded, undefined, 110));
    expect(measurement.processes['shop-1']?.requestsPerSecond).toBe(3);
    expect(measurement.refused).toEqual({ shop: 3 });
  });

  test('whose counters go backwards in the same worker tell no rate, but what they count now', () => {
    const { measurement } = twice(fleet(shop(0, 100), undefined, 100), fleet(shop(2, 30), undefined, 110));
    expect(measurement.processes['shop-1']).toMatchObject({ requestsInFlight: 2 });
    expect(measurement.processes['shop-1']).not.toHaveProperty('requestsPerSecond');
  });

  test('at the first look tell the rate of the last second, and refused nobody', () => {
    const first = { ...shop(1, 5000, { rate: 7 }), services: { shop: { refused: 99 } } };
    const { before } = twice(fleet(first, undefined, 100), fleet(first, undefined, 110));
    expect(before.measurement.processes['shop-1']?.requestsPerSecond).toBe(7);
    expect(before.measurement).not.toHaveProperty('refused');
  });

  test('of which one does not tell its numbers make all sums unknown, not zero', () => {
    const { measurement, ...rest } = twice(
      fleet(shop(2, 1), shop(9, 1), 100),
      {
        ...fleet(shop(2, 1), undefined, 110),
        'web-2': aReachedVm({ gateway: { running: false, configDigest: 'd', servers: {} } }),
      },
      { shop: { target: { requestsInFlight: 5 } } },
    );
    expect(measurement.processes['shop-1']).not.toHaveProperty('requestsInFlight');
    expect(measurement.problems).toEqual({
      shop: ['shop-1: no requestsInFlight, as the gateway of web-2 does not tell its numbers'],
    });
    expect(samplesOf({ ...rest, measurement }).shop?.sums).not.toHaveProperty('requestsInFlight');
  });

  test('count requests that nobody could take since the look before', () => {
    const refused = (n: number) => ({ ...aTraffic({}), services: { shop: { refused: n } } });
    const { measurement } = twice(fleet(refused(5), refused(1), 100), fleet(refused(8), refused(1), 110));
    expect(measurement.refused).toEqual({ shop: 3 });
  });

  test('know when a process was used last, also from before they were loaded again', () => {
    const used = (idle: number | undefined, worker = '1.1') => ({
      ...shop(0, 10, idle === undefined ? {} : { idle: millis(idle) }),
      worker,
    });
    const { measurement, counters, ...rest } = twice(
      fleet(used(60_000), used(30_000), 100),
      fleet(used(70_000), used(40_000), 110),
    );
    expect(measurement.processes['shop-1']?.lastUsed).toBe(T - 30_000);
    const reloaded = seen(T + 20_000, fleet(used(undefined, '2.2'), used(undefined, '2.2'), 120));
    expect(measure({ ...rest, observation: reloaded, counters }).measurement.processes['shop-1']?.lastUsed).toBe(
      T - 30_000,
    );
    // The clock was set back by an hour: nothing was used in the future.
    const back = seen(T - 3_600_000, fleet(used(undefined, '2.2'), undefined, 130));
    expect(measure({ ...rest, observation: back, counters }).measurement.processes['shop-1']?.lastUsed).toBe(
      T - 3_600_000,
    );
  });

  test('say that nobody counts requests of what has no port', () => {
    const { port: _, ...shop } = specOf({ target: { requestsInFlight: 5 } }).subscriptions.shop ?? {};
    const spec = { ...specOf(), subscriptions: { shop: shop as never } };
    const vms = { 'web-1': aReachedVm({ uptime: 1, processes: [aProcess('shop-1')] }) };
    const { problems } = measure({
      spec,
      inventory: anInventory(records(vms)),
      observation: seen(T, vms),
      counters: NO_COUNTERS,
    }).measurement;
    expect(problems.shop).toEqual([
      'shop-1: no requestsInFlight, as it has neither a port nor hosts: only gateways count requests',
    ]);
  });
});

test('measure tells what the policies’ commands said, and why they did not', () => {
  const vms = {
    'web-1': aReachedVm({
      uptime: 1,
      processes: [aProcess('shop-1'), aProcess('shop-2')],
      probes: [
        { subscription: 'shop', process: 'shop-1', signal: 'depth', value: 12 },
        { subscription: 'shop', process: 'shop-2', signal: 'depth', problem: 'prints text: "many"' },
        { subscription: 'shop', signal: 'lag', value: 0.5 },
        { subscription: 'shop', process: 'shop-2', busy: true },
      ],
    }),
  };
  const signal = { command: ['depth'], on: 'process' as const, timeout: millis(1) };
  const { measurement } = twice(vms, vms, { shop: { signals: { depth: signal }, idle: { busy: ['busy'] } } });
  expect(measurement.processes['shop-1']).toMatchObject({ own: { depth: 12, lag: 0.5 } });
  expect(measurement.processes['shop-2']).toMatchObject({ own: { lag: 0.5 }, busy: true });
  expect(measurement.problems.shop).toContain('shop-2: the command of depth prints text: "many"');
});

test('measure knows of a sleeper when it was used, and its memory, and counts it in no sample', () => {
  const vms = {
    'web-1': aReachedVm({
      uptime: 1,
      processes: [
        aProcess('shop-1', { asleep: 'frozen' }),
        aProcess('shop-2', { asleep: 'stopped', state: 'stopped' }),
        aProcess('shop-3'),
        aProcess('shop-4', { state: 'stopped' }),
      ],
      traffic: aTraffic({
        'shop-2': { sessions: 1, requests: 3, idle: millis(0) },
        'shop-3': { sessions: 4, requests: 9 },
      }),
    }),
  };
  const { measurement, ...rest } = twice(vms, vms);
  expect(Object.keys(measurement.processes)).toEqual(['shop-1', 'shop-2', 'shop-3']);
  expect(measurement.processes['shop-2']).toMatchObject({ lastUsed: T + 10_000, requestsInFlight: 1 });
  expect(samplesOf({ ...rest, measurement })).toMatchObject({ shop: { count: 1, sums: { requestsInFlight: 4 } } });
});

test('samplesOf adds up, takes means for shares, and says how many it did not see', () => {
  const processes = [1, 2, 3].map((n) => aProcess(`shop-${n}`, using(n)));
  const vms = (uptime: number, cpu: number) => ({
    'web-1': aReachedVm({
      uptime,
      load: 1,
      processes: processes.slice(0, 2).map((p, n) => ({ ...p, ...using(cpu * (n + 1)) })),
    }),
    'web-2': aReachedVm({ uptime, load: 4, processes: processes.slice(2).map((p) => ({ ...p, ...using(cpu * 3) })) }),
    'web-3': { status: 'unreachable' as const, reason: 'timeout' as const, message: '' },
  });
  const { spec, observation, measurement, inventory } = twice(vms(100, 0), vms(110, 1));
  const lost = { ...inventory.processes[0], name: 'shop-9', vm: 'web-3' };
  const { shop } = samplesOf({
    ...{ spec, observation, measurement },
    inventory: { ...inventory, processes: [...inventory.processes, lost as never] },
  });
  // 0.4, 0.8 and 1.2 of a quarter of a core; loads 1 and 4 over two VMs, for three processes.
  expect(shop).toMatchObject({ at: T + 10_000, count: 3, expected: 4 });
  expect(shop?.sums.cpu).toBeCloseTo(2.4);
  expect(shop?.sums.loadAverage).toBeCloseTo(7.5);
});

test('a VM without a number that every VM has is left out, and the others are measured', () => {
  const vms = { 'web-1': aReachedVm({ load: Number.NaN }), 'web-2': aReachedVm({ load: 0.5, cpus: cores(2) }) };
  expect(Object.keys(twice(vms, vms).measurement.vms)).toEqual(['web-2']);
});

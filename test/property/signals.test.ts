/** Whatever VMs and gateways say, what is measured is a number that policy can count with. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_COUNTERS } from '../../src/model/counters.ts';
import type { GatewayTraffic, Observation, ReachedVm, VmObservation } from '../../src/model/observation.ts';
import { bytes, cores, instant, millis } from '../../src/model/quantity.ts';
import { measure } from '../../src/signals/measure.ts';
import { samplesOf } from '../../src/signals/samples-of.ts';
import { anInventory, aSpec } from '../support/builders.ts';
import { aProcess, aReachedVm, records } from '../unit/signals/worlds.ts';

const VMS = ['web-1', 'web-2', 'web-3'];
const PROCESSES = ['shop-1', 'shop-2', 'shop-3', 'blog-1'];
const counter = fc.oneof(fc.nat(1_000_000), fc.double({ min: 0, max: 1e12, noNaN: true }));
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 4 });
/** Without the keys that are undefined. */
type Some<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
const some = <T extends object>(value: T): Some<T> =>
  Object.fromEntries(Object.entries(value).filter(([, of]) => of !== undefined)) as Some<T>;

const usage = fc
  .record({
    cpuSeconds: counter,
    memory: fc.nat(2 ** 30).map(bytes),
    pids: fc.nat(500),
    oomKills: maybe(fc.nat(9)),
    start: maybe(fc.constantFrom('1', '2')),
  })
  .map(some);
const server = fc
  .record({
    sessions: maybe(fc.nat(100)),
    queued: maybe(fc.nat(100)),
    rate: maybe(fc.nat(1000)),
    requests: maybe(counter),
    errors: maybe(counter),
    responseTime: maybe(fc.nat(60_000).map(millis)),
    idle: maybe(fc.nat(10_000_000).map(millis)),
  })
  .map(some);
const traffic = fc
  .record({
    worker: maybe(fc.constantFrom('1.1', '2.2')),
    servers: fc.dictionary(fc.constantFrom(...PROCESSES), server),
    services: fc.dictionary(
      fc.constantFrom('shop', 'blog'),
      fc.record({ queued: maybe(fc.nat(50)), refused: maybe(counter) }).map(some),
    ),
  })
  .map((told): GatewayTraffic => some(told));
const reached = fc
  .record({
    bootId: fc.constantFrom('a', 'b'),
    uptime: maybe(fc.double({ min: 0, max: 1e7, noNaN: true })),
    cpuSeconds: maybe(counter),
    load: fc.oneof(fc.double({ min: 0, max: 500, noNaN: true }), fc.constant(Number.NaN)),
    cpus: fc.constantFrom(0, 1, 64).map(cores),
    memory: fc.record({ total: fc.nat(100).map(bytes), available: fc.nat(100).map(bytes) }),
    names: fc.subarray(PROCESSES),
    usage: maybe(usage),
    asleep: maybe(fc.constantFrom('frozen' as const, 'stopped' as const)),
    traffic: maybe(traffic),
    configured: fc.boolean(),
  })
  .map(({ names, usage: used, asleep, configured, traffic: told, ...rest }): ReachedVm => {
    const vm = aReachedVm({ ...some(rest), traffic: told });
    const processes = names.map((name) => {
      const { usage: _, ...process } = aProcess(name);
      return { ...process, ...(used ? { usage: used } : {}), ...(asleep ? { asleep } : {}) };
    });
    return { ...vm, processes, gateway: { ...vm.gateway, ...(configured ? { configDigest: 'd' } : {}) } };
  });
const dead: VmObservation = { status: 'unreachable', reason: 'timeout', message: 'gone' };
const look = fc.record({
  at: fc.integer({ min: 1e12, max: 1e12 + 1e7 }).map(instant),
  vms: fc.dictionary(
    fc.constantFrom(...VMS),
    fc.oneof({ arbitrary: reached, weight: 5 }, { arbitrary: fc.constant(dead), weight: 1 }),
  ),
});

const SPEC = aSpec({
  subscriptions: {
    shop: { port: 8080, target: { cpu: 0.5, requestsInFlight: 3, responseTime: 100 } },
    blog: { port: 8081, target: { requestsPerSecond: 5 }, idle: {} },
  },
});

function run(looks: readonly { readonly at: number; readonly vms: Observation['vms'] }[]) {
  let counters = NO_COUNTERS;
  return looks.map(({ at, vms }) => {
    const observation: Observation = { at: instant(at), iaas: {}, vms };
    const inventory = anInventory(records(vms));
    const measured = measure({ spec: SPEC, inventory, observation, counters });
    // As it comes back from its file.
    counters = JSON.parse(JSON.stringify(measured.counters)) as typeof counters;
    expect(counters).toEqual(measured.counters);
    const samples = samplesOf({ spec: SPEC, inventory, observation, measurement: measured.measurement });
    return { ...measured, samples };
  });
}

function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : [];
}
const reversed = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).reverse());

describe('measure', () => {
  test('has finite numbers that are not negative, whatever it is told', () => {
    fc.assert(
      fc.property(fc.array(look, { minLength: 1, maxLength: 4 }), (looks) => {
        for (const { measurement, counters, samples } of run(looks)) {
          const bad = numbersOf([
            measurement.processes,
            measurement.vms,
            measurement.refused,
            counters,
            samples,
          ]).filter((number) => !Number.isFinite(number) || number < 0);
          expect(bad).toEqual([]);
        }
      }),
    );
  });

  test('does not depend on the order of what it is given', () => {
    fc.assert(
      fc.property(fc.array(look, { minLength: 1, maxLength: 3 }), (looks) => {
        const other = looks.map(({ at, vms }) => ({
          at,
          vms: reversed(
            Object.fromEntries(
              Object.entries(vms).map(([name, vm]) => [
                name,
                vm.status === 'reached'
                  ? {
                      ...vm,
                      processes: vm.processes.toReversed(),
                      gateway: {
                        ...vm.gateway,
                        ...(vm.gateway.traffic
                          ? {
                              traffic: {
                                ...vm.gateway.traffic,
                                servers: reversed(vm.gateway.traffic.servers),
                                services: reversed(vm.gateway.traffic.services),
                              },
                            }
                          : {}),
                      },
                    }
                  : vm,
              ]),
            ),
          ),
        }));
        expect(run(other)).toEqual(run(looks));
      }),
    );
  });

  test('says nothing of processes on VMs that did not answer', () => {
    fc.assert(
      fc.property(look, ({ at, vms }) => {
        const there = Object.values(vms).flatMap((vm) =>
          vm.status === 'reached' ? vm.processes.map(({ name }) => name) : [],
        );
        for (const { measurement } of run([{ at, vms }]))
          expect(there).toEqual(expect.arrayContaining(Object.keys(measurement.processes)));
      }),
    );
  });
});

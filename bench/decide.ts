/**
 * Deciding alone: 5,000 subscriptions, 50,000 processes on 1,000 VMs, five minutes of samples each 10 s, idle policies and schedules.
 * Prints one line of JSON. Run it by `npx node bench/decide.ts`.
 */
import { bytes, cores, instant, millis } from '../src/model/quantity.ts';
import { NO_MEMORY } from '../src/model/memory.ts';
import type { ProcessRecord, VmRecord } from '../src/model/inventory.ts';
import type { VmObservation } from '../src/model/observation.ts';
import type { ProcessSample, SubscriptionSample } from '../src/model/signal.ts';
import { DEFAULT_TUNING } from '../src/model/policy.ts';
import { type Spec, type SubscriptionSpec } from '../src/model/spec.ts';
import { decide, type DecideInput } from '../src/policy/decide.ts';
import { aCartridge, aPartition, aSpec, aSubscription } from '../test/support/builders.ts';

const VMS = 1000;
const SUBSCRIPTIONS = 5000;
const EACH = 10;
const PARTITIONS = 50;
const NOW = instant(Date.UTC(2026, 2, 2, 10));

function input(): DecideInput {
  const subscriptions: Record<string, SubscriptionSpec> = {};
  const history: Record<string, readonly SubscriptionSample[]> = {};
  const measured: Record<string, ProcessSample> = {};
  const processes: ProcessRecord[] = [];
  const office = {
    cron: '0 9 * * 1-5',
    timezone: 'Europe/Berlin',
    duration: millis(8 * 3_600_000),
    processes: { min: 2, max: 40 },
  };
  for (let n = 0; n < SUBSCRIPTIONS; n += 1) {
    const alias = `s${n}`;
    const made = aSubscription(alias, { cartridge: `c${n % PARTITIONS}`, min: 1, max: 40, port: 1024 + n });
    subscriptions[alias] = {
      ...made,
      idle: {
        name: 'nap',
        wake: 'on-request',
        cpuBelow: 0.05,
        sessions: true,
        coldStart: false,
        freezeAfter: millis(300_000),
      },
      scaling: {
        ...made.scaling,
        target: { requestsInFlight: 20, cpu: 0.7 },
        schedules: [office],
        tuning: { ...DEFAULT_TUNING, predict: millis(60_000) },
      },
    };
    history[alias] = Array.from({ length: 31 }, (_, at) => ({
      at: instant(NOW - (30 - at) * 10_000),
      count: EACH,
      sums: { requestsInFlight: (n * 7 + at) % 400, cpu: (n % 70) / 10, memory: 3, requestsPerSecond: 9 },
    }));
    for (let ordinal = 1; ordinal <= EACH; ordinal += 1) {
      const at = n * EACH + ordinal - 1;
      const name = `${alias}-${ordinal}`;
      measured[name] = { requestsInFlight: at % 3, cpu: 0.01, sessions: 0, lastUsed: instant(NOW - at) };
      processes.push({
        name,
        subscription: alias,
        ordinal,
        vm: `p${n % PARTITIONS}-${(Math.floor(at / 50) % (VMS / PARTITIONS)) + 1}`,
        index: ordinal,
        image: 'sha256:1',
        fingerprint: 'f',
        state: 'ready',
        createdAt: '2026-01-01T00:00:00.000Z',
      });
    }
  }
  const vms: VmRecord[] = [];
  const seen: Record<string, VmObservation> = {};
  const on = Map.groupBy(processes, ({ vm }) => vm);
  for (let n = 0; n < VMS; n += 1) {
    const partition = `p${n % PARTITIONS}`;
    const name = `${partition}-${Math.floor(n / PARTITIONS) + 1}`;
    const size = { cpu: cores(16), memory: bytes(2 ** 34) };
    const createdAt = '2026-01-01T00:00:00.000Z';
    vms.push({
      name,
      partition,
      iaas: 'lab',
      state: 'ready',
      machine: `m-${name}`,
      size,
      cordoned: false,
      draining: false,
      createdAt,
    });
    const space = { total: bytes(2 ** 34), available: bytes(2 ** 33) };
    seen[name] = {
      status: 'reached',
      bootId: 'b',
      cgroup: 'v2',
      cpus: cores(16),
      memory: space,
      disk: space,
      load: 1,
      processes: (on.get(name) ?? []).map(({ state: _state, ...process }) => ({
        ...process,
        state: 'running' as const,
      })),
      images: [],
      gateway: { running: true, servers: {} },
      foreign: [],
    };
  }
  const spec: Spec = {
    ...aSpec({ guards: { maxVms: 1100 } }),
    subscriptions,
    cartridges: Object.fromEntries(
      Array.from({ length: PARTITIONS }, (_, n) => [`c${n}`, aCartridge(`c${n}`, { partition: `p${n}` })]),
    ),
    partitions: Object.fromEntries(
      Array.from({ length: PARTITIONS }, (_, n) => [
        `p${n}`,
        aPartition(`p${n}`, { max: 100, cpu: 16, memory: 16_384 }),
      ]),
    ),
  };
  return {
    spec,
    inventory: { lineage: 'ours', serial: 1, vms, processes },
    observation: { at: NOW, iaas: { lab: { status: 'listed', machines: [] } }, vms: seen },
    measurement: { at: NOW, processes: measured, vms: {}, problems: {} },
    history,
    memory: NO_MEMORY,
    now: NOW,
  };
}

const given = input();
const before = process.cpuUsage();
const first = decide(given);
const used = process.cpuUsage(before);
const again = process.cpuUsage();
decide({ ...given, memory: first.memory, now: instant(NOW + 10_000) });
const second = process.cpuUsage(again);
console.log(
  JSON.stringify({
    subscriptions: SUBSCRIPTIONS,
    processes: given.inventory.processes.length,
    vms: VMS,
    desired: Object.values(first.processes).reduce((sum, { desired }) => sum + desired, 0),
    cpuMs: Math.round((used.user + used.system) / 1000),
    nextRunCpuMs: Math.round((second.user + second.system) / 1000),
  }),
);

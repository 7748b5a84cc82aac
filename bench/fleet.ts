/** A fleet that is as it should be, or whose every process is to be replaced: what benchmarks of planning and deciding are given. */
import { bytes, cores, instant, millis } from '../src/model/quantity.ts';
import { NO_MEMORY } from '../src/model/memory.ts';
import type { ProcessRecord, VmRecord } from '../src/model/inventory.ts';
import type { ObservedProcess, VmObservation } from '../src/model/observation.ts';
import { NO_MEASUREMENT } from '../src/model/signal.ts';
import {
  DEFAULT_GUARDS,
  DEFAULT_ROLLOUT,
  DEFAULT_SCALE_DOWN,
  DEFAULT_SPARE,
  DEFAULT_TUNING,
} from '../src/model/policy.ts';
import type { CartridgeSpec, PartitionSpec, Spec, SubscriptionSpec } from '../src/model/spec.ts';
import { processFingerprint } from '../src/plan/fingerprint.ts';
import type { PlanInput } from '../src/plan/plan-input.ts';
import { decide } from '../src/policy/decide.ts';

const PROCESSES_PER_VM = 50;
const PROCESSES_PER_SUBSCRIPTION = 10;
const CARTRIDGES = 50;
const GIB = 2 ** 30;

export interface FleetOptions {
  readonly vms: number;
  readonly partitions: number;
  readonly strategy: 'pack' | 'spread';
  /** Whether the image of every process has changed. */
  readonly stale: boolean;
  /** Processes on each VM; a multiple of ten of them in all. Default 50. */
  readonly perVm?: number;
}

/** A converged fleet of VMs that are full to five sixths. */
export function fleet({ vms, partitions, strategy, stale, perVm = PROCESSES_PER_VM }: FleetOptions): PlanInput {
  const partitionOf = (n: number) => `p${n % partitions}`;
  const subscriptions = (vms * perVm) / PROCESSES_PER_SUBSCRIPTION;
  const cartridgeCount = Math.max(CARTRIDGES, partitions);
  const spec: Spec = {
    file: 'stratos.yaml',
    guards: DEFAULT_GUARDS,
    store: { kind: 'directory', path: '/store' },
    stores: {},
    iaas: { lab: { kind: 'local', name: 'lab', bridge: 'b', subnet: '10.0.0.0/8', root: '/r' } },
    partitions: named(partitions, (n): PartitionSpec => ({
      name: `p${n}`,
      placement: [{ iaas: 'lab', max: Number.MAX_SAFE_INTEGER }],
      policy: {
        name: 'vms',
        vms: { min: 1, max: vms },
        vm: { cpu: cores(15), memory: bytes(15 * GIB) },
        processesPerVm: Number.MAX_SAFE_INTEGER,
        strategy,
        spare: DEFAULT_SPARE,
        scaleDown: DEFAULT_SCALE_DOWN,
      },
      network: '10.66.0.0/22',
    })),
    cartridges: named(cartridgeCount, (n): CartridgeSpec => ({
      name: `c${n}`,
      image: `c${n}:2`,
      partition: partitionOf(n),
      ports: [{ name: 'http', port: 80, protocol: 'http' }],
      health: { port: 'http', interval: millis(500), timeout: millis(1000), startup: millis(60_000) },
      resources: { memory: bytes(GIB / 4), cpu: cores(0.25), pids: 512 },
      env: {},
      volumes: [],
      security: { privileged: false },
      runtime: 'lxc',
    })),
    subscriptions: named(subscriptions, (n): SubscriptionSpec => ({
      alias: `s${n}`,
      cartridge: `c${n % cartridgeCount}`,
      scaling: {
        name: 'ten',
        processes: { min: PROCESSES_PER_SUBSCRIPTION, max: 20 },
        target: {},
        signals: {},
        schedules: [],
        tuning: DEFAULT_TUNING,
      },
      rollout: { ...DEFAULT_ROLLOUT, name: 'careful' },
      spread: false,
      near: [],
      apart: [],
      port: 10_000 + n,
      hosts: [],
      env: {},
    })),
  };
  const records: VmRecord[] = [];
  const processes: ProcessRecord[] = [];
  const seen: Record<string, VmObservation> = {};
  const counts = new Map<string, number>();
  const waiting = new Map<string, { alias: string; ordinal: number }[]>();
  for (let n = 0; n < subscriptions; n += 1) {
    const partition = partitionOf(n % cartridgeCount);
    let queue = waiting.get(partition);
    if (!queue) waiting.set(partition, (queue = []));
    for (let ordinal = 1; ordinal <= PROCESSES_PER_SUBSCRIPTION; ordinal += 1) queue.push({ alias: `s${n}`, ordinal });
  }
  const fingerprints = new Map<string, { readonly image: string; readonly fingerprint: string }>();
  const madeOf = (alias: string) => {
    const cartridge = spec.cartridges[spec.subscriptions[alias]?.cartridge ?? ''];
    if (!cartridge) throw new Error(`no cartridge of ${alias}`);
    let made = fingerprints.get(cartridge.name);
    if (!made) {
      const image = `sha256:${cartridge.image}`;
      const network = spec.partitions[cartridge.partition]?.network ?? '';
      made = { image, fingerprint: processFingerprint({ image, cartridge, envDigest: '', network }) };
      fingerprints.set(cartridge.name, made);
    }
    return made;
  };
  for (let n = 0; n < vms; n += 1) {
    const partition = partitionOf(n);
    const number = (counts.get(partition) ?? 0) + 1;
    counts.set(partition, number);
    const name = `${partition}-${number}`;
    const endpoint = { address: `10.0.0.${n}`, port: 22, user: 'root', hostKeys: ['k'] };
    records.push({
      name,
      partition,
      iaas: 'lab',
      state: 'ready',
      machine: `m-${name}`,
      endpoint,
      size: { cpu: cores(15), memory: bytes(15 * GIB) },
      cordoned: false,
      draining: false,
      prepared: 'prepared',
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    const containers: ObservedProcess[] = [];
    const queue = waiting.get(partition) ?? [];
    for (const [at, { alias, ordinal }] of queue.splice(-perVm).entries()) {
      const made = stale ? undefined : madeOf(alias);
      const what = {
        name: `${alias}-${ordinal}`,
        subscription: alias,
        ordinal,
        index: at + 1,
        image: made?.image ?? 'sha256:1',
        fingerprint: made?.fingerprint ?? 'old',
      };
      processes.push({ ...what, vm: name, state: 'ready', createdAt: '2026-01-01T00:00:00.000Z' });
      containers.push({ ...what, state: 'running' });
    }
    const space = { total: bytes(GIB), available: bytes(GIB) };
    seen[name] = {
      status: 'reached',
      lineage: 'ours',
      prepared: 'prepared',
      bootId: 'b',
      cgroup: 'v2',
      cpus: cores(16),
      memory: space,
      disk: space,
      load: 0,
      processes: containers,
      images: [...new Set(containers.map(({ image }) => image))],
      gateway: { running: true, configDigest: 'd', loadedDigest: 'd', servers: {} },
      foreign: [],
    };
  }
  const inventory = { lineage: 'ours', serial: 1, vms: records, processes };
  const machines = records.map(({ name, partition }) => ({
    id: `m-${name}`,
    vm: name,
    partition,
    state: 'running' as const,
  }));
  const observation = { at: instant(0), iaas: { lab: { status: 'listed' as const, machines } }, vms: seen };
  return {
    spec,
    specDigest: 'd',
    inventory,
    observation,
    decisions: decide({
      spec,
      inventory,
      observation,
      measurement: { at: instant(0), ...NO_MEASUREMENT },
      history: {},
      memory: NO_MEMORY,
      now: instant(0),
    }),
    images: Object.fromEntries(Object.values(spec.cartridges).map(({ image }) => [image, `sha256:${image}`])),
    envDigests: {},
    unresolved: {},
    gatewayDigest: () => 'd',
    prepareFingerprint: () => 'prepared',
    networkCapacity: () => 1021,
    only: [],
    now: instant(0),
  };
}

function named<T>(count: number, make: (n: number) => T): Record<string, T> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => make(n)).map((value) => [
      (value as { name?: string }).name ?? (value as { alias?: string }).alias ?? '',
      value,
    ]),
  );
}

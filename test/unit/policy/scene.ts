/** One subscription `shop` with its processes, and all that policy is told of it: small, with defaults. */
import type { Decisions, ProcessDecision } from '../../../src/model/decision.ts';
import type { ProcessRecord, ProcessState, VmRecord } from '../../../src/model/inventory.ts';
import { NO_MEMORY, type PolicyMemory, type SubscriptionMemory } from '../../../src/model/memory.ts';
import type { ReachedVm, VmObservation } from '../../../src/model/observation.ts';
import { bytes, cores, instant, millis, type Instant } from '../../../src/model/quantity.ts';
import {
  NO_MEASUREMENT,
  type Measurement,
  type ProcessSample,
  type SubscriptionSample,
} from '../../../src/model/signal.ts';
import { DEFAULT_TUNING, type ScalingTuning } from '../../../src/model/policy.ts';
import { decide, type DecideInput } from '../../../src/policy/decide.ts';
import {
  anInventory,
  anObservation,
  aSpec,
  type CartridgeOptions,
  type PartitionOptions,
  type SpecOptions,
  type SubscriptionOptions,
} from '../../support/builders.ts';

/** A day on which nothing special is: 2026-03-02 10:00 UTC, a Monday. */
export const NOW = instant(Date.UTC(2026, 2, 2, 10));
export const SECOND = 1000;
export const MINUTE = 60_000;

export const ago = (ms: number): Instant => instant(NOW - ms);

export const tuned = (tuning: Partial<ScalingTuning> = {}): ScalingTuning => ({ ...DEFAULT_TUNING, ...tuning });

/** No window that holds anything back. */
export const AT_ONCE: Partial<ScalingTuning> = {
  cooldown: { up: millis(0), down: millis(0) },
  downWindow: millis(0),
  tolerance: 0,
};

export function aProcess(name: string, parts: Partial<ProcessRecord> = {}): ProcessRecord {
  const ordinal = Number(/-(\d+)$/.exec(name)?.[1] ?? 1);
  return {
    name,
    subscription: name.replace(/-\d+$/, ''),
    ordinal,
    vm: 'web-1',
    index: ordinal,
    image: 'sha256:1',
    fingerprint: 'f',
    state: 'ready',
    createdAt: new Date(ago(60 * MINUTE)).toISOString(),
    ...parts,
  };
}

export function aVm(name: string, parts: Partial<VmRecord> = {}): VmRecord {
  return {
    name,
    partition: name.replace(/-\d+$/, ''),
    iaas: 'lab',
    state: 'ready',
    machine: `m-${name}`,
    size: { cpu: cores(2), memory: bytes(2 ** 31) },
    cordoned: false,
    draining: false,
    createdAt: new Date(ago(120 * MINUTE)).toISOString(),
    ...parts,
  };
}

export function reached(parts: Partial<ReachedVm> = {}): ReachedVm {
  const space = { total: bytes(2 ** 31), available: bytes(2 ** 31) };
  return {
    status: 'reached',
    bootId: 'b',
    cgroup: 'v2',
    cpus: cores(2),
    memory: space,
    disk: space,
    load: 0,
    processes: [],
    images: [],
    gateway: { running: true, servers: {} },
    foreign: [],
    ...parts,
  };
}

export const UNREACHABLE: VmObservation = { status: 'unreachable', reason: 'timeout', message: 'no answer' };

/** A sample of `shop`: the sum of each signal. */
export function aSample(
  at: number,
  sums: Readonly<Record<string, number>>,
  parts: Partial<SubscriptionSample> = {},
): SubscriptionSample {
  return { at: instant(at), count: 1, sums, ...parts };
}

/** What nobody uses. */
export const QUIET: ProcessSample = { requestsInFlight: 0, cpu: 0, sessions: 0 };

export interface Scene {
  readonly shop?: SubscriptionOptions;
  readonly cartridge?: CartridgeOptions;
  readonly partition?: PartitionOptions;
  readonly spec?: SpecOptions;
  /** Processes of `shop`: so many that are ready, states, or records. */
  readonly processes?: number | readonly ProcessState[] | readonly ProcessRecord[];
  /** Which of them sleep, as observed on their VM. */
  readonly asleep?: Readonly<Record<string, 'frozen' | 'stopped'>>;
  readonly wakeFailures?: Readonly<Record<string, string>>;
  readonly vms?: readonly VmRecord[];
  /** What VMs answered; those without an entry did answer. */
  readonly seen?: Readonly<Record<string, VmObservation>>;
  readonly iaas?: DecideInput['observation']['iaas'];
  readonly samples?: readonly SubscriptionSample[];
  readonly measured?: Readonly<Record<string, ProcessSample>>;
  readonly measurement?: Partial<Measurement>;
  readonly memory?: Partial<SubscriptionMemory>;
  readonly policyMemory?: Partial<PolicyMemory>;
  readonly now?: Instant;
}

export function inputOf(scene: Scene): DecideInput {
  const spec = aSpec({
    subscriptions: { shop: { port: 8080, ...scene.shop } },
    cartridges: { php: { ...scene.cartridge } },
    partitions: { web: { ...scene.partition } },
    ...scene.spec,
  });
  const processes = recordsOf(scene.processes ?? 0);
  const vms = scene.vms ?? [aVm('web-1')];
  const now = scene.now ?? NOW;
  const observation = {
    ...anObservation(spec),
    at: now,
    ...(scene.iaas ? { iaas: scene.iaas } : {}),
    vms: Object.fromEntries(vms.map(({ name }) => [name, scene.seen?.[name] ?? seenOn(scene, processes, name)])),
  };
  return {
    spec,
    inventory: anInventory({ processes, vms }),
    observation,
    measurement: { at: now, ...NO_MEASUREMENT, processes: scene.measured ?? {}, ...scene.measurement },
    history: scene.samples ? { shop: scene.samples } : {},
    memory: {
      ...NO_MEMORY,
      ...(scene.memory ? { subscriptions: { shop: { wanted: [], ...scene.memory } } } : {}),
      ...scene.policyMemory,
    },
    now,
  };
}

export function decisionsOf(scene: Scene): Decisions {
  return decide(inputOf(scene));
}

export function decisionOf(scene: Scene): ProcessDecision {
  const decision = decisionsOf(scene).processes.shop;
  if (!decision) throw new Error('nothing was decided on shop');
  return decision;
}

function recordsOf(processes: NonNullable<Scene['processes']>): readonly ProcessRecord[] {
  if (typeof processes === 'number') return Array.from({ length: processes }, (_, at) => aProcess(`shop-${at + 1}`));
  return processes.map((entry, at) =>
    typeof entry === 'string' ? aProcess(`shop-${at + 1}`, { state: entry }) : entry,
  );
}

function seenOn(scene: Scene, processes: readonly ProcessRecord[], vm: string): VmObservation {
  return reached({
    processes: processes
      .filter((process) => process.vm === vm)
      .map(({ name, subscription, ordinal, index, image, fingerprint }) => {
        const asleep = scene.asleep?.[name];
        const wakeFailure = scene.wakeFailures?.[name];
        return {
          name,
          subscription,
          ordinal,
          index,
          image,
          fingerprint,
          state: asleep === 'stopped' ? 'stopped' : 'running',
          ...(asleep ? { asleep } : {}),
          ...(wakeFailure === undefined ? {} : { wakeFailure }),
        };
      }),
  });
}

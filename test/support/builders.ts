/** Specs, inventories and worlds for tests of the pure layers: small, with defaults, and valid. */
import { NO_COUNTERS } from '../../src/model/counters.ts';
import type { Decisions } from '../../src/model/decision.ts';
import { NO_MEMORY } from '../../src/model/memory.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { Plan } from '../../src/model/plan.ts';
import { bytes, cores, instant, millis } from '../../src/model/quantity.ts';
import { NO_MEASUREMENT } from '../../src/model/signal.ts';
import { NO_BOUND } from '../../src/model/bounds.ts';
import {
  DEFAULT_GUARDS,
  DEFAULT_ROLLOUT,
  DEFAULT_SCALE_DOWN,
  DEFAULT_SPARE,
  DEFAULT_TUNING,
  type GuardsSpec,
  type IdlePolicy,
  type PartitionPolicy,
  type PlacementAlgorithm,
  type RolloutPolicy,
  type ScalingPolicy,
} from '../../src/model/policy.ts';
import type { IaasSpec } from '../../src/model/iaas-spec.ts';
import {
  gatewayHome,
  type CartridgeSpec,
  type NeedSpec,
  type PartitionSpec,
  type Spec,
  type SubscriptionSpec,
} from '../../src/model/spec.ts';
import { simulatePlan, type SimulateOptions } from '../../src/plan/apply-model.ts';
import type { ModelContext, World } from '../../src/plan/reference/world.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { PlanInput } from '../../src/plan/plan-input.ts';
import { decide } from '../../src/policy/decide.ts';

const MIB = 2 ** 20;

export interface PartitionOptions {
  readonly placement?: PartitionSpec['placement'];
  readonly min?: number;
  readonly max?: number;
  readonly cpu?: number;
  /** MiB */
  readonly memory?: number;
  readonly processesPerVm?: number;
  readonly strategy?: 'pack' | 'spread';
  readonly algorithm?: PlacementAlgorithm;
  readonly network?: string;
  readonly spare?: Partial<PartitionPolicy['spare']>;
  readonly scaleDown?: Partial<PartitionPolicy['scaleDown']>;
  /** Its VMs are processes, behind the gateways of this partition. */
  readonly guestsOf?: string;
}

export interface CartridgeOptions {
  readonly partition?: string;
  readonly image?: string;
  readonly cpu?: number;
  /** MiB */
  readonly memory?: number;
  /** MiB */
  readonly disk?: number;
  readonly volumes?: CartridgeSpec['volumes'];
  readonly privileged?: boolean;
  /** Default `lxc`. */
  readonly runtime?: CartridgeSpec['runtime'];
  readonly ports?: CartridgeSpec['ports'];
  readonly env?: CartridgeSpec['env'];
  readonly health?: Partial<CartridgeSpec['health']>;
  readonly command?: readonly string[];
  readonly outputs?: CartridgeSpec['outputs'];
}

export interface SubscriptionOptions {
  readonly cartridge?: string;
  readonly min?: number;
  readonly max?: number;
  readonly target?: Readonly<Record<string, number>>;
  readonly surge?: number;
  readonly unavailable?: number;
  readonly rollout?: Partial<RolloutPolicy>;
  readonly spread?: boolean;
  readonly port?: number;
  readonly hosts?: readonly string[];
  readonly env?: SubscriptionSpec['env'];
  readonly signals?: ScalingPolicy['signals'];
  readonly schedules?: ScalingPolicy['schedules'];
  readonly tuning?: Partial<ScalingPolicy['tuning']>;
  readonly idle?: Partial<IdlePolicy>;
  readonly near?: readonly string[];
  readonly apart?: readonly string[];
  /** Aliases, or what is said of them. */
  readonly needs?: readonly (string | (Partial<NeedSpec> & Pick<NeedSpec, 'subscription'>))[];
}

/** A partition of 1 to 4 VMs with 2 cores and 2 GiB on `lab`. */
export function aPartition(name: string, options: PartitionOptions = {}): PartitionSpec {
  const { max = 4, cpu = 2, memory = 2048, strategy = 'pack', guestsOf } = options;
  const { min = 1, processesPerVm = NO_BOUND } = guestsOf === undefined ? options : { min: 0, processesPerVm: 1 };
  return {
    name,
    placement: options.placement ?? [{ iaas: 'lab', max: NO_BOUND }],
    policy: {
      name: `${name}-vms`,
      vms: { min, max },
      vm: { cpu: cores(cpu), memory: bytes(memory * MIB) },
      processesPerVm,
      strategy,
      ...(options.algorithm === undefined ? {} : { algorithm: options.algorithm }),
      spare: { ...DEFAULT_SPARE, ...options.spare },
      scaleDown: { ...DEFAULT_SCALE_DOWN, ...options.scaleDown },
    },
    network: options.network ?? '10.66.0.0/22',
    ...(guestsOf === undefined ? {} : { runtime: 'vm', gateway: guestsOf }),
  };
}

/** A cartridge with one http port, a quarter of a core and 256 MiB, in partition `web`. */
export function aCartridge(name: string, options: CartridgeOptions = {}): CartridgeSpec {
  const { partition = 'web', image = `${name}:1`, cpu = 0.25, memory = 256 } = options;
  return {
    name,
    image,
    partition,
    ports: options.ports ?? [{ name: 'http', port: 80, protocol: 'http' }],
    health: {
      port: 'http',
      path: '/',
      interval: millis(500),
      timeout: millis(1000),
      startup: millis(60_000),
      ...options.health,
    },
    resources: {
      cpu: cores(cpu),
      memory: bytes(memory * MIB),
      pids: 512,
      ...(options.disk === undefined ? {} : { disk: bytes(options.disk * MIB) }),
    },
    env: options.env ?? {},
    volumes: options.volumes ?? [],
    ...(options.command ? { command: options.command } : {}),
    security: { privileged: options.privileged ?? false },
    runtime: options.runtime ?? 'lxc',
    ...(options.outputs ? { outputs: options.outputs } : {}),
  };
}

/** A subscription of cartridge `php` with exactly 2 processes, replaced one by one. */
export function aSubscription(alias: string, options: SubscriptionOptions = {}): SubscriptionSpec {
  const { min = 2, max = Math.max(min, 20), surge = 1, unavailable = 0 } = options;
  return {
    alias,
    cartridge: options.cartridge ?? 'php',
    scaling: {
      name: `${alias}-scaling`,
      processes: { min, max },
      target: options.target ?? {},
      signals: options.signals ?? {},
      schedules: options.schedules ?? [],
      tuning: { ...DEFAULT_TUNING, ...options.tuning },
    },
    rollout: {
      ...DEFAULT_ROLLOUT,
      name: 'careful',
      maxSurge: surge,
      maxUnavailable: unavailable,
      ...options.rollout,
    },
    ...(options.idle ? { idle: { ...IDLE, ...options.idle } } : {}),
    spread: options.spread ?? false,
    near: options.near ?? [],
    apart: options.apart ?? [],
    ...(options.port === undefined ? {} : { port: options.port }),
    hosts: options.hosts ?? [],
    env: options.env ?? {},
    ...(options.needs ? { needs: options.needs.map(aNeed) } : {}),
  };
}

function aNeed(need: string | (Partial<NeedSpec> & Pick<NeedSpec, 'subscription'>)): NeedSpec {
  const given = typeof need === 'string' ? { subscription: need } : need;
  return { as: given.subscription.toUpperCase().replaceAll('-', '_'), whenLost: 'keep', ...given };
}

const IDLE: IdlePolicy = { name: 'nap', wake: 'on-request', cpuBelow: 0.05, sessions: true, coldStart: false };

/** What policy says of an empty fleet. */
export const NO_DECISIONS: Decisions = { processes: {}, vms: {}, alarms: [], memory: NO_MEMORY };

/** A run that measured nothing. */
export const NOTHING_MEASURED = {
  measurement: { at: instant(0), ...NO_MEASUREMENT },
  history: {},
  record: { samples: { at: instant(0), samples: {} }, counters: NO_COUNTERS },
};

export interface SpecOptions {
  readonly guards?: Partial<GuardsSpec>;
  readonly iaas?: readonly IaasSpec[];
  readonly partitions?: Readonly<Record<string, PartitionOptions>>;
  readonly cartridges?: Readonly<Record<string, CartridgeOptions>>;
  readonly subscriptions?: Readonly<Record<string, SubscriptionOptions>>;
}

export const LAB: IaasSpec = {
  kind: 'local',
  name: 'lab',
  bridge: 'stratos0',
  subnet: '10.209.0.0/16',
  root: '/var/lib/stratos/local',
};

export function aPool(name: string, hosts: number): IaasSpec {
  const host = (n: number) => ({
    name: `h${n}`,
    address: `192.0.2.${n}`,
    port: 22,
    user: 'root',
    hostKeys: ['ssh-ed25519 AAAA'],
  });
  return { kind: 'static', name, hosts: Array.from({ length: hosts }, (_, at) => host(at + 1)) };
}

/** One partition `web` on `lab`, one cartridge `php`, one subscription `shop` on port 8080. */
export function aSpec(options: SpecOptions = {}): Spec {
  const map = <O, T>(of: Readonly<Record<string, O>>, make: (name: string, options: O) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(name, value)]));
  return {
    file: 'stratos.yaml',
    iaas: Object.fromEntries((options.iaas ?? [LAB]).map((iaas) => [iaas.name, iaas])),
    partitions: map(options.partitions ?? { web: {} }, aPartition),
    cartridges: map(options.cartridges ?? { php: {} }, aCartridge),
    subscriptions: map(options.subscriptions ?? { shop: { port: 8080 } }, aSubscription),
    store: { kind: 'directory', path: '/store' },
    stores: {},
    guards: { ...DEFAULT_GUARDS, ...options.guards },
  };
}

/** An inventory with nothing in it, or with what is given. */
export function anInventory(parts: Partial<Inventory> = {}): Inventory {
  return { lineage: 'ours', serial: 1, vms: [], processes: [], ...parts };
}

/** Every IaaS of the spec listed: clouds with nothing, pools with their hosts. */
export function anObservation(spec: Spec): Observation {
  const machinesOf = (iaas: IaasSpec) =>
    iaas.kind === 'static' ? iaas.hosts.map((host) => ({ id: host.name, state: 'running' as const })) : [];
  return {
    at: instant(0),
    iaas: Object.fromEntries(
      Object.values(spec.iaas).map((iaas) => [iaas.name, { status: 'listed', machines: machinesOf(iaas) }]),
    ),
    vms: {},
  };
}

/** Nothing made yet. */
export function anEmptyWorld(spec: Spec): World {
  return { inventory: anInventory(), observation: anObservation(spec), hidden: {} };
}

/** Digest of an image by its reference, as the test store has it. */
export function digestOf(reference: string): string {
  return `sha256:${reference}`;
}

/** How the model's gateways are configured: by who is in rotation, who the peers are and what the spec says of health. */
export function gatewayText(
  spec: Spec,
  inventory: Inventory,
  vm: string,
  included: ReadonlySet<string>,
): string | undefined {
  const partition = inventory.vms.find(({ name }) => name === vm)?.partition;
  const subscriptions = Object.values(spec.subscriptions).filter(
    (subscription) =>
      gatewayHome(spec.partitions, spec.cartridges[subscription.cartridge]?.partition ?? '') === partition &&
      (subscription.port !== undefined || subscription.hosts.length > 0),
  );
  if (partition === undefined || subscriptions.length === 0) return undefined;
  const peers = inventory.vms
    .filter((other) => other.partition === partition && other.endpoint)
    .map(({ name }) => name);
  const services = subscriptions.map(({ alias, port, hosts, cartridge }) => [
    alias,
    port,
    hosts,
    spec.cartridges[cartridge]?.health,
  ]);
  return JSON.stringify([vm, [...included].sort(), peers.sort(), services.sort()]);
}

export function aContext(spec: Spec): ModelContext {
  return {
    spec,
    prepareFingerprint: (vm, { network }) => `prepared ${vm} ${network}`,
    gatewayDigest: (inventory, vm, included) => gatewayText(spec, inventory, vm, included),
  };
}

/** Input of a plan that makes `world` what `spec` says. */
export function planInput(spec: Spec, world: World, overrides: Partial<PlanInput> = {}): PlanInput {
  const { inventory, observation } = world;
  const now = instant(0);
  return {
    spec,
    specDigest: 'spec',
    inventory,
    observation,
    decisions: decide({
      spec,
      inventory,
      observation,
      measurement: { at: now, ...NO_MEASUREMENT },
      history: {},
      memory: NO_MEMORY,
      now,
    }),
    images: Object.fromEntries(Object.values(spec.cartridges).map(({ image }) => [image, digestOf(image)])),
    unresolved: {},
    envDigests: Object.fromEntries(
      Object.values(spec.subscriptions).map(({ alias, cartridge, env }) => [
        alias,
        JSON.stringify([spec.cartridges[cartridge]?.env, env]),
      ]),
    ),
    gatewayDigest: (vm, included) => gatewayText(spec, inventory, vm, included),
    prepareFingerprint: aContext(spec).prepareFingerprint,
    networkCapacity: (cidr) => 2 ** (32 - Number(cidr.split('/')[1])) - 3,
    only: [],
    now,
    ...overrides,
  };
}

export function planFor(spec: Spec, world: World, overrides: Partial<PlanInput> = {}): Plan {
  return makePlan(planInput(spec, world, overrides));
}

export function applyPlan(spec: Spec, world: World, plan: Plan, options: SimulateOptions = {}): World {
  return simulatePlan(world, plan, aContext(spec), options);
}

/** Plans and applies until nothing is left to do. @throws Error when there still is after `rounds` */
export function converge(spec: Spec, from: World = anEmptyWorld(spec), rounds = 16): World {
  let world = from;
  for (let round = 0; ; round += 1) {
    const plan = planFor(spec, world);
    if (plan.stages.length === 0) return world;
    if (round === rounds)
      throw new Error(`not settled after ${rounds} rounds: ${JSON.stringify(plan.stages, null, 1)}`);
    world = applyPlan(spec, world, plan);
  }
}

/** The status of a fleet as a function of what is known: the spec, the records, and what was seen and decided where somebody looked. */
import { processAddress } from '../lxc/network.ts';
import type { Decisions, ProcessDecision } from '../model/decision.ts';
import type { Inventory, ProcessRecord, ProcessState, VmRecord, VmState } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Bounds } from '../model/bounds.ts';
import { gatewayHome, type PartitionSpec, type Spec, type SubscriptionSpec } from '../model/spec.ts';
import { closedFor } from '../policy/refusals.ts';
import { rolloutStatusOf, type RolloutStatus } from './rollout-status.ts';

export interface StatusReport {
  readonly lineage: string;
  readonly serial: number;
  /** Whether VMs were asked; otherwise the report is what was last recorded. */
  readonly observed: boolean;
  readonly partitions: readonly PartitionStatus[];
  readonly subscriptions: readonly SubscriptionStatus[];
  readonly unreachable: readonly { readonly vm: string; readonly message: string }[];
}

export interface PartitionStatus {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly vms: readonly VmStatus[];
  /** Why an IaaS of its placement is not asked for machines at the moment; only when observed. Absent: all are. */
  readonly closed?: readonly string[];
}

export interface VmStatus {
  readonly name: string;
  readonly iaas: string;
  readonly zone?: string;
  /** `unreachable` and `stopped` only when observed. */
  readonly state: VmState | 'unreachable' | 'stopped';
  readonly address?: string;
  readonly processes: number;
  readonly cordoned: boolean;
  readonly draining: boolean;
}

export interface SubscriptionStatus {
  readonly alias: string;
  readonly cartridge: string;
  readonly partition: string;
  readonly port?: number;
  readonly hosts: readonly string[];
  /** Aliases that must be ready before it starts; absent: none. */
  readonly needs?: readonly string[];
  readonly desired: Bounds;
  readonly ready: number;
  /** Put to sleep; the next request wakes one. */
  readonly asleep: number;
  readonly total: number;
  /** How many policy wants, and the last word of its reasons; only when observed. */
  readonly want?: number;
  readonly why?: string;
  /** How the rollout of its newest revision stands; absent: there is none yet. */
  readonly rollout?: SubscriptionRollout;
  /** Where it answers: one URL for each VM of the partition that listens on its port. */
  readonly urls: readonly string[];
  readonly processes: readonly ProcessStatus[];
}

/** What {@link RolloutStatus} says, without what stands in the history. */
export type SubscriptionRollout = Pick<RolloutStatus, 'revision' | 'state' | 'phase' | 'runs' | 'waits' | 'failure'>;

export interface ProcessStatus {
  readonly name: string;
  readonly vm: string;
  /** The latter only when observed: `unhealthy` runs, and no gateway gets an answer from it; `unreachable` is its VM. */
  readonly state: ProcessState | 'asleep' | 'stopped' | 'missing' | 'unhealthy' | 'unreachable';
  /** How deep it sleeps. */
  readonly depth?: 'frozen' | 'stopped';
  readonly address: string;
  readonly image: string;
  /** Milliseconds since it was created. */
  readonly age: number;
  readonly failure?: string;
}

/** What is known of a fleet. */
export interface Known {
  readonly spec: Spec;
  readonly inventory: Inventory;
  /** Undefined: nobody looked. */
  readonly observation?: Observation;
  readonly decisions?: Decisions;
  readonly now: number;
}

/** The report as a function of what is known. */
export function statusOf({ spec, inventory, observation, decisions, now }: Known): StatusReport {
  const byVm = Map.groupBy(inventory.processes, (process) => process.vm);
  const bySubscription = Map.groupBy(inventory.processes, (process) => process.subscription);
  const byPartition = Map.groupBy(inventory.vms, (vm) => vm.partition);
  const names = new Set([...Object.keys(spec.partitions), ...byPartition.keys()]);
  const unknown = [...bySubscription.keys()].filter((alias) => !(alias in spec.subscriptions));
  const look = {
    spec,
    inventory,
    observation,
    decisions,
    isUp: healthIn(observation),
    now,
    vms: new Map(inventory.vms.map((vm) => [vm.name, vm])),
    byPartition,
    bySubscription,
  };
  return {
    lineage: inventory.lineage,
    serial: inventory.serial,
    observed: observation !== undefined,
    partitions: [...names].sort().map((name) => ({
      name,
      ...(spec.partitions[name]?.policy.vms ?? { min: 0, max: 0 }),
      vms: (byPartition.get(name) ?? []).map((vm) => vmStatus(vm, byVm.get(vm.name)?.length ?? 0, observation)),
      ...closedTo(spec.partitions[name], decisions),
    })),
    subscriptions: [
      ...Object.values(spec.subscriptions).map((subscription) => subscriptionStatus(subscription, look)),
      ...unknown.map((alias) => leftoverStatus(alias, look)),
    ].sort((a, b) => (a.alias < b.alias ? -1 : 1)),
    unreachable: Object.entries(observation?.vms ?? {}).flatMap(([vm, seen]) =>
      seen.status === 'unreachable' ? [{ vm, message: seen.message }] : [],
    ),
  };
}

function closedTo(
  partition: PartitionSpec | undefined,
  decisions: Decisions | undefined,
): Pick<PartitionStatus, 'closed'> {
  const closed = partition ? closedFor(partition, decisions?.closed ?? []) : [];
  return closed.length === 0 ? {} : { closed };
}

interface Look {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation | undefined;
  readonly decisions: Decisions | undefined;
  /** Whether any gateway gets an answer from a process; undefined when none knows it. */
  readonly isUp: (process: string) => boolean | undefined;
  readonly now: number;
  readonly vms: ReadonlyMap<string, VmRecord>;
  readonly byPartition: ReadonlyMap<string, readonly VmRecord[]>;
  readonly bySubscription: ReadonlyMap<string, readonly ProcessRecord[]>;
}

function vmStatus(vm: VmRecord, processes: number, observation: Observation | undefined): VmStatus {
  const seen = observation?.vms[vm.name];
  // What is being made is not looked at.
  const observed =
    !observation || vm.state === 'creating'
      ? undefined
      : !seen || (seen.status === 'reached' && seen.guest && seen.processes[0]?.state === 'stopped')
        ? 'stopped'
        : seen.status === 'unreachable'
          ? 'unreachable'
          : undefined;
  return {
    name: vm.name,
    iaas: vm.iaas,
    ...(vm.zone === undefined ? {} : { zone: vm.zone }),
    state: observed ?? vm.state,
    ...(vm.endpoint ? { address: vm.endpoint.address } : {}),
    processes,
    cordoned: vm.cordoned,
    draining: vm.draining,
  };
}

function subscriptionStatus(subscription: SubscriptionSpec, look: Look): SubscriptionStatus {
  const cartridge = look.spec.cartridges[subscription.cartridge];
  const partition = cartridge?.partition ?? '';
  const http = cartridge?.ports[0]?.protocol === 'http';
  const network = look.spec.partitions[partition]?.network ?? '';
  const processes = processesOf(subscription.alias, network, look);
  const { port } = subscription;
  return {
    alias: subscription.alias,
    cartridge: cartridgeName(subscription, look),
    partition,
    ...(port === undefined ? {} : { port }),
    hosts: subscription.hosts,
    ...(subscription.needs ? { needs: subscription.needs.map((need) => need.subscription) } : {}),
    desired: subscription.scaling.processes,
    ...counts(processes),
    ...wish(look.decisions?.processes[subscription.alias]),
    ...rolloutPart(subscription.alias, look),
    urls:
      port === undefined
        ? []
        : (look.byPartition.get(gatewayHome(look.spec.partitions, partition)) ?? []).flatMap((vm) =>
            vm.endpoint && vm.state === 'ready' ? [`${http ? 'http' : 'tcp'}://${vm.endpoint.address}:${port}`] : [],
          ),
    processes,
  };
}

/** As the spec or the history has it: what is looked at may be a cartridge made for this subscription alone. */
function cartridgeName({ alias, cartridge }: SubscriptionSpec, { inventory }: Look): string {
  const revision = inventory.revisions?.find(({ name }) => name === cartridge);
  return revision?.cartridge.name ?? cartridge.replace(new RegExp(`@${alias}$`), '');
}

function rolloutPart(alias: string, { inventory, decisions }: Look): Pick<SubscriptionStatus, 'rollout'> {
  const status = rolloutStatusOf(inventory, alias, decisions?.rollouts?.[alias]);
  if (!status) return {};
  const { revision, state, phase, runs, waits, failure } = status;
  return {
    rollout: {
      ...{ revision, state, runs },
      ...(phase === undefined ? {} : { phase }),
      ...(waits === undefined ? {} : { waits }),
      ...(failure === undefined ? {} : { failure }),
    },
  };
}

/** Processes whose subscription is no longer in the spec; the next reconcile removes them. */
function leftoverStatus(alias: string, look: Look): SubscriptionStatus {
  const processes = processesOf(alias, '', look);
  return {
    alias,
    cartridge: '',
    partition: '',
    hosts: [],
    desired: { min: 0, max: 0 },
    ...counts(processes),
    urls: [],
    processes,
  };
}

function processesOf(alias: string, network: string, look: Look): ProcessStatus[] {
  return (look.bySubscription.get(alias) ?? []).map((process) => ({
    name: process.name,
    vm: process.vm,
    address: addressOf(process, network, look),
    image: process.image,
    age: Math.max(0, look.now - Date.parse(process.createdAt)),
    ...(process.failure === undefined ? {} : { failure: process.failure }),
    ...stateOf(process, look),
  }));
}

/** Inside its VM; of one that is its VM, the VM's. */
function addressOf({ vm, index }: ProcessRecord, network: string, { vms }: Look): string {
  const record = vms.get(vm);
  if (record?.runtime === 'vm') return record.endpoint?.address ?? '';
  return network === '' ? '' : processAddress(network, index);
}

function counts(processes: readonly ProcessStatus[]) {
  const count = (state: ProcessStatus['state']) => processes.filter((process) => process.state === state).length;
  return { ready: count('ready'), asleep: count('asleep'), total: processes.length };
}

function wish(decision: ProcessDecision | undefined): Pick<SubscriptionStatus, 'want' | 'why'> {
  if (!decision) return {};
  const why = decision.reasons.at(-1);
  return { want: decision.desired, ...(why === undefined ? {} : { why }) };
}

/** Gateways check each process of their partition; one that no gateway gets an answer from is not served by any. */
function healthIn(observation: Observation | undefined): Look['isUp'] {
  const up = new Map<string, boolean>();
  for (const seen of Object.values(observation?.vms ?? {})) {
    if (seen.status !== 'reached' || !seen.gateway.running) continue;
    for (const [name, isUp] of Object.entries(seen.gateway.servers)) up.set(name, isUp || (up.get(name) ?? false));
  }
  return (process) => up.get(process);
}

function stateOf(
  process: ProcessRecord,
  { observation, isUp }: Look,
): Pick<ProcessStatus, 'state' | 'depth' | 'failure'> {
  const recorded = process.state;
  if (!observation) return process.asleep ? { state: 'asleep', depth: process.asleep } : { state: recorded };
  const seen = observation.vms[process.vm];
  // A process that is being made is not there yet, and its VM perhaps neither.
  if (!seen) return { state: recorded === 'creating' ? recorded : 'stopped' };
  if (seen.status !== 'reached') return { state: 'unreachable' };
  const container = seen.processes.find((candidate) => candidate.name === process.name);
  if (!container) return { state: 'missing' };
  const { asleep, wakeFailure } = container;
  const failure = wakeFailure === undefined ? {} : { failure: `does not wake: ${wakeFailure}` };
  if (asleep) return { state: 'asleep', depth: asleep, ...failure };
  if (container.state === 'stopped') return { state: 'stopped' };
  return { state: recorded === 'ready' && isUp(process.name) === false ? 'unhealthy' : recorded };
}

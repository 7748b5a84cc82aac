/** What exists and how it is: from the inventory alone, or compared with the world when asked to look. */
import { processAddress } from '../lxc/network.ts';
import type { Inventory, ProcessRecord, ProcessState, VmRecord, VmState } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Bounds, Spec, SubscriptionSpec } from '../model/spec.ts';
import type { Deps } from './deps.ts';
import { observe } from './observe.ts';

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
}

export interface VmStatus {
  readonly name: string;
  readonly iaas: string;
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
  readonly desired: Bounds;
  readonly ready: number;
  readonly total: number;
  /** Where it answers: one URL for each VM of the partition that listens on its port. */
  readonly urls: readonly string[];
  readonly processes: readonly ProcessStatus[];
}

export interface ProcessStatus {
  readonly name: string;
  readonly vm: string;
  /** `stopped` and `missing` only when observed. */
  readonly state: ProcessState | 'stopped' | 'missing';
  readonly address: string;
  readonly image: string;
  /** Milliseconds since it was created. */
  readonly age: number;
  readonly failure?: string;
}

export interface StatusOptions {
  /** Ask the VMs; without it no connection is made. */
  readonly refresh: boolean;
  readonly signal?: AbortSignal;
  readonly parallel?: number;
}

/** @throws InvalidSpecError, ProjectFileError */
export async function status(deps: Deps, options: StatusOptions): Promise<StatusReport> {
  const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
  const observation = options.refresh
    ? await observe(deps, spec, inventory, {
        parallel: options.parallel ?? 64,
        signal: options.signal ?? new AbortController().signal,
      })
    : undefined;
  return statusOf(spec, inventory, observation, deps.now());
}

/** The report as a function of what is known. */
export function statusOf(
  spec: Spec,
  inventory: Inventory,
  observation: Observation | undefined,
  now: number,
): StatusReport {
  const byVm = Map.groupBy(inventory.processes, (process) => process.vm);
  const bySubscription = Map.groupBy(inventory.processes, (process) => process.subscription);
  const byPartition = Map.groupBy(inventory.vms, (vm) => vm.partition);
  const names = new Set([...Object.keys(spec.partitions), ...byPartition.keys()]);
  const unknown = [...bySubscription.keys()].filter((alias) => !(alias in spec.subscriptions));
  const look = { spec, observation, now, byPartition, bySubscription };
  return {
    lineage: inventory.lineage,
    serial: inventory.serial,
    observed: observation !== undefined,
    partitions: [...names].sort().map((name) => ({
      name,
      ...(spec.partitions[name]?.policy.vms ?? { min: 0, max: 0 }),
      vms: (byPartition.get(name) ?? []).map((vm) => vmStatus(vm, byVm.get(vm.name)?.length ?? 0, observation)),
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

interface Look {
  readonly spec: Spec;
  readonly observation: Observation | undefined;
  readonly now: number;
  readonly byPartition: ReadonlyMap<string, readonly VmRecord[]>;
  readonly bySubscription: ReadonlyMap<string, readonly ProcessRecord[]>;
}

function vmStatus(vm: VmRecord, processes: number, observation: Observation | undefined): VmStatus {
  const seen = observation?.vms[vm.name];
  // What is being made is not looked at.
  const observed =
    !observation || vm.state === 'creating'
      ? undefined
      : !seen
        ? 'stopped'
        : seen.status === 'unreachable'
          ? 'unreachable'
          : undefined;
  return {
    name: vm.name,
    iaas: vm.iaas,
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
    cartridge: subscription.cartridge,
    partition,
    ...(port === undefined ? {} : { port }),
    hosts: subscription.hosts,
    desired: subscription.scaling.processes,
    ready: processes.filter((process) => process.state === 'ready').length,
    total: processes.length,
    urls:
      port === undefined
        ? []
        : (look.byPartition.get(partition) ?? []).flatMap((vm) =>
            vm.endpoint && vm.state === 'ready' ? [`${http ? 'http' : 'tcp'}://${vm.endpoint.address}:${port}`] : [],
          ),
    processes,
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
    ready: 0,
    total: processes.length,
    urls: [],
    processes,
  };
}

function processesOf(alias: string, network: string, look: Look): ProcessStatus[] {
  return (look.bySubscription.get(alias) ?? []).map((process) => ({
    name: process.name,
    vm: process.vm,
    state: observedState(process, look.observation),
    address: network === '' ? '' : processAddress(network, process.index),
    image: process.image,
    age: Math.max(0, look.now - Date.parse(process.createdAt)),
    ...(process.failure === undefined ? {} : { failure: process.failure }),
  }));
}

function observedState(process: ProcessRecord, observation: Observation | undefined): ProcessStatus['state'] {
  const seen = observation?.vms[process.vm];
  if (seen?.status !== 'reached') return process.state;
  const container = seen.processes.find((candidate) => candidate.name === process.name);
  if (!container) return 'missing';
  return container.state === 'stopped' ? 'stopped' : process.state;
}

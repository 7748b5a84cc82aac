/** The world of the reference model, and how it is read and written: values in, values out. */
import type { Inventory, ProcessRecord, VmRecord } from '../../model/inventory.ts';
import type { Machine, Observation, ReachedVm } from '../../model/observation.ts';
import type { PartitionSpec, Spec } from '../../model/spec.ts';

/** Records, what can be seen, and what is on machines that are stopped. */
export interface World {
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly hidden: Readonly<Record<string, ReachedVm>>;
}

/** What the model must know to tell what an action writes. */
export interface ModelContext {
  readonly spec: Spec;
  readonly prepareFingerprint: (vm: string, partition: PartitionSpec) => string;
  /** Digest of the gateway configuration of a VM of this inventory. */
  readonly gatewayDigest: (inventory: Inventory, vm: string, included: ReadonlySet<string>) => string | undefined;
  /** VMs whose gateways served when the plan began. Undefined: all that do. */
  readonly served?: ReadonlySet<string>;
}

/** @throws TypeError with `otherwise`: the plan asked for what the world does not allow */
export function require(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new TypeError(otherwise);
}

/** The record of a VM. */
export function vmRecord({ inventory }: World, name: string): VmRecord | undefined {
  return inventory.vms.find((vm) => vm.name === name);
}

/** @throws TypeError when the VM cannot be reached */
export function reached({ observation }: World, name: string): ReachedVm {
  const vm = observation.vms[name];
  require(vm?.status === 'reached', `${name} cannot be reached`);
  return vm;
}

/** The world in which a VM looks like this; without `vm`, in which it does not answer because it is not there. */
export function see(world: World, name: string, vm: ReachedVm | undefined): World {
  const { [name]: _before, ...others } = world.observation.vms;
  return { ...world, observation: { ...world.observation, vms: vm ? { ...others, [name]: vm } : others } };
}

/** Writes the record of a VM. */
export function putVm(world: World, vm: VmRecord): World {
  const others = world.inventory.vms.filter(({ name }) => name !== vm.name);
  return { ...world, inventory: { ...world.inventory, vms: [...others, vm] } };
}

/** Writes the record of a process. */
export function record(world: World, process: ProcessRecord): World {
  const others = world.inventory.processes.filter(({ name }) => name !== process.name);
  return { ...world, inventory: { ...world.inventory, processes: [...others, process] } };
}

/** Drops the record of a process, where it is recorded on that VM. */
export function dropRecord(world: World, process: string, vm: string): World {
  const processes = world.inventory.processes.filter((other) => other.name !== process || other.vm !== vm);
  return { ...world, inventory: { ...world.inventory, processes } };
}

/** @throws TypeError when the IaaS cannot be listed */
export function machines({ observation }: World, iaas: string): readonly Machine[] {
  const listing = observation.iaas[iaas];
  require(listing?.status === 'listed', `${iaas} cannot be listed`);
  return listing.machines;
}

/** The world in which an IaaS lists these machines. */
export function list(world: World, iaas: string, all: readonly Machine[]): World {
  const listing = { status: 'listed', machines: all } as const;
  return { ...world, observation: { ...world.observation, iaas: { ...world.observation.iaas, [iaas]: listing } } };
}

import type { ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { Machine } from '../model/observation.ts';
import type { SubscriptionSpec } from '../model/spec.ts';
import { demandOf, NOTHING, type Demand } from './capacity.ts';
import { compareNames, compareText, numbering, stemOf, type Numbering } from './names.ts';
import { apartIndex } from './neighbours.ts';
import type { PlanInput } from './plan-input.ts';

/** Inventory and observation, found by what the planner asks for; made once for a plan. */
export interface WorldIndex {
  /** Partitions whose gateways are on the VMs of another, by that one. */
  readonly guestsOf: ReadonlyMap<string, readonly string[]>;
  /** Subscriptions of the spec, by the partition that they run in. */
  readonly subscriptionsOf: ReadonlyMap<string, readonly SubscriptionSpec[]>;
  /** Aliases that others want to be near. */
  readonly wantedNear: ReadonlySet<string>;
  readonly vmByName: ReadonlyMap<string, VmRecord>;
  /** By partition, in natural order. */
  readonly vmsOf: ReadonlyMap<string, readonly VmRecord[]>;
  readonly processByName: ReadonlyMap<string, ProcessRecord>;
  /** By VM, in natural order. */
  readonly processesOn: ReadonlyMap<string, readonly ProcessRecord[]>;
  /** Records whose VM is not in the inventory, by the partition that the VM's name tells. */
  readonly lostOf: ReadonlyMap<string, readonly ProcessRecord[]>;
  /** Partitions where a subscription has records. */
  readonly partitionsOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** Processes of `<alias> <partition>` that are recorded as ready. */
  readonly readyIn: ReadonlyMap<string, number>;
  readonly machines: ReadonlyMap<string, MachineIndex>;
  /** Labelled machines without a record, by partition, in natural order. */
  readonly strayMachines: ReadonlyMap<string, readonly StrayMachine[]>;
  /** Ordinals of processes by alias: no record and no container has the one that is given next. */
  readonly ordinals: Numbering;
  /** By alias, the aliases it is never beside. */
  readonly apartOf: ReadonlyMap<string, readonly string[]>;
  /** What a process of this subscription with this image takes. */
  readonly demandFor: (alias: string, image: string) => Demand;
}

export interface MachineIndex {
  readonly byId: ReadonlyMap<string, Machine>;
  readonly byVm: ReadonlyMap<string, Machine>;
  /** Machines that carry no VM's name and that no record has: hosts of a static pool that can still be taken. */
  unused: number;
}

export interface StrayMachine {
  readonly iaas: string;
  readonly vm: string;
  readonly machine: Machine;
}

export function indexWorld(input: PlanInput): WorldIndex {
  const { inventory, observation } = input;
  const subscriptions = Object.values(input.spec.subscriptions);
  const vms = inventory.vms.toSorted((a, b) => compareNames(a.name, b.name));
  const vmByName = new Map(vms.map((vm) => [vm.name, vm]));
  const processes = sortedByName(inventory.processes);
  const partitionsOf = new Map<string, Set<string>>();
  const readyIn = new Map<string, number>();
  const ordinals = numbering();
  for (const { subscription, ordinal, vm, state } of processes) {
    ordinals.use(subscription, ordinal);
    const partition = vmByName.get(vm)?.partition ?? stemOf(vm);
    const known = partitionsOf.get(subscription);
    if (known) known.add(partition);
    else partitionsOf.set(subscription, new Set([partition]));
    const key = `${subscription} ${partition}`;
    if (state === 'ready') readyIn.set(key, (readyIn.get(key) ?? 0) + 1);
  }
  for (const seen of Object.values(observation.vms)) {
    if (seen.status !== 'reached') continue;
    for (const { subscription, ordinal } of seen.processes) ordinals.use(subscription, ordinal);
  }
  const { machines, strayMachines } = indexMachines(input, vmByName);
  const guests = Object.values(input.spec.partitions).filter(({ gateway }) => gateway !== undefined);
  return {
    guestsOf: new Map(
      [...Map.groupBy(guests, ({ gateway = NOWHERE }) => gateway)].map(([home, of]) => [
        home,
        of.map(({ name }) => name).toSorted(compareText),
      ]),
    ),
    subscriptionsOf: Map.groupBy(
      subscriptions,
      ({ cartridge }) => input.spec.cartridges[cartridge]?.partition ?? NOWHERE,
    ),
    wantedNear: new Set(subscriptions.flatMap(({ near }) => near)),
    vmByName,
    vmsOf: Map.groupBy(vms, (vm) => vm.partition),
    processByName: new Map(processes.map((process) => [process.name, process])),
    processesOn: Map.groupBy(processes, (process) => process.vm),
    lostOf: Map.groupBy(
      processes.filter((process) => !vmByName.has(process.vm)),
      (process) => stemOf(process.vm),
    ),
    partitionsOf,
    readyIn,
    machines,
    strayMachines,
    ordinals,
    apartOf: apartIndex(input.spec),
    demandFor: demandIndex(input),
  };
}

/** No partition has this name. */
const NOWHERE = '';

/** Sorts by name without cutting each name apart at every comparison. */
function sortedByName<T extends { readonly name: string; readonly subscription: string; readonly ordinal: number }>(
  records: readonly T[],
): T[] {
  return records.toSorted((a, b) =>
    a.subscription === b.subscription
      ? a.ordinal - b.ordinal || (a.name < b.name ? -1 : 1)
      : a.subscription < b.subscription
        ? -1
        : 1,
  );
}

function indexMachines(input: PlanInput, vmByName: ReadonlyMap<string, VmRecord>) {
  const recorded = new Set(input.inventory.vms.flatMap((vm) => (vm.machine ? [`${vm.iaas}/${vm.machine}`] : [])));
  const machines = new Map<string, MachineIndex>();
  const strays: StrayMachine[] = [];
  for (const [iaas, listing] of Object.entries(input.observation.iaas)) {
    if (listing.status !== 'listed') continue;
    const byId = new Map<string, Machine>();
    const byVm = new Map<string, Machine>();
    let unused = 0;
    for (const machine of listing.machines.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      byId.set(machine.id, machine);
      if (machine.vm !== undefined && !byVm.has(machine.vm)) byVm.set(machine.vm, machine);
      if (recorded.has(`${iaas}/${machine.id}`)) continue;
      if (machine.vm === undefined) {
        unused += 1;
        continue;
      }
      const record = vmByName.get(machine.vm);
      const completes = record?.iaas === iaas && record.machine === undefined;
      if (!completes || byVm.get(machine.vm) !== machine) strays.push({ iaas, vm: machine.vm, machine });
    }
    machines.set(iaas, { byId, byVm, unused });
  }
  strays.sort(
    (a, b) => compareNames(a.vm, b.vm) || (`${a.iaas}/${a.machine.id}` < `${b.iaas}/${b.machine.id}` ? -1 : 1),
  );
  return {
    machines,
    strayMachines: Map.groupBy(strays, ({ vm, machine }) => machine.partition ?? stemOf(vm)),
  };
}

/**
 * Records do not say what a process takes, so it is what its cartridge says now; for a subscription that is gone, what the
 * cartridge with the same image says.
 */
function demandIndex({ spec, images }: PlanInput): WorldIndex['demandFor'] {
  const byCartridge = new Map(
    Object.values(spec.cartridges).map((cartridge) => [cartridge.name, demandOf(cartridge.resources)]),
  );
  const byImage = new Map<string, Demand>();
  for (const name of [...byCartridge.keys()].toSorted()) {
    const image = images[spec.cartridges[name]?.image ?? ''];
    const demand = byCartridge.get(name);
    if (image !== undefined && demand && !byImage.has(image)) byImage.set(image, demand);
  }
  return (alias, image) => {
    const subscription = spec.subscriptions[alias];
    return (subscription && byCartridge.get(subscription.cartridge)) ?? byImage.get(image) ?? NOTHING;
  };
}

/**
 * The world of a simulation: VMs and processes in virtual time, as the inventory and the observation that policy is given.
 * Lists are made anew only when something in them changed.
 */
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import { instant, type Instant, type Millis } from '../model/quantity.ts';
import { partitionOf, type Spec } from '../model/spec.ts';
import { demandOf, fitsInto, minus, plus, roomOf, type Demand } from '../plan/capacity.ts';
import { chooseOffer } from './choose-offer.ts';
import { observationOf, processRecord, vmRecord } from './fleet-view.ts';
import type { Delays, SimulatedProcess, SimulatedVm } from './simulated.ts';

export interface Fleet {
  readonly vms: ReadonlyMap<string, ReadonlySet<SimulatedVm>>;
  processesOf(alias: string): readonly SimulatedProcess[];
  demandOf(alias: string): Demand;
  /** Adds a process where there is room, on a further VM where not; undefined when there is no room and may be no VM. */
  add(alias: string, now: Instant, maxVms: number, delays: Delays): SimulatedProcess | undefined;
  remove(process: SimulatedProcess): void;
  /** Puts to sleep, or wakes: then it answers at `readyAt`. */
  set(process: SimulatedProcess, asleep: SimulatedProcess['asleep'], readyAt: Instant): void;
  addVm(partition: string, now: Instant, maxVms: number, boot: Millis, need?: Demand): SimulatedVm | undefined;
  /** Moves what is on a VM to others and removes it; false, and nothing done, when they have no room. */
  empty(vm: SimulatedVm): boolean;
  /** Those that have become ready by `now`. */
  settle(now: Instant): readonly SimulatedProcess[];
  inventory(): Inventory;
  observation(now: Instant): Observation;
}

/** An empty fleet of the spec. */
export function makeFleet(spec: Spec): Fleet {
  const vms = new Map(Object.keys(spec.partitions).map((name) => [name, new Set<SimulatedVm>()]));
  const processes = new Map(Object.keys(spec.subscriptions).map((alias) => [alias, [] as SimulatedProcess[]]));
  const demands = new Map(
    Object.values(spec.subscriptions).map(({ alias, cartridge }) => [alias, demandOfCartridge(spec, cartridge)]),
  );
  const numbers = new Map<string, number>();
  /** What is on its way: not ready at the last look. */
  const settling = new Set<SimulatedProcess>();
  const booting = new Set<SimulatedVm>();
  let inventory: Inventory | undefined;
  let observation: Observation | undefined;

  const next = (name: string): number => {
    const number = (numbers.get(name) ?? 0) + 1;
    numbers.set(name, number);
    return number;
  };
  const demandFor = (alias: string): Demand => demands.get(alias) ?? { cpu: 0, memory: 0 };
  /** Forgets the lists that a change of a VM, or of a process on it, made wrong. */
  const changed = (vm: SimulatedVm, process?: SimulatedProcess): void => {
    vm.seen = undefined;
    if (process) process.record = undefined;
    inventory = undefined;
    observation = undefined;
  };

  function place(alias: string, demand: Demand, pool: Iterable<SimulatedVm>): SimulatedVm | undefined {
    const subscription = spec.subscriptions[alias];
    for (const vm of pool) {
      if (!fitsInto(vm.free, demand)) continue;
      if (subscription?.spread === true && [...vm.processes].some((other) => other.alias === alias)) continue;
      return vm;
    }
    return undefined;
  }

  function addVm(name: string, now: Instant, maxVms: number, boot: Millis, need?: Demand): SimulatedVm | undefined {
    const partition = spec.partitions[name];
    const pool = vms.get(name);
    const total = [...vms.values()].reduce((sum, each) => sum + each.size, 0);
    if (!partition || !pool || pool.size >= maxVms || total >= spec.guards.maxVms) return undefined;
    const countOn = (iaas: string): number => [...pool].filter((vm) => vm.offer.iaas === iaas).length;
    const offer = chooseOffer(partition, need ?? { cpu: 0, memory: 0 }, countOn);
    if (!offer) return undefined;
    const vm: SimulatedVm = {
      name: `${name}-${String(next(`${name}/vm`))}`,
      partition: name,
      offer,
      createdAt: now,
      readyAt: instant(now + boot),
      free: roomOf(offer.size, partition.policy.processesPerVm),
      processes: new Set(),
    };
    pool.add(vm);
    booting.add(vm);
    changed(vm);
    return vm;
  }

  return {
    vms,
    processesOf: (alias) => processes.get(alias) ?? [],
    demandOf: demandFor,
    addVm,
    add(alias, now, maxVms, delays) {
      const partition = spec.partitions[partitionOf(spec, alias) ?? ''];
      if (!partition) return undefined;
      const demand = demandFor(alias);
      const vm =
        place(alias, demand, vms.get(partition.name) ?? []) ?? addVm(partition.name, now, maxVms, delays.boot, demand);
      if (!vm) return undefined;
      const ordinal = next(alias);
      const readyAt = instant(Math.max(vm.readyAt, now) + delays.start);
      const process: SimulatedProcess = {
        name: `${alias}-${String(ordinal)}`,
        alias,
        ordinal,
        createdAt: now,
        vm,
        readyAt,
        isReady: false,
        asleep: undefined,
      };
      processes.get(alias)?.push(process);
      vm.processes.add(process);
      vm.free = minus(vm.free, demand);
      settling.add(process);
      changed(vm, process);
      return process;
    },
    remove(process) {
      const all = processes.get(process.alias);
      all?.splice(all.indexOf(process), 1);
      process.vm.processes.delete(process);
      process.vm.free = plus(process.vm.free, demandFor(process.alias));
      settling.delete(process);
      changed(process.vm, process);
    },
    set(process, asleep, readyAt) {
      process.asleep = asleep;
      process.readyAt = readyAt;
      process.isReady = false;
      if (asleep === undefined) settling.add(process);
      else settling.delete(process);
      changed(process.vm, process);
    },
    empty(vm) {
      const pool = vms.get(vm.partition) ?? new Set<SimulatedVm>();
      const others = [...pool].filter((other) => other !== vm);
      const before = others.map((other) => other.free);
      const moves: [SimulatedProcess, SimulatedVm][] = [];
      for (const process of vm.processes) {
        const demand = demandFor(process.alias);
        const to = place(process.alias, demand, others);
        if (to) {
          to.free = minus(to.free, demand);
          to.processes.add(process);
          moves.push([process, to]);
          continue;
        }
        others.forEach((other, index) => (other.free = before[index] ?? other.free));
        for (const [moved, there] of moves) there.processes.delete(moved);
        return false;
      }
      for (const [process, to] of moves) {
        process.vm = to;
        changed(to, process);
      }
      vm.processes.clear();
      pool.delete(vm);
      booting.delete(vm);
      changed(vm);
      return true;
    },
    settle(now) {
      if (settling.size === 0 && booting.size === 0) return [];
      for (const vm of booting) {
        if (vm.readyAt > now) continue;
        booting.delete(vm);
        changed(vm);
      }
      const ready = [...settling].filter(({ readyAt }) => readyAt <= now);
      for (const process of ready) {
        process.isReady = true;
        settling.delete(process);
        changed(process.vm, process);
      }
      return ready;
    },
    inventory: () =>
      (inventory ??= {
        lineage: 'simulation',
        serial: 1,
        vms: listOf(vms).map((vm) => vmRecord(vm, booting.has(vm))),
        processes: [...processes.values()].flatMap((all) =>
          all.map((process) => (process.record ??= processRecord(process))),
        ),
      }),
    observation: (now) => {
      observation ??= observationOf(spec, listOf(vms), booting);
      return { ...observation, at: now };
    },
  };
}

function listOf(vms: ReadonlyMap<string, ReadonlySet<SimulatedVm>>): readonly SimulatedVm[] {
  return [...vms.values()].flatMap((pool) => [...pool]);
}

function demandOfCartridge(spec: Spec, name: string): Demand {
  const cartridge = spec.cartridges[name];
  return cartridge ? demandOf(cartridge.resources) : { cpu: 0, memory: 0 };
}

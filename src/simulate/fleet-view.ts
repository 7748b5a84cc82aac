/** A simulated fleet as policy is given it: records of the inventory, and an observation. */
import type { ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { Machine, ObservedProcess, Observation, VmObservation } from '../model/observation.ts';
import { instant, type Instant } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import type { SimulatedProcess, SimulatedVm } from './simulated.ts';

/** A VM as the inventory has it. */
export function vmRecord(vm: SimulatedVm, boots: boolean): VmRecord {
  return {
    name: vm.name,
    partition: vm.partition,
    iaas: vm.offer.iaas,
    state: boots ? 'created' : 'ready',
    machine: vm.name,
    endpoint: { address: '192.0.2.1', port: 22, user: 'root', hostKeys: [] },
    size: vm.offer.size,
    cordoned: false,
    draining: false,
    createdAt: iso(vm.createdAt),
  };
}

/** A process as the inventory has it. */
export function processRecord(process: SimulatedProcess): ProcessRecord {
  return {
    name: process.name,
    subscription: process.alias,
    ordinal: process.ordinal,
    vm: process.vm.name,
    index: process.ordinal,
    image: 'sha256:simulated',
    fingerprint: 'simulated',
    // One that sleeps, or is just being woken, was ready once.
    state: process.isReady || process.asleep !== undefined ? 'ready' : 'creating',
    createdAt: iso(process.createdAt),
    ...(process.asleep === undefined ? {} : { asleep: process.asleep }),
  };
}

/** What a look at the world would see; its time is left to the caller. */
export function observationOf(spec: Spec, vms: readonly SimulatedVm[], booting: ReadonlySet<SimulatedVm>): Observation {
  const machines = new Map<string, Machine[]>(Object.keys(spec.iaas).map((name) => [name, []]));
  const seen: Record<string, VmObservation> = {};
  for (const vm of vms) {
    const state = booting.has(vm) ? 'pending' : 'running';
    const machine: Machine = { id: vm.name, vm: vm.name, partition: vm.partition, state, size: vm.offer.size };
    machines.get(vm.offer.iaas)?.push(machine);
    if (state === 'running') seen[vm.name] = vm.seen ??= vmObservation(vm);
  }
  return {
    at: instant(0),
    iaas: Object.fromEntries([...machines].map(([name, list]) => [name, { status: 'listed', machines: list }])),
    vms: seen,
  };
}

function vmObservation({ name, offer: { size }, processes }: SimulatedVm): VmObservation {
  return {
    status: 'reached',
    lineage: 'simulation',
    prepared: 'simulated',
    bootId: name,
    cgroup: 'v2',
    cpus: size.cpu,
    memory: { total: size.memory, available: size.memory },
    disk: { total: size.memory, available: size.memory },
    load: 0,
    processes: [...processes].map(observed),
    images: [],
    gateway: { running: true, servers: {} },
    foreign: [],
  };
}

function observed(process: SimulatedProcess): ObservedProcess {
  return {
    name: process.name,
    subscription: process.alias,
    ordinal: process.ordinal,
    index: process.ordinal,
    image: 'sha256:simulated',
    fingerprint: 'simulated',
    state: process.asleep === 'stopped' ? 'stopped' : 'running',
    ...(process.asleep === undefined ? {} : { asleep: process.asleep }),
  };
}

const iso = (at: Instant): string => new Date(at).toISOString();

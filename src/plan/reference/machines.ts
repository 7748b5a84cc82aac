/** What actions on machines do, on paper. */
import type { VmRecord } from '../../model/inventory.ts';
import type { Machine, ReachedVm } from '../../model/observation.ts';
import type { GuestProcess, VmCreate } from '../../model/plan.ts';
import { bytes, cores } from '../../model/quantity.ts';
import { numberOf, stemOf } from '../names.ts';
import { list, machines, putVm, reached, require, see, vmRecord, type ModelContext, type World } from './world.ts';

/** The record of a VM that is asked for. */
export function newVm({ vm, iaas, size, zone, guest }: VmCreate): VmRecord {
  const marks = { cordoned: false, draining: false, createdAt: '2026-01-01T00:00:00.000Z' };
  const kind = guest ? { runtime: 'vm' as const } : {};
  return { name: vm, partition: stemOf(vm), iaas, state: 'creating', size, ...inZone(zone), ...marks, ...kind };
}

/** A machine that answers, made or found, and its record. */
export function createVm(world: World, action: VmCreate): World {
  const { vm, iaas, guest } = action;
  const before = vmRecord(world, vm) ?? newVm(action);
  if (before.runtime === 'vm') return createGuest(world, before, guest);
  const taken = new Set(world.inventory.vms.flatMap((other) => other.machine ?? []));
  const all = machines(world, iaas);
  const own = all.find((machine) => machine.vm === vm || machine.id === before.machine);
  const host = all.find((machine) => machine.vm === undefined && !taken.has(machine.id));
  const made = own ?? host ?? madeMachine(vm, before.partition, before.zone);
  const listed = own || host ? world : list(world, iaas, [...all, made]);
  const running =
    made.state === 'running' ? listed : list(listed, iaas, replace(machines(listed, iaas), made, 'running'));
  const seen = running.observation.vms[vm];
  const answering = seen?.status === 'reached' ? running : see(running, vm, emptyVm());
  return putVm(answering, { ...before, state: 'created', machine: made.id, endpoint: endpointOf(vm) });
}

/** A machine that is a process from the moment it is there; without `guest` the one that was made before. */
function createGuest(world: World, before: VmRecord, guest: GuestProcess | undefined): World {
  const { name: vm, iaas } = before;
  const own = machines(world, iaas).find((machine) => machine.vm === vm);
  if (!guest) {
    require(own !== undefined, `the machine of ${vm} is gone`);
    return putVm(world, { ...before, state: 'ready', machine: own.id, endpoint: endpointOf(vm) });
  }
  require(own === undefined, `${vm} is another process already`);
  const { name, subscription, image, fingerprint } = guest;
  const process = {
    name,
    subscription,
    ordinal: numberOf(name),
    index: 1,
    image,
    fingerprint,
    state: 'running',
  } as const;
  const made = { ...madeMachine(vm, before.partition, before.zone), process: { name, fingerprint } };
  const listed = list(world, iaas, [...machines(world, iaas), made]);
  const { lineage } = world.inventory;
  const seen = see(listed, vm, { ...emptyVm(), guest: true, lineage, processes: [process] });
  return putVm(seen, { ...before, state: 'ready', machine: made.id, endpoint: endpointOf(vm) });
}

function madeMachine(vm: string, partition: string, zone: string | undefined): Machine {
  return { id: `m-${vm}`, vm, partition, state: 'running', endpoint: endpointOf(vm), ...inZone(zone) };
}

function inZone(zone: string | undefined): { readonly zone?: string } {
  return zone === undefined ? {} : { zone };
}

function replace(all: readonly Machine[], one: Machine, state: Machine['state']): readonly Machine[] {
  return all.map((machine) => (machine.id === one.id ? { ...machine, state } : machine));
}

function endpointOf(vm: string) {
  return { address: `${vm}.test`, port: 22, user: 'root', hostKeys: ['ssh-ed25519 AAAA'] };
}

/** A machine that answers and has nothing on it. */
function emptyVm(): ReachedVm {
  const size = { total: bytes(2 ** 40), available: bytes(2 ** 40) };
  const nothing = { processes: [], images: [], foreign: [], gateway: { running: false, servers: {} } };
  return {
    status: 'reached',
    bootId: 'b',
    cgroup: 'v2',
    cpus: cores(64),
    memory: size,
    disk: size,
    load: 0,
    ...nothing,
  };
}

/** A stopped machine that runs again, with what was on its disk. */
export function startVm(world: World, name: string): World {
  const before = vmRecord(world, name);
  require(before !== undefined, `${name} is not in the inventory`);
  const machine = machines(world, before.iaas).find(({ id }) => id === before.machine);
  require(machine?.state === 'stopped', `${name} is not stopped`);
  const running = list(world, before.iaas, replace(machines(world, before.iaas), machine, 'running'));
  const disk = world.hidden[name];
  const processes = (disk?.processes ?? []).map((process) => ({ ...process, state: 'running' as const }));
  return see(running, name, { ...(disk ?? emptyVm()), processes });
}

/** The record of a machine that has none. */
export function adoptVm(world: World, name: string, iaas: string, id: string, { spec }: ModelContext): World {
  require(!vmRecord(world, name), `${name} is in the inventory already`);
  const machine = machines(world, iaas).find((other) => other.id === id);
  require(machine !== undefined, `${iaas} has no machine ${id}`);
  const partition = machine.partition ?? stemOf(name);
  const size = machine.size ?? spec.partitions[partition]?.policy.vm;
  require(size !== undefined, `no partition is named ${partition}`);
  const marks = { cordoned: false, draining: false, createdAt: '2026-01-01T00:00:00.000Z' };
  const what = { name, partition, iaas, size, machine: id, endpoint: endpointOf(name), ...marks };
  return putVm(world, machine.process ? { ...what, state: 'ready', runtime: 'vm' } : { ...what, state: 'created' });
}

/** A VM with the preparation it should have. */
export function prepareVm(world: World, name: string, { spec, prepareFingerprint }: ModelContext): World {
  const before = vmRecord(world, name);
  require(before !== undefined, `${name} is not in the inventory`);
  const partition = spec.partitions[before.partition];
  require(partition !== undefined, `${name} is of no partition`);
  const prepared = prepareFingerprint(name, partition);
  const { lineage } = world.inventory;
  const { drift: _repaired, ...seen } = reached(world, name);
  return putVm(see(world, name, { ...seen, prepared, lineage }), {
    ...before,
    state: 'ready',
    prepared,
  });
}

/** The world without a VM. It must be empty. */
export function deleteVm(world: World, name: string): World {
  const before = vmRecord(world, name);
  require(before !== undefined, `${name} is not in the inventory`);
  const seen = world.observation.vms[name];
  if (before.runtime === 'vm') {
    const left = world.inventory.processes.filter(({ vm }) => vm === name);
    require(left.length === 0, `${name} is not empty`);
  } else if (seen?.status === 'reached') {
    require(seen.processes.length + seen.foreign.length === 0, `${name} is not empty`);
    require((seen.volumes ?? []).length === 0, `${name} has volumes`);
  }
  // A host of a pool stays listed: it is only given back.
  const left = machines(world, before.iaas).filter(({ id, vm }) => id !== before.machine || vm === undefined);
  return dropVm(see(list(world, before.iaas, left), name, undefined), name);
}

/** The world without the record of a VM and of what was on it. */
export function forgetVm(world: World, name: string): World {
  const processes = world.inventory.processes.filter(({ vm }) => vm !== name);
  return dropVm(see({ ...world, inventory: { ...world.inventory, processes } }, name, undefined), name);
}

function dropVm(world: World, name: string): World {
  return { ...world, inventory: { ...world.inventory, vms: world.inventory.vms.filter((vm) => vm.name !== name) } };
}

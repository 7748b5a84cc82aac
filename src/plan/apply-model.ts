/**
 * What a plan does, on paper: the world after an action that succeeded, was cut in its middle, or failed. The laws of the planner
 * are stated against this model; it refuses what the real world would refuse.
 */
import type { Inventory, ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { Machine, ObservedProcess, Observation, ReachedVm } from '../model/observation.ts';
import type { Action, Plan, ProcessAdopt, ProcessCreate, Stage, VmCreate } from '../model/plan.ts';
import { bytes, cores } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import { stemOf } from './names.ts';

/** Records, what can be seen, and what is on machines that are stopped. */
export interface World {
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly hidden: Readonly<Record<string, ReachedVm>>;
}

/** What the model must know to tell what an action writes. */
export interface ModelContext {
  readonly spec: Spec;
  readonly prepareFingerprint: (vm: string, network: string) => string;
  /** Digest of the gateway configuration of a VM of this inventory. */
  readonly gatewayDigest: (inventory: Inventory, vm: string, included: ReadonlySet<string>) => string | undefined;
}

/** The world after `action` succeeded. @throws TypeError when the world does not allow it: the plan was wrong */
export function simulateAction(world: World, action: Action, context: ModelContext): World {
  switch (action.kind) {
    case 'vm.create':
      return createVm(world, action);
    case 'vm.start':
      return startVm(world, action.vm);
    case 'vm.adopt':
      return adoptVm(world, action.vm, action.iaas, action.machine, context);
    case 'vm.prepare':
      return prepareVm(world, action.vm, context);
    case 'vm.delete':
      return deleteVm(world, action.vm);
    case 'vm.forget':
      return forgetVm(world, action.vm);
    case 'image.copy': {
      const vm = reached(world, action.vm);
      const key = action.privileged ? 'privilegedImages' : 'images';
      return see(world, action.vm, { ...vm, [key]: [...new Set([...(vm[key] ?? []), action.image])].sort() });
    }
    case 'process.create':
      requireImage(world, action, context);
      return record(putVolumes(putContainer(world, action), action, context), recordOf(action, 'ready'));
    case 'process.start': {
      const vm = reached(world, action.vm);
      require(vm.processes.some(({ name }) => name === action.process), `${action.process} is not on ${action.vm}`);
      const processes = vm.processes.map((process) =>
        process.name === action.process ? { ...process, state: 'running' as const } : process,
      );
      return see(world, action.vm, { ...vm, processes });
    }
    case 'process.adopt':
      return record(world, recordOf(action, 'ready'));
    case 'process.remove':
      return dropRecord(takeContainer(world, action.vm, action.process), action.process, action.vm);
    case 'process.forget':
      require(!containerOf(world, action.vm, action.process), `${action.process} is still on ${action.vm}`);
      return dropRecord(world, action.process, action.vm);
    case 'gateway.configure':
      return configure(markLeaving(world, action.withdraw), action.vm, context);
  }
}

/** The world when the run was killed in the middle of `action`: either only begun, or done and not recorded. */
export function interruptAction(
  world: World,
  action: Action,
  how: 'begun' | 'unrecorded',
  context: ModelContext,
): World {
  const done = how === 'unrecorded' ? simulateAction(world, action, context) : world;
  switch (action.kind) {
    case 'vm.create':
      return putVm(done, {
        ...(vmRecord(world, action.vm) ?? newVm(action)),
        state: 'creating',
      });
    case 'vm.prepare':
    case 'vm.start':
    case 'vm.adopt':
      return { ...done, inventory: world.inventory };
    case 'vm.delete': {
      const before = vmRecord(world, action.vm);
      return before ? putVm(done, { ...before, state: 'deleting', cordoned: true }) : done;
    }
    case 'process.create':
      return record(done, recordOf(action, 'creating'));
    case 'process.remove':
    case 'process.start':
      return { ...done, inventory: world.inventory };
    case 'gateway.configure':
      return how === 'unrecorded' ? done : markLeaving(world, action.withdraw);
    case 'vm.forget':
    case 'image.copy':
    case 'process.adopt':
    case 'process.forget':
      return done;
  }
}

/** The world after `action` failed: a process that did not get ready stays as it is, anything else changed nothing. */
export function failAction(world: World, action: Action): World {
  if (action.kind !== 'process.create') return world;
  return record(putContainer(world, action), { ...recordOf(action, 'failed'), failure: 'it did not get ready' });
}

export interface SimulateOptions {
  /** Actions that fail. */
  readonly fails?: (action: Action) => boolean;
  /** Called after each action, with the world as it is then. */
  readonly onStep?: (world: World, action: Action) => void;
  /** Actions to do before the run is killed; the next one is interrupted. */
  readonly stopAfter?: number;
  readonly interruption?: 'begun' | 'unrecorded';
}

/** Runs a plan as the executor does: in order, leaving out what depends on something that did not succeed. */
export function simulatePlan(world: World, plan: Plan, context: ModelContext, options: SimulateOptions = {}): World {
  const broken = new Set<string>();
  let now = world;
  let done = 0;
  for (const stage of plan.stages) {
    for (const planned of stage.actions) {
      const action = withoutUnmet(planned, stage, broken);
      if (action.dependsOn.some((id) => broken.has(id))) {
        broken.add(action.id).add(stage.id);
        continue;
      }
      if (done === options.stopAfter)
        return nextRun(options.interruption ? interruptAction(now, action, options.interruption, context) : now);
      done += 1;
      if (options.fails?.(action)) {
        broken.add(action.id).add(stage.id);
        now = failAction(now, action);
      } else now = simulateAction(now, action, context);
      options.onStep?.(now, action);
    }
  }
  return nextRun(now);
}

/** What is running now is seen by the next run. */
function nextRun(world: World): World {
  const hidden = Object.entries(world.hidden).filter(([vm]) => world.observation.vms[vm]?.status !== 'reached');
  const inventory = { ...world.inventory, serial: world.inventory.serial + 1 };
  return { ...world, inventory, hidden: Object.fromEntries(hidden) };
}

/** Keeps in rotation what would leave it only if something else had succeeded. */
function withoutUnmet(action: Action, stage: Stage, broken: ReadonlySet<string>): Action {
  const { withdrawAfter } = stage;
  if (action.kind !== 'gateway.configure' || !withdrawAfter) return action;
  return { ...action, withdraw: action.withdraw.filter((name) => !withdrawAfter[name]?.some((id) => broken.has(id))) };
}

function require(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new TypeError(otherwise);
}

function vmRecord({ inventory }: World, name: string): VmRecord | undefined {
  return inventory.vms.find((vm) => vm.name === name);
}

function reached({ observation }: World, name: string): ReachedVm {
  const vm = observation.vms[name];
  require(vm?.status === 'reached', `${name} cannot be reached`);
  return vm;
}

function see(world: World, name: string, vm: ReachedVm | undefined): World {
  const { [name]: _before, ...others } = world.observation.vms;
  return { ...world, observation: { ...world.observation, vms: vm ? { ...others, [name]: vm } : others } };
}

function putVm(world: World, vm: VmRecord): World {
  const others = world.inventory.vms.filter(({ name }) => name !== vm.name);
  return { ...world, inventory: { ...world.inventory, vms: [...others, vm] } };
}

function record(world: World, process: ProcessRecord): World {
  const others = world.inventory.processes.filter(({ name }) => name !== process.name);
  return { ...world, inventory: { ...world.inventory, processes: [...others, process] } };
}

function dropRecord(world: World, process: string, vm: string): World {
  const processes = world.inventory.processes.filter((other) => other.name !== process || other.vm !== vm);
  return { ...world, inventory: { ...world.inventory, processes } };
}

function machines({ observation }: World, iaas: string): readonly Machine[] {
  const listing = observation.iaas[iaas];
  require(listing?.status === 'listed', `${iaas} cannot be listed`);
  return listing.machines;
}

function list(world: World, iaas: string, all: readonly Machine[]): World {
  const listing = { status: 'listed', machines: all } as const;
  return { ...world, observation: { ...world.observation, iaas: { ...world.observation.iaas, [iaas]: listing } } };
}

function newVm({ vm, iaas, size }: VmCreate): VmRecord {
  const marks = { cordoned: false, draining: false, createdAt: '2026-01-01T00:00:00.000Z' };
  return { name: vm, partition: stemOf(vm), iaas, state: 'creating', size, ...marks };
}

function createVm(world: World, action: VmCreate): World {
  const { vm, iaas } = action;
  const before = vmRecord(world, vm) ?? newVm(action);
  const taken = new Set(world.inventory.vms.flatMap((other) => other.machine ?? []));
  const all = machines(world, iaas);
  const own = all.find((machine) => machine.vm === vm || machine.id === before.machine);
  const host = all.find((machine) => machine.vm === undefined && !taken.has(machine.id));
  const made = own ?? host ?? madeMachine(vm, before.partition);
  const listed = own || host ? world : list(world, iaas, [...all, made]);
  const running =
    made.state === 'running' ? listed : list(listed, iaas, replace(machines(listed, iaas), made, 'running'));
  const seen = running.observation.vms[vm];
  const answering = seen?.status === 'reached' ? running : see(running, vm, emptyVm());
  return putVm(answering, { ...before, state: 'created', machine: made.id, endpoint: endpointOf(vm) });
}

function madeMachine(vm: string, partition: string): Machine {
  return { id: `m-${vm}`, vm, partition, state: 'running', endpoint: endpointOf(vm) };
}

function replace(all: readonly Machine[], one: Machine, state: Machine['state']): readonly Machine[] {
  return all.map((machine) => (machine.id === one.id ? { ...machine, state } : machine));
}

function endpointOf(vm: string) {
  return { address: `${vm}.test`, port: 22, user: 'root', hostKeys: ['ssh-ed25519 AAAA'] };
}

/** A machine that answers and has nothing on it. */
export function emptyVm(): ReachedVm {
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

function startVm(world: World, name: string): World {
  const before = vmRecord(world, name);
  require(before !== undefined, `${name} is not in the inventory`);
  const machine = machines(world, before.iaas).find(({ id }) => id === before.machine);
  require(machine?.state === 'stopped', `${name} is not stopped`);
  const running = list(world, before.iaas, replace(machines(world, before.iaas), machine, 'running'));
  const disk = world.hidden[name];
  const processes = (disk?.processes ?? []).map((process) => ({ ...process, state: 'running' as const }));
  return see(running, name, { ...(disk ?? emptyVm()), processes });
}

function adoptVm(world: World, name: string, iaas: string, id: string, { spec }: ModelContext): World {
  require(!vmRecord(world, name), `${name} is in the inventory already`);
  const machine = machines(world, iaas).find((other) => other.id === id);
  require(machine !== undefined, `${iaas} has no machine ${id}`);
  const partition = machine.partition ?? stemOf(name);
  const size = machine.size ?? spec.partitions[partition]?.policy.vm;
  require(size !== undefined, `no partition is named ${partition}`);
  const marks = { cordoned: false, draining: false, createdAt: '2026-01-01T00:00:00.000Z' };
  const endpoint = endpointOf(name);
  return putVm(world, { name, partition, iaas, state: 'created', size, machine: id, endpoint, ...marks });
}

function prepareVm(world: World, name: string, { spec, prepareFingerprint }: ModelContext): World {
  const before = vmRecord(world, name);
  require(before !== undefined, `${name} is not in the inventory`);
  const network = spec.partitions[before.partition]?.network;
  require(network !== undefined, `${name} is of no partition`);
  const prepared = prepareFingerprint(name, network);
  const { lineage } = world.inventory;
  return putVm(see(world, name, { ...reached(world, name), prepared, lineage }), {
    ...before,
    state: 'ready',
    prepared,
  });
}

function deleteVm(world: World, name: string): World {
  const before = vmRecord(world, name);
  require(before !== undefined, `${name} is not in the inventory`);
  const seen = world.observation.vms[name];
  if (seen?.status === 'reached') {
    require(seen.processes.length + seen.foreign.length === 0, `${name} is not empty`);
    require((seen.volumes ?? []).length === 0, `${name} has volumes`);
  }
  // A host of a pool stays listed: it is only given back.
  const left = machines(world, before.iaas).filter(({ id, vm }) => id !== before.machine || vm === undefined);
  return dropVm(see(list(world, before.iaas, left), name, undefined), name);
}

function forgetVm(world: World, name: string): World {
  const processes = world.inventory.processes.filter(({ vm }) => vm !== name);
  return dropVm(see({ ...world, inventory: { ...world.inventory, processes } }, name, undefined), name);
}

function dropVm(world: World, name: string): World {
  return { ...world, inventory: { ...world.inventory, vms: world.inventory.vms.filter((vm) => vm.name !== name) } };
}

function recordOf(action: ProcessCreate | ProcessAdopt, state: ProcessRecord['state']): ProcessRecord {
  const { process: name, subscription, ordinal, vm, index, image, fingerprint } = action;
  const createdAt = '2026-01-01T00:00:00.000Z';
  return { name, subscription, ordinal, vm, index, image, fingerprint, state, createdAt };
}

function containerOf({ observation }: World, vm: string, process: string): ObservedProcess | undefined {
  const seen = observation.vms[vm];
  return seen?.status === 'reached' ? seen.processes.find(({ name }) => name === process) : undefined;
}

/** The image must be there as the cartridge runs it: with its own ownership for privileged ones, shifted for others. */
function requireImage(world: World, { vm, subscription, image }: ProcessCreate, { spec }: ModelContext): void {
  const cartridge = spec.cartridges[spec.subscriptions[subscription]?.cartridge ?? ''];
  const key = cartridge?.security.privileged ? 'privilegedImages' : 'images';
  require(reached(world, vm)[key]?.includes(image) === true, `${vm} does not have ${image} among its ${key}`);
}

/** Volumes are made with the first process that has them, and stay when it goes. */
function putVolumes(world: World, { vm, subscription }: ProcessCreate, { spec }: ModelContext): World {
  const cartridge = spec.cartridges[spec.subscriptions[subscription]?.cartridge ?? ''];
  if (!cartridge || cartridge.volumes.length === 0) return world;
  const seen = reached(world, vm);
  return see(world, vm, { ...seen, volumes: [...new Set([...(seen.volumes ?? []), subscription])].sort() });
}

function putContainer(world: World, action: ProcessCreate): World {
  const { vm, process: name, subscription, ordinal, index, image, fingerprint } = action;
  const seen = reached(world, vm);
  require(seen.prepared !== undefined, `${vm} is not prepared`);
  for (const other of seen.processes) {
    require(other.name === name || other.index !== index, `${other.name} has number ${index} on ${vm}`);
    require(other.name !== name || other.fingerprint === fingerprint, `another ${name} is still on ${vm}`);
  }
  for (const [where, there] of Object.entries(world.observation.vms)) {
    // What was on a stopped VM could not be known; the next plan sees it.
    const twin =
      where !== vm &&
      !(where in world.hidden) &&
      there.status === 'reached' &&
      there.processes.some((other) => other.name === name);
    require(!twin, `${name} is on ${where} already`);
  }
  const container: ObservedProcess = { name, subscription, ordinal, index, image, fingerprint, state: 'running' };
  return see(world, vm, { ...seen, processes: [...seen.processes.filter((other) => other.name !== name), container] });
}

function takeContainer(world: World, vm: string, process: string): World {
  const seen = reached(world, vm);
  require(seen.processes.some(({ name }) => name === process), `${process} is not on ${vm}`);
  const left = world.inventory.processes.find(({ name, vm: home }) => name === process && home === vm);
  require(left?.state !== 'ready' || !isServing(world, vm, process), `${process} is still in rotation`);
  return see(world, vm, { ...seen, processes: seen.processes.filter(({ name }) => name !== process) });
}

/** A process must have left the rotation of every gateway that served before it goes; one whose VM just started did not. */
function isServing(world: World, vm: string, process: string): boolean {
  const partition = vmRecord(world, vm)?.partition;
  return world.inventory.vms.some((other) => {
    const seen = world.observation.vms[other.name];
    if (
      other.partition !== partition ||
      other.name in world.hidden ||
      seen?.status !== 'reached' ||
      !seen.gateway.running
    )
      return false;
    return seen.lineage === world.inventory.lineage && seen.gateway.servers[process] === true;
  });
}

function markLeaving(world: World, names: readonly string[]): World {
  const leaving = new Set(names);
  const processes = world.inventory.processes.map((process) =>
    leaving.has(process.name) ? { ...process, state: 'leaving' as const } : process,
  );
  return { ...world, inventory: { ...world.inventory, processes } };
}

function configure(world: World, name: string, { gatewayDigest }: ModelContext): World {
  const { inventory } = world;
  const partition = vmRecord(world, name)?.partition;
  require(partition !== undefined, `${name} is not in the inventory`);
  const vms = new Set(inventory.vms.filter((vm) => vm.partition === partition).map((vm) => vm.name));
  const included = inventory.processes.filter((process) => process.state === 'ready' && vms.has(process.vm));
  const digest = gatewayDigest(inventory, name, new Set(included.map((process) => process.name)));
  const servers = Object.fromEntries(included.map((process) => [process.name, true]));
  const gateway =
    digest === undefined
      ? { running: false, servers: {} }
      : { running: true, configDigest: digest, loadedDigest: digest, servers };
  return see(world, name, { ...reached(world, name), gateway });
}

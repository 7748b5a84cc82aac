/** What actions on processes and gateways do, on paper. */
import type { ProcessRecord } from '../../model/inventory.ts';
import { limitsText } from '../../model/limits.ts';
import type { ObservedProcess } from '../../model/observation.ts';
import type { ProcessAdopt, ProcessCreate, ProcessLimit } from '../../model/plan.ts';
import { gatewayHome, type Spec } from '../../model/spec.ts';
import { reached, require, see, vmRecord, type ModelContext, type World } from './world.ts';

/** The record that an action writes. */
export function recordOf(action: ProcessCreate | ProcessAdopt, state: ProcessRecord['state']): ProcessRecord {
  const { process: name, subscription, ordinal, vm, index, image, fingerprint, needs } = action;
  const createdAt = '2026-01-01T00:00:00.000Z';
  const made = { name, subscription, ordinal, vm, index, image, fingerprint, state, createdAt };
  return needs ? { ...made, needs } : made;
}

/** What is on a VM under a name. */
export function containerOf({ observation }: World, vm: string, process: string): ObservedProcess | undefined {
  const seen = observation.vms[vm];
  return seen?.status === 'reached' ? seen.processes.find(({ name }) => name === process) : undefined;
}

/** The image must be there as the cartridge runs it: with its own ownership for privileged ones, shifted for others. */
export function requireImage(world: World, { vm, subscription, image }: ProcessCreate, { spec }: ModelContext): void {
  const cartridge = spec.cartridges[spec.subscriptions[subscription]?.cartridge ?? ''];
  // The IaaS has the image of a machine.
  if (cartridge?.runtime === 'vm') return;
  const key = cartridge?.security.privileged ? 'privilegedImages' : 'images';
  require(reached(world, vm)[key]?.includes(image) === true, `${vm} does not have ${image} among its ${key}`);
}

/** Volumes are made with the first process that has them, and stay when it goes. */
export function putVolumes(world: World, { vm, subscription }: ProcessCreate, { spec }: ModelContext): World {
  const cartridge = spec.cartridges[spec.subscriptions[subscription]?.cartridge ?? ''];
  if (!cartridge || cartridge.volumes.length === 0) return world;
  const seen = reached(world, vm);
  return see(world, vm, { ...seen, volumes: [...new Set([...(seen.volumes ?? []), subscription])].sort() });
}

/** A container that runs. No other may have its name or its number. */
export function putContainer(world: World, action: ProcessCreate, { spec }: ModelContext): World {
  const { vm, process: name, subscription, ordinal, index, image, fingerprint } = action;
  const seen = reached(world, vm);
  if (seen.guest) {
    const own = seen.processes.find((process) => process.name === name);
    require(own?.fingerprint === fingerprint, `${vm} is not ${name} as it should be`);
    return see(world, vm, { ...seen, processes: [{ ...own, state: 'running' }] });
  }
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
  // What is there already keeps its limits.
  const limits = containerOf(world, vm, name)?.limits ?? limitsFor(spec, action);
  const container: ObservedProcess = {
    ...{ name, subscription, ordinal, index, image, fingerprint, state: 'running' },
    ...(limits === undefined ? {} : { limits }),
  };
  return see(world, vm, { ...seen, processes: [...seen.processes.filter((other) => other.name !== name), container] });
}

function limitsFor(spec: Spec, { subscription, revision }: ProcessCreate): string | undefined {
  const own = spec.subscriptions[subscription]?.cartridge;
  const cartridge = spec.cartridges[(revision === undefined ? own : `${subscription}@${revision}`) ?? ''];
  return cartridge && limitsText(cartridge.resources);
}

/** A container that may take other than before. */
export function limit(world: World, { vm, process, resources }: ProcessLimit): World {
  const seen = reached(world, vm);
  require(seen.processes.some(({ name }) => name === process), `${process} is not on ${vm}`);
  const limits = limitsText(resources);
  return see(world, vm, {
    ...seen,
    processes: seen.processes.map((other) => (other.name === process ? { ...other, limits } : other)),
  });
}

/** The VM without a container, which must not be in rotation. */
export function takeContainer(world: World, vm: string, process: string, context: ModelContext): World {
  const seen = reached(world, vm);
  require(seen.processes.some(({ name }) => name === process), `${process} is not on ${vm}`);
  const left = world.inventory.processes.find(({ name, vm: home }) => name === process && home === vm);
  require(left?.state !== 'ready' || !isServing(world, vm, process, context), `${process} is still in rotation`);
  // A machine that is a process stays one until its end.
  if (seen.guest) return world;
  return see(world, vm, { ...seen, processes: seen.processes.filter(({ name }) => name !== process) });
}

/** A process must have left the rotation of every gateway that served before it goes; one whose VM just started, or just joined, did not. */
function isServing(world: World, vm: string, process: string, { spec, served }: ModelContext): boolean {
  const partition = gatewayHome(spec.partitions, vmRecord(world, vm)?.partition ?? '');
  return world.inventory.vms.some((other) => {
    const seen = world.observation.vms[other.name];
    if (
      other.partition !== partition ||
      other.name in world.hidden ||
      served?.has(other.name) === false ||
      seen?.status !== 'reached' ||
      !seen.gateway.running
    )
      return false;
    return seen.lineage === world.inventory.lineage && seen.gateway.servers[process] === true;
  });
}

/** The records of processes that leave the rotation. */
export function markLeaving(world: World, names: readonly string[]): World {
  const leaving = new Set(names);
  const processes = world.inventory.processes.map((process) =>
    leaving.has(process.name) ? { ...process, state: 'leaving' as const } : process,
  );
  return { ...world, inventory: { ...world.inventory, processes } };
}

/** A gateway that serves what is recorded as ready now. */
export function configure(world: World, name: string, { spec, gatewayDigest }: ModelContext): World {
  const { inventory } = world;
  const partition = vmRecord(world, name)?.partition;
  require(partition !== undefined, `${name} is not in the inventory`);
  const vms = new Set(
    inventory.vms.filter((vm) => gatewayHome(spec.partitions, vm.partition) === partition).map((vm) => vm.name),
  );
  const included = inventory.processes.filter((process) => process.state === 'ready' && vms.has(process.vm));
  const digest = gatewayDigest(inventory, name, new Set(included.map((process) => process.name)));
  const servers = Object.fromEntries(included.map((process) => [process.name, true]));
  const gateway =
    digest === undefined
      ? { running: false, servers: {} }
      : { running: true, configDigest: digest, loadedDigest: digest, servers };
  return see(world, name, { ...reached(world, name), gateway });
}

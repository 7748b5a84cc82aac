/** Observing: what each IaaS lists, and one read-only batch for each VM. Nothing is changed, nothing is decided. */
import { gatewayProbeStep, parseGatewayProbe } from '../gateway/probe.ts';
import { disksStep, withDisks } from '../lxc/disks.ts';
import { observeStep, parseObservation } from '../lxc/observe.ts';
import { parseProbes, probesStep, type Probe } from '../lxc/probes.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { InterruptedError, StratosError, UnreachableError } from '../model/errors.ts';
import type { Inventory, VmRecord } from '../model/inventory.ts';
import type { IaasObservation, Machine, MachineProcess, Observation, VmObservation } from '../model/observation.ts';
import { millis } from '../model/quantity.ts';
import type { IaasSpec } from '../model/iaas-spec.ts';
import type { Spec } from '../model/spec.ts';
import type { Batch } from '../shell/command.ts';
import type { Deps } from './deps.ts';
import { listMachines } from './list-machines.ts';
import { observeGuest } from './observe-guest.ts';
import { ownMachines } from './own-machines.ts';
import { probesOf } from './probes-of.ts';
import { trafficOf } from './traffic-of.ts';
import { unlistedGuests } from './unlisted-guests.ts';
import { limiter } from '../concurrency/limiter.ts';

export interface ObserveOptions {
  /** Asks the gateways for their statistics also where no policy needs them. */
  readonly everything?: boolean;
  /** Counts what processes have changed on disk, which takes up to 2 s. */
  readonly disks?: boolean;
  readonly parallel: number;
  readonly signal: AbortSignal;
}

/** Longest time one observation may take on a VM that answers. */
const OBSERVE_TIMEOUT = millis(20_000);

/**
 * Sees the world once. VMs of the inventory are asked at the same time as the IaaS, since their addresses are known; the
 * question to a machine that the IaaS says is not running is given up at once.
 * @throws InterruptedError when the signal aborts
 */
export async function observe(
  deps: Deps,
  spec: Spec,
  inventory: Inventory,
  options: ObserveOptions,
): Promise<Observation> {
  const at = deps.now();
  const limit = limiter(options.parallel);
  const vms: Record<string, VmObservation> = {};
  const questions = new Map<string, AbortController>();
  const answers: Promise<void>[] = [];
  const patience: NodeJS.Timeout[] = [];
  const probes = probesOf(spec, inventory);
  const traffic = trafficOf(spec, inventory);

  const lookAt = (name: string): Look => ({
    probes: probes.get(name) ?? [],
    traffic: options.everything === true || traffic.has(name),
    disks: options.disks === true,
  });
  const ask = (name: string, endpoint: Endpoint): void => {
    if (questions.has(name)) return;
    const controller = new AbortController();
    questions.set(name, controller);
    const signal = AbortSignal.any([options.signal, controller.signal]);
    answers.push(
      limit(() => askVm(deps, name, endpoint, inventory.lineage, signal, lookAt(name))).then((answer) => {
        if (answer) vms[name] = answer;
      }),
    );
  };

  for (const vm of inventory.vms) if (vm.endpoint && vm.state !== 'creating' && !vm.runtime) ask(vm.name, vm.endpoint);

  const machineVms = new Map(
    inventory.vms.flatMap((vm) => (vm.machine ? [[`${vm.iaas}/${vm.machine}`, vm.name]] : [])),
  );
  const machineNames = new Set(machineVms.values());
  const recorded = {
    vms: new Map(inventory.vms.map((vm) => [vm.name, vm])),
    processes: new Map(inventory.processes.map((process) => [process.name, process])),
  };
  const guestAt = (name: string, machine: Machine & { readonly process: MachineProcess }): VmObservation =>
    observeGuest(spec, inventory, machine, recorded.vms.get(name), recorded.processes.get(machine.process.name));
  // One that a run was making when it ended may still boot: making it again waits for that, and looking at it tells nothing.
  const halfMade = new Set(inventory.vms.filter((vm) => vm.state === 'creating').map((vm) => vm.name));
  const iaas: Record<string, IaasObservation> = {};
  await Promise.all(
    Object.values(spec.iaas).map(async (entry) => {
      const listing = await list(deps, spec, inventory, entry);
      iaas[entry.name] = listing;
      for (const machine of listing.status === 'listed' ? listing.machines : []) {
        const known = machineVms.get(`${entry.name}/${machine.id}`);
        const name = known ?? machine.vm;
        if (name === undefined) continue;
        const { process } = machine;
        if (process) {
          // Of two that carry one VM's name, the recorded one counts.
          if (known !== undefined || !machineNames.has(name)) vms[name] = guestAt(name, { ...machine, process });
          continue;
        }
        if (halfMade.has(name)) continue;
        if (machine.state !== 'running') questions.get(name)?.abort();
        else if (machine.endpoint) ask(name, machine.endpoint);
      }
      if (listing.status === 'listed')
        patience.push(...giveUpOnGone(inventory, entry.name, listing.machines, questions));
    }),
  );
  await Promise.all(answers);
  for (const timer of patience) clearTimeout(timer);
  const askGateway = async ({ name, endpoint }: VmRecord): Promise<VmObservation | undefined> =>
    endpoint && askVm(deps, name, endpoint, inventory.lineage, options.signal, { probes: [], traffic: true });
  Object.assign(vms, await unlistedGuests(spec, inventory, iaas, askGateway, options.signal));
  if (options.signal.aborted) throw new InterruptedError('Interrupted while observing');
  return { at, iaas, vms };
}

/** How long a machine that its IaaS does not list has to show that it is there all the same. */
const PATIENCE = 2000;

/** A machine that its IaaS no longer lists is not waited for; one that answers is there, whatever part of a listing came. */
function giveUpOnGone(
  inventory: Inventory,
  iaas: string,
  machines: readonly Machine[],
  questions: ReadonlyMap<string, AbortController>,
): readonly NodeJS.Timeout[] {
  const ids = new Set(machines.map((machine) => machine.id));
  return inventory.vms.flatMap((vm) => {
    const question = questions.get(vm.name);
    if (!question || vm.iaas !== iaas || vm.machine === undefined || ids.has(vm.machine)) return [];
    return [
      setTimeout(() => {
        question.abort();
      }, PATIENCE),
    ];
  });
}

async function list(deps: Deps, spec: Spec, inventory: Inventory, entry: IaasSpec): Promise<IaasObservation> {
  try {
    const provider = await deps.providerOf(entry, inventory.lineage);
    const here = inventory.vms.filter(({ iaas }) => iaas === entry.name);
    return { status: 'listed', machines: ownMachines(spec, inventory, entry.name, await listMachines(provider, here)) };
  } catch (error) {
    if (error instanceof StratosError) return { status: 'failed', message: error.message };
    throw error;
  }
}

/** What is asked of one VM besides what it is. */
export interface Look {
  /** Commands of policies. */
  readonly probes: readonly Probe[];
  /** Whether the gateway is asked for its servers and counters, and the VM for what makes its own counters rates. */
  readonly traffic: boolean;
  /** Whether the changes of processes on disk are counted. */
  readonly disks?: boolean;
}

/** The batch that every observation makes, with the policies' own commands where there are any. */
function observeBatch(lineage: string, { probes, traffic, disks }: Look): Batch {
  const own = probes.length > 0 ? [probesStep(probes)] : [];
  const counts = disks ? [disksStep()] : [];
  return {
    steps: [observeStep(lineage, { starts: traffic }), gatewayProbeStep({ traffic }), ...counts, ...own],
    timeout: OBSERVE_TIMEOUT,
  };
}

/** One VM's answer; undefined when the question was given up because its machine is not running. */
async function askVm(
  deps: Deps,
  name: string,
  endpoint: Endpoint,
  lineage: string,
  signal: AbortSignal,
  look: Look,
): Promise<VmObservation | undefined> {
  if (signal.aborted) return undefined;
  try {
    return await observeVm(deps, name, endpoint, lineage, signal, look);
  } catch (error) {
    if (error instanceof UnreachableError)
      return { status: 'unreachable', reason: error.reason, message: error.message };
    if (error instanceof InterruptedError) return undefined;
    throw error;
  }
}

/**
 * Looks at one VM; also before something is destroyed on it.
 * @throws UnreachableError, InterruptedError
 */
export async function observeVm(
  deps: Deps,
  name: string,
  endpoint: Endpoint,
  lineage: string,
  signal: AbortSignal,
  look: Look = { probes: [], traffic: false },
): Promise<VmObservation> {
  const { probes, disks = false } = look;
  const batch = observeBatch(lineage, look);
  const [facts, gateway, ...rest] = await deps.transport.run(name, endpoint, batch, { signal });
  if (facts?.status !== 0)
    return {
      status: 'unreachable',
      reason: 'connection-lost',
      message: `Cannot observe ${name} as its answer is incomplete: ${(facts?.stderr ?? '').trim() || 'no output'}`,
    };
  const seen = parseObservation(facts.stdout);
  return {
    ...seen,
    ...(disks ? { processes: withDisks(seen.processes, rest[0]) } : {}),
    gateway: parseGatewayProbe(gateway?.stdout ?? ''),
    ...(probes.length > 0 ? { probes: parseProbes(rest.at(-1), probes) } : {}),
  };
}

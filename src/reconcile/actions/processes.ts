/** Processes: all that a VM gets in one stage is one batch. */
import { parseCreate, parseRemove, type ProcessLaunch } from '../../lxc/process-lifecycle.ts';
import { peersStep } from '../../lxc/peers.ts';
import { tenantsText } from '../../lxc/tenants.ts';
import { NotFoundError, RemoteCommandError, StratosError } from '../../model/errors.ts';
import type { ProcessRecord } from '../../model/inventory.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import { CONTAINERS } from '../../runtime/containers.ts';
import { runtimeOf } from '../../runtime/runtime-of.ts';
import type { Step, StepResult } from '../../shell/command.ts';
import type { ApplyContext } from '../context.ts';
import { peersOf } from '../gateway-of.ts';
import type { ActionOf, Failures, Handler } from './handler.ts';
import { NO_FAILURES } from './handler.ts';
import { NO_ANSWER } from './no-answer.ts';
import { recordOf } from './machines.ts';

/** Added to the longest wait that a batch contains, for the work around it. */
export const SLACK = 120_000;

export const createProcesses: Handler<'process.create'> = async (context, vm, actions) => {
  const { recorder } = context;
  const { launches, launched, failures } = launchable(context, actions);
  const createdAt = new Date(context.deps.now()).toISOString();
  for (const action of launched) recorder.putProcess(recordFor(action, createdAt));
  await recorder.commit();
  if (launches.length === 0) return failures;
  const startup = Math.max(...launches.map((launch) => launch.cartridge.health.startup));
  // Gateways that serve already lead here before this VM's own is configured, which would let them in only then. When it fails, that says so.
  const door = peersStep(peersOf(recordOf(context, vm), recorder.vms()));
  const results = await runOn(context, vm, [door, ...creation(launches)], millis(startup + SLACK));
  return new Map([...failures, ...(await settle(context, launched, results))]);
};

/** What cannot be made at all (no program, a path LXC cannot take) fails by itself and leaves the others of its batch alone. */
function launchable(context: ApplyContext, actions: readonly ActionOf<'process.create'>[]) {
  const launches: ProcessLaunch[] = [];
  const launched: ActionOf<'process.create'>[] = [];
  const failures = new Map<string, StratosError>();
  for (const action of actions) {
    try {
      const launch = launchOf(context, action);
      creation([launch]);
      launches.push(launch);
      launched.push(action);
    } catch (error) {
      if (!(error instanceof StratosError)) throw error;
      failures.set(action.id, error);
    }
  }
  return { launches, launched, failures };
}

/** What each runtime has to make, one after the other. */
function creation(launches: readonly ProcessLaunch[]): readonly Step[] {
  const byRuntime = Map.groupBy(launches, ({ cartridge }) => cartridge.runtime);
  return [...byRuntime].flatMap(([runtime, own]) => runtimeOf(runtime).create(own));
}

export const startProcesses: Handler<'process.start'> = async (context, vm, actions) => startAll(context, vm, actions);

export const wakeProcesses: Handler<'process.wake'> = async (context, vm, actions) => startAll(context, vm, actions);

/** Starting and waking are one: who sleeps is woken, and all are waited for. */
async function startAll(
  context: ApplyContext,
  vm: string,
  actions: readonly ActionOf<'process.start' | 'process.wake'>[],
): Promise<Failures> {
  const launches = actions.map((action) => startOf(context, action.process));
  const startup = Math.max(...launches.map((launch) => launch.startup));
  const results = await runOn(context, vm, CONTAINERS.start(launches), millis(startup + SLACK));
  return settle(context, actions, results);
}

export const adoptProcesses: Handler<'process.adopt'> = async (context, _vm, actions) => {
  const createdAt = new Date(context.deps.now()).toISOString();
  for (const action of actions) context.recorder.putProcess({ ...recordFor(action, createdAt), state: 'ready' });
  await context.recorder.commit();
  return NO_FAILURES;
};

export const forgetProcesses: Handler<'process.forget'> = async (context, _vm, actions) => {
  for (const action of actions) context.recorder.dropProcess(action.process);
  await context.recorder.commit();
  return NO_FAILURES;
};

export const removeProcesses: Handler<'process.remove'> = async (context, vm, actions) => {
  const steps = CONTAINERS.remove(
    context.lineage,
    actions.map(({ process, drain, snapshot, reason }) => ({
      ...{ name: process, drain },
      ...(snapshot ? { snapshot: reason } : {}),
    })),
  );
  const longest = Math.max(...actions.map((action) => action.drain));
  const outcomes = new Map(
    parseRemove(await runOn(context, vm, steps, millis(longest + SLACK))).map((outcome) => [outcome.name, outcome]),
  );
  const failures = new Map<string, StratosError>();
  for (const action of actions) {
    const outcome = outcomes.get(action.process);
    // A stray of the same name on another VM is not what the record is about.
    const isRecorded = context.recorder.process(action.process)?.vm === action.vm;
    if (outcome?.removed) {
      if (isRecorded) context.recorder.dropProcess(action.process);
    } else
      failures.set(
        action.id,
        new RemoteCommandError(`Cannot remove ${action.process} on ${vm}: ${outcome?.failure ?? 'no answer'}`, {
          hint: `stratos vm show ${vm}`,
        }),
      );
  }
  await context.recorder.commit();
  return failures;
};

/** Runs steps on a VM as one batch. @throws NotFoundError when it has no address yet */
export function runOn(
  context: ApplyContext,
  vm: string,
  steps: Parameters<ApplyContext['deps']['transport']['run']>[2]['steps'],
  timeout: Millis,
): Promise<readonly StepResult[]> {
  const { endpoint } = recordOf(context, vm);
  if (!endpoint) throw new NotFoundError(`Cannot reach ${vm} as it has no address yet`);
  return context.deps.transport.run(vm, endpoint, { steps, timeout }, { signal: context.signal });
}

/** Records what became of each process and turns what is not ready into failures. */
async function settle(
  context: ApplyContext,
  actions: readonly ActionOf<'process.create' | 'process.start' | 'process.wake'>[],
  results: readonly StepResult[],
): Promise<Failures> {
  return settleOutcomes(context, actions, parseCreate(results), (process) => `stratos process logs ${process}`);
}

/** What became of a process that was to get ready. */
export interface Readiness {
  readonly name: string;
  readonly ready: boolean;
  readonly failure?: string;
}

/** Records each and makes failures of those that are not ready; `hint` says where to look. */
export async function settleOutcomes(
  context: ApplyContext,
  actions: readonly ActionOf<'process.create' | 'process.start' | 'process.wake'>[],
  all: readonly Readiness[],
  hint: (process: string) => string,
): Promise<Failures> {
  const outcomes = new Map(all.map((outcome) => [outcome.name, outcome]));
  const failures = new Map<string, StratosError>();
  for (const action of actions) {
    const record = context.recorder.process(action.process);
    const outcome = outcomes.get(action.process);
    if (!record) continue;
    const { failure: _before, asleep: _slept, ...rest } = record;
    if (outcome?.ready) {
      context.recorder.putProcess({ ...rest, state: 'ready' });
      continue;
    }
    const failure = outcome?.failure ?? NO_ANSWER;
    context.recorder.putProcess({ ...rest, state: 'failed', failure });
    failures.set(
      action.id,
      new RemoteCommandError(`Cannot start ${action.process} on ${action.vm}: ${failure}`, {
        hint: hint(action.process),
      }),
    );
  }
  await context.recorder.commit();
  return failures;
}

export function recordFor(
  action: ActionOf<'process.create'> | ActionOf<'process.adopt'>,
  createdAt: string,
): ProcessRecord {
  const { process, subscription, ordinal, vm, index, image, fingerprint, needs } = action;
  const made = { name: process, subscription, ordinal, vm, index, image, fingerprint, createdAt };
  return { ...made, state: 'creating', ...(needs ? { needs } : {}) };
}

/** @throws NotFoundError when the spec or the store changed under a saved plan */
function launchOf(context: ApplyContext, action: ActionOf<'process.create'>): ProcessLaunch {
  const subscription = context.spec.subscriptions[action.subscription];
  // One of the revision before is made of what that was made of.
  const beside = action.revision === undefined ? undefined : `${action.subscription}@${String(action.revision)}`;
  const cartridge = subscription && context.spec.cartridges[beside ?? subscription.cartridge];
  const partition = cartridge && context.spec.partitions[cartridge.partition];
  const image = context.images.get(action.image);
  if (!partition || !image)
    throw new NotFoundError(`Cannot create ${action.process} as its subscription or image is gone`, {
      hint: 'stratos plan',
    });
  return {
    name: action.process,
    subscription: action.subscription,
    ordinal: action.ordinal,
    index: action.index,
    network: partition.network,
    lineage: context.lineage,
    image,
    fingerprint: action.fingerprint,
    cartridge,
    env: context.environments[beside ?? action.subscription] ?? {},
    ...(cartridge.tenants ? { tenants: tenantsText(subscription) } : {}),
  };
}

/** What waiting for an existing process needs to know of it. */
function startOf(context: ApplyContext, process: string) {
  const record = context.recorder.process(process);
  const subscription = record && context.spec.subscriptions[record.subscription];
  const cartridge = subscription && context.spec.cartridges[subscription.cartridge];
  const partition = cartridge && context.spec.partitions[cartridge.partition];
  if (!partition)
    throw new NotFoundError(`Cannot start ${process} as its subscription is gone`, { hint: 'stratos plan' });
  return {
    name: process,
    index: record.index,
    network: partition.network,
    cartridge,
    startup: cartridge.health.startup,
  };
}

/** Processes that are VMs: their IaaS makes, starts and stops them, and the network tells whether they answer. Nobody logs in. */
import { answersStep, quietStep, upStep } from '../../gateway/outside.ts';
import { IaasError, NotFoundError, RemoteCommandError } from '../../model/errors.ts';
import type { VmRecord } from '../../model/inventory.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import { gatewayHome, type CartridgeSpec } from '../../model/spec.ts';
import type { StepResult } from '../../shell/command.ts';
import { healthAddressOf, whyNoAnswerIn } from '../answers-here.ts';
import type { ApplyContext } from '../context.ts';
import type { ActionOf, Failures, Handler } from './handler.ts';
import { NO_FAILURES } from './handler.ts';
import { providerNamed, recordOf, withMachine } from './machines.ts';
import { recordFor, settleOutcomes, SLACK, type Readiness } from './processes.ts';

/** The machine was made for it: what is left is to wait until it answers. */
export const createGuest: Handler<'process.create'> = async (context, vm, actions) => {
  const { recorder, deps } = context;
  const createdAt = new Date(deps.now()).toISOString();
  for (const action of actions) {
    const before = recorder.process(action.process);
    recorder.putProcess(recordFor(action, createdAt));
    await recorder.commit();
    // Tried again: its machine may have been stopped meanwhile.
    if (before) await startMachine(context, vm);
  }
  return settleAll(context, vm, actions);
};

export const startGuest: Handler<'process.start'> = async (context, vm, actions) => startAll(context, vm, actions);

export const wakeGuest: Handler<'process.wake'> = async (context, vm, actions) => startAll(context, vm, actions);

/** Starting and waking are one. */
async function startAll(
  context: ApplyContext,
  vm: string,
  actions: readonly ActionOf<'process.start' | 'process.wake'>[],
): Promise<Failures> {
  await startMachine(context, vm);
  return settleAll(context, vm, actions);
}

/** One to which a gateway has a connection all the while stays awake: no failure, and nothing to record. */
export const sleepGuest: Handler<'process.sleep'> = async (context, vm, actions, progress) => {
  const { recorder } = context;
  const machine = recordOf(context, vm);
  for (const action of actions) {
    const record = recorder.process(action.process);
    if (!record) continue;
    if (await isBusy(context, machine, millis(1000))) {
      progress(action, 'stays awake: it is in use');
      continue;
    }
    // Before it is done: one that is found stopped sleeps then, and is not started as one that fell over would be.
    recorder.putProcess({ ...record, asleep: 'stopped' });
    await recorder.commit();
    const provider = await providerNamed(context, machine.iaas);
    await provider.stop(machineId(machine));
  }
  return NO_FAILURES;
};

/** Lets its clients finish. The machine itself goes with the VM, whose end follows. */
export const removeGuest: Handler<'process.remove'> = async (context, vm, actions, progress) => {
  const { recorder } = context;
  const machine = recordOf(context, vm);
  for (const action of actions) {
    if (await isBusy(context, machine, action.drain, true)) progress(action, 'its clients did not finish in time');
    if (recorder.process(action.process)?.vm === vm) recorder.dropProcess(action.process);
  }
  await recorder.commit();
  return NO_FAILURES;
};

async function startMachine(context: ApplyContext, vm: string): Promise<void> {
  const record = recordOf(context, vm);
  const provider = await providerNamed(context, record.iaas);
  context.recorder.putVm(withMachine(record, await provider.start(machineId(record))));
  await context.recorder.commit();
}

function machineId({ name, iaas, machine }: VmRecord): string {
  if (machine !== undefined) return machine;
  throw new IaasError(iaas, 'not-found', `Cannot work on ${name} as its machine was never recorded`, {
    hint: 'stratos reconcile',
  });
}

async function settleAll(
  context: ApplyContext,
  vm: string,
  actions: readonly ActionOf<'process.create' | 'process.start' | 'process.wake'>[],
): Promise<Failures> {
  const outcomes = await Promise.all(
    actions.map(async ({ process }): Promise<Readiness> => {
      const failure = await waitForAnswer(context, recordOf(context, vm), cartridgeOf(context, process));
      return { name: process, ready: failure === undefined, ...(failure === undefined ? {} : { failure }) };
    }),
  );
  const failures = await settleOutcomes(context, actions, outcomes, () => `stratos vm show ${vm}`);
  const up = actions.filter(({ id }) => !failures.has(id));
  const steps = up.flatMap(({ process }) => {
    const alias = context.recorder.process(process)?.subscription;
    return alias === undefined ? [] : [upStep(alias, process)];
  });
  // A gateway that was told by its checks that it is down would say so to its clients for a moment more, also
  // of one that was made anew under its name and address. One that does not hear finds out.
  await Promise.allSettled(
    gatewaysOf(context, recordOf(context, vm)).map(({ name, endpoint }) =>
      context.deps.transport.run(name, endpoint, { steps }, { signal: context.signal }),
    ),
  );
  return failures;
}

function cartridgeOf({ recorder, spec }: ApplyContext, process: string): CartridgeSpec {
  const alias = recorder.process(process)?.subscription;
  const cartridge = spec.cartridges[spec.subscriptions[alias ?? '']?.cartridge ?? ''];
  if (cartridge) return cartridge;
  throw new NotFoundError(`Cannot start ${process} as its subscription is gone`, { hint: 'stratos plan' });
}

/** Why it does not answer in its time; undefined: it does. Its gateways are asked where it has any: they must reach it. */
async function waitForAnswer(
  context: ApplyContext,
  vm: VmRecord,
  cartridge: CartridgeSpec,
): Promise<string | undefined> {
  const { startup } = cartridge.health;
  const at = healthAddressOf(cartridge, vm);
  if (!at) return 'it has no address yet';
  const [gateway] = gatewaysOf(context, vm);
  if (!gateway) return whyNoAnswerIn(startup, at, context.signal);
  const [result] = await context.deps.transport.run(
    gateway.name,
    gateway.endpoint,
    { steps: [answersStep(at, startup)], timeout: millis(startup + SLACK) },
    { signal: context.signal },
  );
  if (result?.status === 0) return undefined;
  return said(result, `no answer from ${gateway.name}`);
}

/** Whether any gateway has a connection to it until the time is over. */
async function isBusy(context: ApplyContext, vm: VmRecord, longest: Millis, leaving = false): Promise<boolean> {
  const { endpoint } = vm;
  if (!endpoint) return false;
  const answers = await Promise.all(
    gatewaysOf(context, vm).map((gateway) =>
      context.deps.transport.run(
        gateway.name,
        gateway.endpoint,
        { steps: [quietStep([endpoint.address], longest, leaving)], timeout: millis(longest + SLACK) },
        { signal: context.signal },
      ),
    ),
  );
  const failed = answers.find(([result]) => result?.status !== 0);
  if (failed) throw new RemoteCommandError(`Cannot see whether ${vm.name} is in use: ${said(failed[0], 'no answer')}`);
  return answers.some(([result]) => result?.stdout.trim() !== '');
}

function said(result: StepResult | undefined, otherwise: string): string {
  const text = result?.stderr.trim() ?? '';
  return text === '' ? otherwise : text;
}

/** VMs with the gateways that lead to it. */
function gatewaysOf({ recorder, spec }: ApplyContext, { partition }: VmRecord) {
  const home = gatewayHome(spec.partitions, partition);
  return recorder
    .vms()
    .flatMap(({ name, endpoint, state, runtime, partition: of }) =>
      of === home && !runtime && endpoint && state === 'ready' ? [{ name, endpoint }] : [],
    );
}

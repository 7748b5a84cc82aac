/** Machines: asked of the IaaS, recorded before and after, so that a run killed in between is taken up by the next. */
import { releaseStep } from '../../lxc/prepare.ts';
import {
  IaasError,
  NotFoundError,
  REFUSALS,
  RefusedError,
  RemoteCommandError,
  UnreachableError,
  type Refusal,
} from '../../model/errors.ts';
import type { VmRecord } from '../../model/inventory.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Machine, VmObservation } from '../../model/observation.ts';
import { madeBy } from '../../iaas/made-by.ts';
import type { IaasProvider } from '../../iaas/provider.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { generateHostKey } from '../../ssh/key-pair.ts';
import type { ApplyContext } from '../context.ts';
import { observeVm } from '../observe.ts';
import { guestMachine } from './guest-machine.ts';
import { NO_FAILURES, type Handler } from './handler.ts';

/** @throws NotFoundError when the spec no longer names the IaaS */
export async function providerNamed(context: ApplyContext, iaas: string): Promise<IaasProvider> {
  const spec = context.spec.iaas[iaas];
  if (!spec)
    throw new NotFoundError(`Cannot use IaaS ${iaas} as the spec does not name it`, { hint: 'stratos validate' });
  return context.deps.providerOf(spec, context.lineage);
}

/** @throws NotFoundError */
export function recordOf(context: ApplyContext, vm: string): VmRecord {
  const record = context.recorder.vm(vm);
  if (!record) throw new NotFoundError(`Cannot find VM ${vm} in the inventory`, { hint: 'stratos vm ls' });
  return record;
}

/** The record with what the IaaS says of its machine now. */
export function withMachine(record: VmRecord, machine: Machine): VmRecord {
  return {
    ...record,
    machine: machine.id,
    ...(machine.endpoint ? { endpoint: machine.endpoint } : {}),
    ...(machine.size ? { size: named(machine.size, record.size) } : {}),
    ...(machine.zone === undefined ? {} : { zone: machine.zone }),
  };
}

/** Labels have no room for what an IaaS calls a size: where it is the one that was asked for, it is called as it was. */
function named(size: VmSize, asked: VmSize): VmSize {
  const isSame = size.cpu === asked.cpu && size.memory === asked.memory;
  return isSame && size.name === undefined && asked.name !== undefined ? { ...size, name: asked.name } : size;
}

export const createVm: Handler<'vm.create'> = async (context, vm, actions) => {
  const { recorder, deps } = context;
  for (const action of actions) {
    const provider = await providerNamed(context, action.iaas);
    const create = async (): Promise<void> => {
      const before = recorder.vm(vm);
      const record: VmRecord = before ?? {
        name: vm,
        partition: partitionOf(vm),
        iaas: action.iaas,
        state: 'creating',
        size: action.size,
        ...inZone(action.zone),
        cordoned: false,
        draining: false,
        createdAt: new Date(deps.now()).toISOString(),
        ...(action.guest ? { runtime: 'vm' } : {}),
      };
      recorder.putVm({ ...record, state: 'creating' });
      await recorder.commit();
      const { publicKey } = await deps.identity();
      const hostKey = generateHostKey();
      const taken = recorder.vms().flatMap(({ iaas, machine }) => (iaas === action.iaas && machine ? [machine] : []));
      const { partition, createdAt: generation } = record;
      const what = { vm, partition, generation, size: action.size, ...inZone(action.zone) };
      const request = { ...what, hostKey, authorizedKey: publicKey, taken, signal: context.signal };
      const made = record.runtime ? guestMachine(context, provider, action, request) : provider.create(request);
      const machine = await made.catch(async (error: unknown) => {
        const refused = await refusalOf(provider, vm, error);
        if (!refused) throw error;
        // Of what was never made nothing is kept; what an IaaS that is away may have made is known by its label when it is back.
        if (!before && SURE.has(refused.refusal)) recorder.dropVm(vm);
        await recorder.commit();
        throw refused;
      });
      // There is nothing to prepare in one that is a process.
      recorder.putVm({ ...withMachine(record, machine), state: record.runtime ? 'ready' : 'created' });
    };
    // Hosts that exist are given out one at a time, in the order of the plan: the first VM gets the first host.
    await (provider.capabilities.ephemeral ? create() : context.claim(create, context.signal));
    await recorder.commit();
  }
  return NO_FAILURES;
};

/** Failures with which no machine was made. */
const SURE: ReadonlySet<string> = new Set<Refusal>(['no-capacity', 'quota', 'unauthorized']);

/** The failure as a refusal; undefined where it is none, or the IaaS lists a machine of this VM: that one did not come up in time. */
async function refusalOf(provider: IaasProvider, vm: string, error: unknown): Promise<RefusedError | undefined> {
  if (!(error instanceof IaasError)) return undefined;
  const refusal = REFUSALS.find((failure) => failure === error.failure);
  if (refusal === undefined) return undefined;
  const isHere = madeBy(provider.name);
  const machines = SURE.has(refusal) ? [] : await provider.list().catch(() => []);
  return machines.some((machine) => machine.vm === vm && isHere(machine))
    ? undefined
    : new RefusedError(refusal, error);
}

function inZone(zone: string | undefined): { readonly zone?: string } {
  return zone === undefined ? {} : { zone };
}

/** A VM is named `<partition>-<n>`. */
function partitionOf(vm: string): string {
  return vm.slice(0, vm.lastIndexOf('-'));
}

export const startVm: Handler<'vm.start'> = async (context, vm) => {
  const record = recordOf(context, vm);
  const provider = await providerNamed(context, record.iaas);
  if (record.machine === undefined)
    throw new IaasError(record.iaas, 'not-found', `Cannot start ${vm} as its machine was never recorded`);
  context.recorder.putVm(withMachine(record, await provider.start(record.machine)));
  await context.recorder.commit();
  return NO_FAILURES;
};

export const adoptVm: Handler<'vm.adopt'> = async (context, vm, actions) => {
  for (const action of actions) {
    const provider = await providerNamed(context, action.iaas);
    const found = (await provider.list()).find((candidate) => candidate.id === action.machine);
    if (!found) throw new IaasError(action.iaas, 'not-found', `Cannot take up machine ${action.machine} as it is gone`);
    // One that is a process may still be booting: where it is must be known to reach it.
    const machine = found.process && found.state === 'pending' ? await provider.start(found.id) : found;
    const partition = machine.partition ?? partitionOf(vm);
    const size = machine.size ?? context.spec.partitions[partition]?.policy.vm;
    if (!size)
      throw new NotFoundError(`Cannot take up machine ${action.machine} as no partition is named ${partition}`);
    const record: VmRecord = {
      name: vm,
      partition,
      iaas: action.iaas,
      state: machine.process ? 'ready' : 'created',
      size,
      cordoned: false,
      draining: false,
      createdAt: new Date(context.deps.now()).toISOString(),
      ...(machine.process ? { runtime: 'vm' } : {}),
    };
    context.recorder.putVm(withMachine(record, machine));
  }
  await context.recorder.commit();
  return NO_FAILURES;
};

export const forgetVm: Handler<'vm.forget'> = async (context, vm) => {
  for (const process of context.recorder.processesOn(vm)) context.recorder.dropProcess(process.name);
  context.recorder.dropVm(vm);
  await context.recorder.commit();
  return NO_FAILURES;
};

export const deleteVm: Handler<'vm.delete'> = async (context, vm) => {
  const { recorder, deps, lineage, signal } = context;
  const record = recordOf(context, vm);
  const provider = await providerNamed(context, record.iaas);
  const left = record.runtime ? recorder.processesOn(vm).map(({ name }) => name) : [];
  if (left.length > 0)
    throw new RemoteCommandError(`Cannot remove ${vm} as it is not empty: ${left.join(', ')}`, {
      hint: `stratos vm show ${vm}`,
    });
  if (record.endpoint && !record.runtime && !(await isHalfDeleted(provider, record)))
    await verifyEmpty(context, provider, record);
  recorder.putVm({ ...record, state: 'deleting', cordoned: true });
  await recorder.commit();
  if (record.endpoint && !provider.capabilities.ephemeral) {
    const [released] = await deps.transport.run(vm, record.endpoint, { steps: [releaseStep(lineage)] }, { signal });
    if (released?.status !== 0)
      throw new RemoteCommandError(
        `Cannot give ${vm} back as it could not be cleared: ${released?.stderr.trim() ?? ''}`,
      );
  }
  if (record.machine !== undefined) await provider.delete(record.machine);
  recorder.dropVm(vm);
  await recorder.commit();
  return NO_FAILURES;
};

/** A run that ended in the middle had verified it, and what its IaaS takes apart does not answer any more. */
async function isHalfDeleted(provider: IaasProvider, record: VmRecord): Promise<boolean> {
  if (record.state !== 'deleting') return false;
  return (await provider.list()).some((machine) => machine.id === record.machine && machine.state === 'deleting');
}

/** The check that a plan cannot make: what is on the machine now, not when it was observed. */
async function verifyEmpty(context: ApplyContext, provider: IaasProvider, record: VmRecord): Promise<void> {
  if (!record.endpoint) return;
  const { name } = record;
  const seen = await look(context, name, record.endpoint);
  if (seen.status === 'unreachable') {
    const machine = (await provider.list()).find((candidate) => candidate.id === record.machine);
    if (machine?.state !== 'running') return;
    throw new RemoteCommandError(`Cannot remove ${name} as it cannot be seen to be empty: ${seen.message}`, {
      hint: `stratos vm ssh ${name}`,
    });
  }
  const volumes = (seen.volumes ?? []).map((alias) => `volumes of ${alias}`);
  const left = [...seen.processes.map((process) => process.name), ...seen.foreign, ...volumes];
  if (left.length > 0)
    throw new RemoteCommandError(`Cannot remove ${name} as it is not empty: ${left.join(', ')}`, {
      hint: `stratos vm show ${name}`,
    });
}

/** The VM as it is now; that it does not answer is an answer. */
async function look(context: ApplyContext, name: string, endpoint: Endpoint): Promise<VmObservation> {
  try {
    return await observeVm(context.deps, name, endpoint, context.lineage, context.signal);
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    return { status: 'unreachable', reason: error.reason, message: error.message };
  }
}

/**
 * A machine's life on any cloud, over the few calls that differ: made once for each VM and found again after a lost answer, waited
 * for within the spec's time, and never touched without our labels.
 */
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import type { CloudSpec } from '../../model/iaas/cloud.ts';
import { madeBy } from '../made-by.ts';
import type { IaasProvider, MachineRequest } from '../provider.ts';
import { firstFacts, type FirstFacts } from './first-facts.ts';
import { oncePerVm } from './once-per-vm.ts';
import { poll } from './poll.ts';

/** What one cloud does itself. Each call is made once; none waits for what it began. */
export interface CloudCalls {
  /** Machines of our lineage in any state, of all pages; of one VM alone where that is cheaper to ask for. */
  list(vm?: string, signal?: AbortSignal): Promise<readonly Machine[]>;
  /** The machine, when it is there and is ours. */
  find(id: string, signal?: AbortSignal): Promise<Machine | undefined>;
  /** Asks for a machine that does not exist yet. @returns its id */
  make(request: MachineRequest, first: FirstFacts): Promise<string>;
  /** Asks a stopped machine of ours to start. */
  start(id: string, signal?: AbortSignal): Promise<void>;
  /** Asks a running machine of ours to stop. */
  stop(id: string): Promise<void>;
  /** Asks for the end of a machine of ours. */
  remove(id: string): Promise<void>;
  /** Gives a running machine of ours that has no address one, where the cloud does not by itself. */
  readonly giveAddress?: (id: string, signal?: AbortSignal) => Promise<void>;
  /** Why a machine of ours failed, or ended by itself, where the cloud tells that later than in its answer. */
  readonly faultOf?: (id: string, vm: string) => Promise<Fault | undefined>;
}

export interface Fault {
  readonly error: IaasError;
  /** Nothing is on it, so it is ended, and another may be made in its place. */
  readonly neverRan: boolean;
}

export type { FirstFacts };

/** The verbs of an adapter that concern machines. */
export type MachineVerbs = Pick<IaasProvider, 'list' | 'create' | 'start' | 'stop' | 'delete'>;

/** @param interval first pause between two looks at a machine that is waited for */
export function lifecycle(
  spec: CloudSpec,
  lineage: string,
  calls: CloudCalls,
  interval: Millis = millis(500),
): MachineVerbs {
  const { name } = spec;
  const isHere = madeBy(name);

  async function faultOf(id: string, vm: string): Promise<Fault> {
    const told = await calls.faultOf?.(id, vm);
    if (told) return told;
    const message = `Cannot make VM ${vm} as its machine failed: ${id}`;
    return { error: new IaasError(name, 'unavailable', message), neverRan: false };
  }

  /** @param fresh it was made just now: a cloud may not show it, or its labels, yet */
  async function running(id: string, vm: string, fresh: boolean, signal?: AbortSignal): Promise<Machine> {
    const look = async (): Promise<Machine | undefined> => {
      const machine = await calls.find(id, signal);
      if (!machine || machine.state === 'deleting') {
        const fault = await calls.faultOf?.(id, vm);
        // What was just made may not be found yet, or have ended before it ran.
        if (!machine && fresh && fault?.neverRan !== true) return undefined;
        const message = `Cannot wait for machine ${id} as it went away meanwhile`;
        throw fault?.error ?? new IaasError(name, 'unavailable', message);
      }
      if (machine.state === 'failed') {
        const { error, neverRan } = await faultOf(id, vm);
        if (neverRan) await end(id);
        throw error;
      }
      if (machine.state !== 'running') return undefined;
      if (!machine.endpoint) await calls.giveAddress?.(id, signal);
      return machine.endpoint ? machine : undefined;
    };
    const machine = await poll(look, { timeout: spec.timeout, interval, signal });
    if (machine) return machine;
    throw new IaasError(name, 'unavailable', `Cannot use VM ${vm} yet as its machine has no address: ${id}`, {
      hint: 'stratos reconcile',
    });
  }

  /** @throws IaasError not-found */
  async function ours(id: string): Promise<Machine> {
    const machine = await calls.find(id);
    if (machine) return machine;
    throw new IaasError(
      name,
      'not-found',
      `Cannot find machine ${JSON.stringify(id)} as ${name} has no such machine of this project`,
      { hint: 'stratos vm ls' },
    );
  }

  async function started(machine: Machine, signal?: AbortSignal): Promise<Machine> {
    if (machine.state === 'stopped') await calls.start(machine.id, signal);
    return running(machine.id, machine.vm ?? machine.id, false, signal);
  }

  async function create(request: MachineRequest): Promise<Machine> {
    const { vm, signal } = request;
    const all = await calls.list(vm, signal);
    const known = all.find((machine) => machine.vm === vm && isHere(machine) && machine.state !== 'deleting');
    const isEmpty = known?.state === 'failed' && (await faultOf(known.id, vm)).neverRan;
    if (known && !isEmpty) return started(known, signal);
    if (known) await end(known.id);
    const id = await calls.make(request, firstFacts(request, lineage, spec));
    return running(id, vm, true, signal);
  }

  /** Looks until something is so. @throws IaasError unavailable when it is not in time */
  async function until(what: string, look: () => Promise<boolean>): Promise<void> {
    const done = await poll(async () => ((await look()) ? true : undefined), { timeout: spec.timeout, interval });
    if (!done) throw new IaasError(name, 'unavailable', `Cannot see that ${what}`, { hint: 'stratos reconcile' });
  }

  async function end(id: string): Promise<void> {
    await calls.remove(id);
    await untilGone(id);
  }

  const untilGone = (id: string): Promise<void> =>
    until(`machine ${id} is gone`, async () => (await calls.find(id)) === undefined);

  return {
    list: () => calls.list(),
    create: oncePerVm(create),
    start: async (id) => started(await ours(id)),
    async stop(id) {
      if ((await ours(id)).state === 'stopped') return;
      await calls.stop(id);
      await until(`machine ${id} has stopped`, async () => (await ours(id)).state === 'stopped');
    },
    async delete(id) {
      const machine = await calls.find(id);
      if (!machine) return;
      if (machine.state === 'deleting') await untilGone(id);
      else await end(id);
    },
  };
}

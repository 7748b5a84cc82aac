/** Machines that carry our lineage and are in no inventory: found, taken up, or ended. What nobody lists is billed all the same. */
import { limiter } from '../concurrency/limiter.ts';
import { InterruptedError, NotFoundError, RemoteCommandError, StratosError } from '../model/errors.ts';
import type { Inventory, VmRecord } from '../model/inventory.ts';
import type { Machine } from '../model/observation.ts';
import type { Spec } from '../model/spec.ts';
import { adoptVm } from './actions/machines.ts';
import type { Deps, RunLimits } from './deps.ts';
import { logged } from './logged.ts';
import { loadMaterials } from './materials.ts';
import { observeVm } from './observe.ts';
import { ownMachines } from './own-machines.ts';
import { contextOf, withLock } from './reconcile.ts';

/** A machine of ours that the inventory does not know. */
export interface Orphan {
  readonly iaas: string;
  readonly machine: Machine;
  /** How it comes to be one. */
  readonly why: string;
  /** Why it cannot be taken up; undefined: it can. */
  readonly obstacle?: string;
}

export interface Orphans {
  /** By IaaS, then by id. */
  readonly orphans: readonly Orphan[];
  /** IaaS that did not answer: what is there is not known. */
  readonly silent: readonly { readonly iaas: string; readonly message: string }[];
}

export interface OrphansDone {
  readonly done: readonly Orphan[];
  readonly failed: readonly { readonly iaas: string; readonly id: string; readonly message: string }[];
}

/** Asks every IaaS of the spec. Changes nothing. @throws InvalidSpecError, ProjectFileError */
export async function findOrphans(deps: Deps): Promise<Orphans> {
  const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
  const silent: { iaas: string; message: string }[] = [];
  const found = await Promise.all(
    Object.values(spec.iaas).map(async (entry) => {
      try {
        const machines = await (await deps.providerOf(entry, inventory.lineage)).list();
        return orphansOf(spec, inventory, entry.name, machines);
      } catch (error) {
        if (!(error instanceof StratosError) || error instanceof InterruptedError) throw error;
        silent.push({ iaas: entry.name, message: error.message });
        return [];
      }
    }),
  );
  return { orphans: found.flat(), silent };
}

/** Those of one listing. A host of a static pool is no machine of ours before it is taken. */
export function orphansOf(
  spec: Spec,
  inventory: Inventory,
  iaas: string,
  machines: readonly Machine[],
): readonly Orphan[] {
  const own = ownMachines(spec, inventory, iaas, machines);
  const here = inventory.vms.filter((vm) => vm.iaas === iaas);
  const ids = new Set(here.map(({ machine }) => machine));
  const asked = new Set(here.flatMap(({ name, machine }) => (machine === undefined ? [name] : [])));
  const names = new Map(inventory.vms.map((vm) => [vm.name, vm]));
  return own
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((machine) => {
      const { id, vm } = machine;
      // The first machine of a VM that is being made completes its record.
      if (vm === undefined || ids.has(id) || asked.delete(vm)) return [];
      const obstacle = obstacleOf(spec, machine, names.get(vm));
      return [{ iaas, machine, why: whyOf(names.get(vm)), ...(obstacle === undefined ? {} : { obstacle }) }];
    });
}

function whyOf(record: VmRecord | undefined): string {
  if (!record) return 'the inventory does not have it';
  return `${record.name} is ${record.machine ?? 'being made'} on ${record.iaas}`;
}

function obstacleOf(
  spec: Spec,
  { vm = '', partition, state }: Machine,
  record: VmRecord | undefined,
): string | undefined {
  const name = partition ?? vm.replace(/-\d+$/, '');
  if (record) return `the inventory has another machine for ${record.name}`;
  if (!spec.partitions[name]) return `no partition is named ${name}`;
  return state === 'running' ? undefined : `it is ${state}`;
}

/** Enters machines in the inventory; the next reconcile prepares them and uses them. @throws LockHeldError */
export async function adoptOrphans(
  deps: Deps,
  chosen: readonly Orphan[],
  limits: Pick<RunLimits, 'lockTimeout' | 'signal'>,
): Promise<OrphansDone> {
  deps.beginRun();
  return withLock(deps, limits, 'vm adopt', async () => {
    const context = contextOf(deps, await loadMaterials(deps, { pull: false, signal: limits.signal }), limits.signal);
    return each(chosen, 1, async ({ iaas, machine: { id, vm = '' }, obstacle }) => {
      await logged(deps, 'vm adopt', `${iaas}/${id}`, async () => {
        // Seen under the lock: another run may have taken it up since.
        if (obstacle !== undefined || context.recorder.vm(vm))
          throw new NotFoundError(
            `Cannot take up machine ${id} as ${obstacle ?? `the inventory has another machine for ${vm}`}`,
          );
        const reason = 'an operator takes it up';
        const action = {
          kind: 'vm.adopt' as const,
          id: `vm.adopt:${vm}`,
          vm,
          iaas,
          machine: id,
          dependsOn: [],
          reason,
        };
        await adoptVm(context, vm, [action], () => undefined);
      });
    });
  });
}

/** Ends machines; one on which something of ours runs is left, as it may serve somebody. @throws LockHeldError */
export async function deleteOrphans(
  deps: Deps,
  chosen: readonly Orphan[],
  limits: Pick<RunLimits, 'lockTimeout' | 'signal' | 'parallel'>,
): Promise<OrphansDone> {
  deps.beginRun();
  return withLock(deps, limits, 'vm delete', async () => {
    const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
    return each(chosen, limits.parallel, async ({ iaas, machine }) => {
      await logged(deps, 'vm delete', `${iaas}/${machine.id}`, async () => {
        const entry = spec.iaas[iaas];
        if (
          !entry ||
          ownMachines(spec, inventory, iaas, [machine]).length === 0 ||
          isRecorded(inventory, iaas, machine)
        )
          throw new NotFoundError(`Cannot end machine ${machine.id} as it is no orphan any more`, {
            hint: 'stratos vm ls',
          });
        await refuseBusy(deps, machine, inventory.lineage, limits.signal);
        await (await deps.providerOf(entry, inventory.lineage)).delete(machine.id);
      });
    });
  });
}

function isRecorded({ vms }: Inventory, iaas: string, { id }: Machine): boolean {
  return vms.some((vm) => vm.iaas === iaas && vm.machine === id);
}

/** @throws RemoteCommandError when processes or volumes of ours are on it; one that does not answer serves nobody */
async function refuseBusy(deps: Deps, machine: Machine, lineage: string, signal: AbortSignal): Promise<void> {
  const { id, vm = id, state, endpoint } = machine;
  if (state !== 'running' || !endpoint) return;
  const seen = await observeVm(deps, vm, endpoint, lineage, signal).catch((error: unknown) => {
    if (!(error instanceof StratosError) || error instanceof InterruptedError) throw error;
    return undefined;
  });
  if (seen?.status !== 'reached') return;
  const left = [
    ...seen.processes.map(({ name }) => name),
    ...(seen.volumes ?? []).map((alias) => `volumes of ${alias}`),
  ];
  if (left.length > 0)
    throw new RemoteCommandError(`Cannot end machine ${id} as it is not empty: ${left.join(', ')}`, {
      hint: 'stratos vm ls --orphans --adopt',
    });
}

async function each(
  chosen: readonly Orphan[],
  parallel: number,
  work: (orphan: Orphan) => Promise<void>,
): Promise<OrphansDone> {
  const limit = limiter(parallel);
  const done: Orphan[] = [];
  const failed: { iaas: string; id: string; message: string }[] = [];
  await Promise.all(
    chosen.map((orphan) =>
      limit(async () => {
        try {
          await work(orphan);
          done.push(orphan);
        } catch (error) {
          if (!(error instanceof StratosError) || error instanceof InterruptedError) throw error;
          failed.push({ iaas: orphan.iaas, id: orphan.machine.id, message: error.message });
        }
      }),
    ),
  );
  return { done, failed };
}

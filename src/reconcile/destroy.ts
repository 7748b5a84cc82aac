/** Taking everything down: all machines and processes of this inventory, and nothing else. */
import { releaseStep } from '../lxc/prepare.ts';
import { RemoteCommandError, StratosError } from '../model/errors.ts';
import type { VmRecord } from '../model/inventory.ts';
import type { Machine } from '../model/observation.ts';
import type { Deps, RunLimits } from './deps.ts';
import { limiter } from '../concurrency/limiter.ts';
import { ownMachines } from './own-machines.ts';
import { withLock } from './reconcile.ts';
import { recorder, type Recorder } from './recorder.ts';

export interface DestroyOutcome {
  readonly vms: number;
  readonly processes: number;
  readonly failed: readonly { readonly vm: string; readonly message: string }[];
}

/**
 * Ends every machine that carries this inventory's lineage, recorded or not. What cannot be ended stays recorded, so that a
 * second call goes on.
 */
export async function destroy(deps: Deps, limits: RunLimits): Promise<DestroyOutcome> {
  return withLock(deps, limits, 'destroy', async () => {
    const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
    const records = recorder(deps.inventory, inventory);
    const limit = limiter(limits.parallel);
    const failed: { vm: string; message: string }[] = [];
    let vms = 0;
    const attempt = async (name: string, work: () => Promise<void>): Promise<boolean> => {
      try {
        await limit(work);
        return true;
      } catch (error) {
        if (!(error instanceof StratosError)) throw error;
        failed.push({ vm: name, message: error.message });
        return false;
      }
    };
    const end = async (name: string, work: () => Promise<void>): Promise<void> => {
      if (await attempt(name, work)) vms += 1;
    };
    for (const vm of inventory.vms)
      if (!spec.iaas[vm.iaas])
        failed.push({ vm: vm.name, message: `Cannot end it as the spec does not name its IaaS: ${vm.iaas}` });
    await Promise.all(
      Object.values(spec.iaas).map(async (iaas) => {
        const provider = await deps.providerOf(iaas, inventory.lineage);
        const recorded = inventory.vms.filter((vm) => vm.iaas === iaas.name);
        const known = new Set(recorded.map((vm) => vm.machine));
        const strays: Machine[] = [];
        if (provider.capabilities.ephemeral)
          await attempt(`iaas ${iaas.name}`, async () => {
            strays.push(
              ...ownMachines(spec, inventory, iaas.name, await provider.list()).filter(
                (machine) => !known.has(machine.id),
              ),
            );
          });
        await Promise.all([
          ...recorded.map((vm) =>
            end(vm.name, async () => {
              if (!provider.capabilities.ephemeral) await release(deps, vm, inventory.lineage, limits.signal);
              if (vm.machine !== undefined) await provider.delete(vm.machine);
              forget(records, vm.name);
              await records.commit();
            }),
          ),
          ...strays.map((machine) => end(machine.vm ?? machine.id, () => provider.delete(machine.id))),
        ]);
      }),
    );
    await records.commit();
    return { vms, processes: inventory.processes.length - records.processes().length, failed };
  });
}

function forget(records: Recorder, vm: string): void {
  for (const process of records.processesOn(vm)) records.dropProcess(process.name);
  records.dropVm(vm);
}

/** Takes all that is ours off a machine that stays. */
async function release(deps: Deps, vm: VmRecord, lineage: string, signal: AbortSignal): Promise<void> {
  if (!vm.endpoint) return;
  const [result] = await deps.transport.run(vm.name, vm.endpoint, { steps: [releaseStep(lineage)] }, { signal });
  if (result?.status !== 0)
    throw new RemoteCommandError(`Cannot clear ${vm.name}: ${result?.stderr.trim() ?? 'no answer'}`);
}

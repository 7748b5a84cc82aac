/** A prepared image of a VM, so that later VMs boot with everything installed. */
import { sealStep } from '../lxc/seal.ts';
import { NotFoundError, RemoteCommandError, UsageError } from '../model/errors.ts';
import type { VmRecord } from '../model/inventory.ts';
import type { Deps, RunLimits } from './deps.ts';
import { logged } from './logged.ts';
import { loginTo } from './login-to.ts';
import { withLock } from './reconcile.ts';

export interface Baked {
  readonly vm: string;
  readonly iaas: string;
  /** What the spec's `image` of this IaaS takes. */
  readonly image: string;
}

/**
 * Makes an image of a prepared VM without processes; the VM is afterwards what it was before. Under the lock nothing is placed on it
 * meanwhile. @throws NotFoundError, UsageError where the VM or its IaaS is not fit for it, RemoteCommandError, IaasError
 */
export async function vmBake(
  deps: Deps,
  name: string,
  image: string | undefined,
  limits: Pick<RunLimits, 'lockTimeout' | 'signal'>,
): Promise<Baked> {
  deps.beginRun();
  return withLock(deps, limits, 'vm bake', () =>
    logged(deps, 'vm bake', name, async () => {
      const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
      const vm = inventory.vms.find((candidate) => candidate.name === name);
      if (!vm) throw new NotFoundError(`Cannot find VM ${JSON.stringify(name)}`, { hint: 'stratos vm ls' });
      const entry = spec.iaas[vm.iaas];
      if (!entry)
        throw new NotFoundError(`Cannot use IaaS ${vm.iaas} as the spec does not name it`, {
          hint: 'stratos validate',
        });
      const provider = await deps.providerOf(entry, inventory.lineage);
      const { bake } = provider;
      if (!bake)
        throw new UsageError(`Cannot bake an image of ${name} as ${vm.iaas} (${entry.kind}) has no images of VMs`, {
          hint: 'stratos iaas ls',
        });
      if (vm.state !== 'ready' || vm.machine === undefined)
        throw new UsageError(`Cannot bake an image of ${name} as it is not prepared: ${vm.state}`, {
          hint: `stratos vm prepare ${name}`,
        });
      const on = inventory.processes.filter((process) => process.vm === name);
      if (on.length > 0)
        throw new UsageError(
          `Cannot bake an image of ${name} as processes are on it: ${on.map((process) => process.name).join(', ')}`,
          { hint: `stratos vm drain ${name}` },
        );
      const endpoint = loginTo(vm, `bake an image of ${name}`);
      const run = async (way: 'seal' | 'open', signal?: AbortSignal): Promise<void> => {
        const steps = [sealStep(inventory.lineage, way)];
        const [result] = await deps.transport.run(name, endpoint, { steps }, signal ? { signal } : {});
        if (result?.status !== 0)
          throw new RemoteCommandError(`Cannot bake an image of ${name}: ${result?.stderr.trim() ?? 'no answer'}`, {
            hint: `stratos vm prepare ${name}`,
          });
      };
      try {
        await run('seal', limits.signal);
        const id = await bake(vm.machine, image ?? nameOf(vm, deps.now()), limits.signal);
        return { vm: name, iaas: vm.iaas, image: id };
      } finally {
        // Also where somebody interrupted: the VM is what it was.
        await run('open');
      }
    }),
  );
}

/** Longest name that every IaaS takes, and what of it is the time. */
const LONGEST_NAME = 63;
const STAMP = 14;

/** `stratos-lab-web-20260101120320`: letters, digits and dashes. The entry is in it, as two may be in one account. */
function nameOf({ iaas, partition }: Pick<VmRecord, 'iaas' | 'partition'>, now: number): string {
  const what = `stratos-${iaas}-${partition}`.slice(0, LONGEST_NAME - STAMP - 1).replace(/-+$/, '');
  return `${what}-${new Date(now).toISOString().replace(/\D/g, '').slice(0, STAMP)}`;
}

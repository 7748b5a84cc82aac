/** Where cartridges are built: this machine, or a VM of the inventory. */
import { join } from 'node:path';
import { getuid, platform } from 'node:process';
import { HostError, NotFoundError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { Builder } from '../store/build/builder.ts';
import { BUILD_CACHE } from '../store/build/cache-folder.ts';

/** Whether cartridges can be built on this machine, and so may have been. */
export const canBuildHere = (): boolean => platform === 'linux' && getuid?.() === 0;

/** @throws HostError where this machine cannot build */
export async function ownBuilder(deps: Deps, directory: string): Promise<Builder> {
  if (!canBuildHere()) {
    const { vms } = await deps.inventory.read();
    const vm = vms.find(({ state }) => state === 'ready')?.name;
    throw new HostError('Cannot build a cartridge on this machine as that takes root on Linux: a VM can do it', {
      hint:
        vm === undefined
          ? `sudo stratos cartridge build ${directory}`
          : `stratos cartridge build ${directory} --on ${vm}`,
    });
  }
  return (await import('../store/build/local-builder.ts')).localBuilder(BUILD_CACHE);
}

/** @throws NotFoundError for a VM that is not there */
export async function builderOn({ inventory, transport }: Deps, vm: string, verb: string): Promise<Builder> {
  const { vms } = await inventory.read();
  const endpoint = vms.find(({ name }) => name === vm)?.endpoint;
  if (!endpoint)
    throw new NotFoundError(`Cannot ${verb} on ${vm} as the inventory has no VM of this name with an address`, {
      hint: 'stratos vm ls',
    });
  return (await import('../store/build/vm-builder.ts')).vmBuilder({ transport, vm, endpoint });
}

/** What is remembered of builds on this machine: the user's own where the common folder is not theirs. */
export function cacheFolder(env: Deps['env']): string {
  if (getuid?.() === 0) return BUILD_CACHE;
  return join(env.XDG_CACHE_HOME ?? join(env.HOME ?? '.', '.cache'), 'stratos/build');
}

/** `cartridge build`: where it is built, and how it is told. */
import { join } from 'node:path';
import { getuid, platform } from 'node:process';
import type { BuildSettings, NamedImage } from '../commands/use-cases.ts';
import { HostError, NotFoundError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import { buildCartridge } from '../store/build/build-cartridge.ts';
import type { StepReport } from '../store/build/build-cartridge.ts';
import type { Builder } from '../store/build/builder.ts';
import { BUILD_CACHE } from '../store/build/cache-folder.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import { findNamed } from './find-named.ts';

/** Builds and names the image. @throws HostError where this machine cannot build, NotFoundError for a VM that is not there */
export async function buildUseCase(
  deps: Deps,
  directory: string,
  settings: BuildSettings,
  store: DirectoryStore,
): Promise<NamedImage> {
  const { on, beforeShell, ...options } = settings;
  const builder = on === undefined ? await ownBuilder(deps, directory) : await builderOn(deps, on);
  const { image } = await buildCartridge(directory, {
    ...options,
    store,
    builder,
    cache: cacheFolder(deps.env),
    env: deps.env,
    onStep: tell(deps),
    ...(beforeShell && {
      onFailure: async (shell) => {
        beforeShell();
        await shell();
      },
    }),
  });
  return findNamed(store, image.digest);
}

async function ownBuilder(deps: Deps, directory: string): Promise<Builder> {
  if (platform !== 'linux' || getuid?.() !== 0) {
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

async function builderOn({ inventory, transport }: Deps, vm: string): Promise<Builder> {
  const { vms } = await inventory.read();
  const endpoint = vms.find(({ name }) => name === vm)?.endpoint;
  if (!endpoint)
    throw new NotFoundError(`Cannot build on ${vm} as the inventory has no VM of this name with an address`, {
      hint: 'stratos vm ls',
    });
  return (await import('../store/build/vm-builder.ts')).vmBuilder({ transport, vm, endpoint });
}

/** What is remembered of builds on this machine: the user's own where the common folder is not theirs. */
function cacheFolder(env: Deps['env']): string {
  if (getuid?.() === 0) return BUILD_CACHE;
  return join(env.XDG_CACHE_HOME ?? join(env.HOME ?? '.', '.cache'), 'stratos/build');
}

function tell(deps: Deps): (step: StepReport) => void {
  return ({ title, number, count, ms, cached = false }) => {
    const message = `${String(number)}/${String(count)} ${title}`;
    deps.emit(ms === undefined ? { type: 'step', message } : { type: 'step.finished', message, ms, cached });
  };
}

/** `cartridge build`: where it is built, and how it is told. */
import type { BuildSettings, NamedImage } from '../commands/cartridge-use-cases.ts';
import type { Deps } from '../reconcile/deps.ts';
import { buildCartridge } from '../store/build/build-cartridge.ts';
import type { StepReport } from '../store/build/build-cartridge.ts';
import type { Material } from '../store/provenance.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import { builderOn, cacheFolder, ownBuilder } from './find-builder.ts';
import { findNamed } from './find-named.ts';

/** Builds and names the image; `from` is what it stands on. @throws HostError where this machine cannot build, NotFoundError for a VM that is not there */
export async function buildUseCase(
  deps: Deps,
  directory: string,
  settings: BuildSettings,
  store: DirectoryStore,
): Promise<{ readonly named: NamedImage; readonly from: Material }> {
  const { on, beforeShell, ...options } = settings;
  const builder = on === undefined ? await ownBuilder(deps, directory) : await builderOn(deps, on, 'build');
  const { image, from } = await buildCartridge(directory, {
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
  return { named: await findNamed(store, image.digest), from };
}

function tell(deps: Deps): (step: StepReport) => void {
  return ({ title, number, count, ms, cached = false }) => {
    const message = `${String(number)}/${String(count)} ${title}`;
    deps.emit(ms === undefined ? { type: 'step', message } : { type: 'step.finished', message, ms, cached });
  };
}

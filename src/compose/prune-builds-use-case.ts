/** `cartridge prune`: what builds left here or on a VM, and none has used for a time. */
import type { PruneSettings } from '../commands/cartridge-use-cases.ts';
import { bytes } from '../model/quantity.ts';
import type { Deps } from '../reconcile/deps.ts';
import { BUILD_CACHE } from '../store/build/cache-folder.ts';
import { pruneBuilds, type PrunedBuilds } from '../store/build/prune-builds.ts';
import { pruneRecords } from '../store/build/step-cache.ts';
import { builderOn, cacheFolder, canBuildHere } from './find-builder.ts';

/** @throws NotFoundError for a VM that is not there; HostError, UnreachableError, InterruptedError */
export async function pruneBuildsUseCase(deps: Deps, settings: PruneSettings): Promise<PrunedBuilds> {
  const { on, unused, dryRun, signal } = settings;
  const options = { unused, dryRun, signal };
  if (on !== undefined) return pruneBuilds(await builderOn(deps, on, 'prune builds'), options);
  if (!dryRun) await pruneRecords(cacheFolder(deps.env), Date.now() - unused);
  // Where nobody can build, nobody has.
  if (!canBuildHere()) return { count: 0, freed: bytes(0) };
  return pruneBuilds((await import('../store/build/local-builder.ts')).localBuilder(BUILD_CACHE), options);
}

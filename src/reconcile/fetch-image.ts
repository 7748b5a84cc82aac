/** An image by its digest from where a revision had it, when this machine has lost it, or a layer of it. */
import { StratosError } from '../model/errors.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Spec } from '../model/spec.ts';
import { readReference, whereIs } from '../store/find-place.ts';
import { formatName } from '../store/reference.ts';
import type { Deps } from './deps.ts';
import { transferSteps } from './transfer-steps.ts';

/** `nowhere`: it came from no registry. */
export type Fetched =
  { readonly status: 'fetched' | 'nowhere' } | { readonly status: 'refused'; readonly reason: string };

/** The pinned name of an image at its registry, as revisions know it; undefined where none does. @throws UsageError for a store that is gone */
export function sourceOf(digest: string, spec: Spec, { revisions = [] }: Inventory): string | undefined {
  for (const { image, cartridge } of revisions) {
    if (image !== digest) continue;
    const reference = readReference(cartridge.image, spec);
    if (reference.kind === 'digest' || whereIs(reference.name, spec) === undefined) continue;
    const { tag: _moves, ...name } = reference.name;
    return formatName({ digest, ...name });
  }
  return undefined;
}

/** Takes it into the local store; without `pull` it is only looked whether all of it is there. @throws InterruptedError, StoreError */
export async function fetchImage(
  deps: Pick<Deps, 'openStore' | 'emit'>,
  spec: Spec,
  inventory: Inventory,
  digest: string,
  { pull, signal }: { readonly pull: boolean; readonly signal: AbortSignal },
): Promise<Fetched> {
  try {
    const source = sourceOf(digest, spec, inventory);
    if (source === undefined) return { status: 'nowhere' };
    const { lookAt, missingLayers, pullImage, remotePlace } = await import('../store/remote-images.ts');
    const place = await remotePlace(source, spec, deps.openStore, { signal });
    if (!place) return { status: 'nowhere' };
    const missing = await missingLayers(place, await lookAt(place, signal), signal);
    if (missing.length > 0)
      return { status: 'refused', reason: `${place.registry.name} lacks a layer of it: ${missing.join(', ')}` };
    if (!pull) return { status: 'fetched' };
    const onProgress = transferSteps(deps.emit, `pulling ${source}`);
    await pullImage(place, source, spec, { referrers: true, onProgress, signal });
    return { status: 'fetched' };
  } catch (error) {
    if (!(error instanceof StratosError) || error.code === 'INTERRUPTED') throw error;
    return { status: 'refused', reason: error.message };
  }
}

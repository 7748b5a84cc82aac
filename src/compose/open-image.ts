/** The image that a command names: of this machine, or looked at where it is, without its layers. */
import type { LocatedImage, WhichImage } from '../commands/trust-use-cases.ts';
import { UsageError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { Repository } from '../store/artifact.ts';
import { lookForNamed, notFound } from './find-named.ts';
import { placeOf } from './image-place.ts';

export interface OpenedImage {
  readonly located: LocatedImage;
  /** Where the image is, and what hangs on it; undefined on this machine. */
  readonly remote?: Repository;
  /** The same for either. @throws StoreError for an image of this machine that has no name */
  readonly place: () => Promise<Repository>;
}

/**
 * Finds an image on this machine, else at the store that its name is in; with `remote` only there, also when a copy is here.
 * @throws NotFoundError, UsageError for a name that no store can have, RegistryError
 */
export async function openImage(
  deps: Deps,
  reference: string,
  { remote: onlyRemote, signal }: WhichImage,
): Promise<OpenedImage> {
  const spec = await deps.loadSpec();
  const store = await deps.storeOf(spec);
  const here = onlyRemote ? undefined : await lookForNamed(store, reference);
  if (here) return { located: here, place: () => placeOf(deps, here) };
  const { lookAt, remotePlace } = await import('../store/remote-images.ts');
  const found = await remotePlace(reference, spec, deps.openStore, { signal });
  if (found) {
    const image = await lookAt(found, signal);
    const located = { references: [reference], image, store: found.registry.name };
    return { located, remote: found, place: () => Promise.resolve(found) };
  }
  if (!onlyRemote) throw notFound(reference);
  throw new UsageError(`Cannot tell the registry as the name has none and the spec no default: ${reference}`, {
    hint: 'stratos store ls',
  });
}

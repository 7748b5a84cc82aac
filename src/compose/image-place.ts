/** Where what hangs on an image of the project's own store is kept. */
import type { NamedImage } from '../commands/cartridge-use-cases.ts';
import { StoreError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { Repository } from '../store/artifact.ts';

/** Beside the image's first name. @throws StoreError when it has none */
export async function placeOf(deps: Deps, { references, image }: NamedImage): Promise<Repository> {
  const [first] = references;
  if (first === undefined)
    throw new StoreError(`Cannot attach anything to an image that has no name: ${image.digest}`, {
      hint: `stratos cartridge tag ${image.digest} NAME`,
    });
  const [{ store }, { directoryRegistry }] = await Promise.all([
    deps.loadSpec(),
    import('../store/directory-registry.ts'),
  ]);
  return { registry: directoryRegistry('store', store.path), repository: first.slice(0, first.lastIndexOf(':')) };
}

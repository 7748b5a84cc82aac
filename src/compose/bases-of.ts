/** What the store of this machine knows of the images that an image was made from. */
import type { BaseImage } from '../commands/trust-use-cases.ts';
import type { Deps } from '../reconcile/deps.ts';
import { IMAGE_URI, readProvenance, type Provenance } from '../store/provenance.ts';
import { findNamed } from './find-named.ts';
import { placeOf } from './image-place.ts';

/** Images among the materials. Their digest counts: the name is what it was called then. @throws RegistryError */
export async function basesOf(deps: Deps, { from }: Provenance): Promise<readonly BaseImage[]> {
  const store = await deps.storeOf(await deps.loadSpec());
  const bases = from.flatMap(({ uri, digest }) =>
    digest !== undefined && uri.startsWith(IMAGE_URI) ? [{ name: uri.slice(IMAGE_URI.length), digest }] : [],
  );
  return Promise.all(
    bases.map(async (base) => {
      const named = await findNamed(store, base.digest).catch(() => undefined);
      if (!named || named.references.length === 0) return base;
      const place = await placeOf(deps, named);
      const provenance = await readProvenance(place, base.digest);
      const found = await place.registry.referrers(place.repository, base.digest);
      const attached = found.map(({ artifactType = '' }) => artifactType);
      return { ...base, attached, ...(provenance && { provenance }) };
    }),
  );
}

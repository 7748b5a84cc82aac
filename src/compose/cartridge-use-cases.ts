/** Work on the cartridge store, as commands ask for it, on top of `store/`. */
import type { CartridgeUseCases, NamedImage } from '../commands/use-cases.ts';
import { NotFoundError } from '../model/errors.ts';
import { bytes } from '../model/quantity.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';

export const cartridgeUseCases: CartridgeUseCases = {
  buildCartridge: async () => Promise.reject(new Error('not yet')),
  importCartridge: async () => Promise.reject(new Error('not yet')),
  listCartridges: async (deps) => {
    const store = await openStore(deps);
    const byDigest = Map.groupBy(await store.list(), (entry) => entry.digest);
    const images = [...byDigest].map(async ([digest, entries]) => ({
      references: entries.map((entry) => entry.reference),
      image: await store.find(digest),
    }));
    return (await Promise.all(images)).flatMap(({ references, image }) => (image ? [{ references, image }] : []));
  },
  showCartridge: async (deps, reference) => named(await openStore(deps), reference),
  tagCartridge: async (deps, reference, name) => {
    const store = await openStore(deps);
    const { image } = await named(store, reference);
    await store.tag(name, image.digest);
    return named(store, image.digest);
  },
  removeCartridge: async (deps, reference) => bytes(await (await openStore(deps)).remove(reference)),
};

async function openStore(deps: Deps): Promise<CartridgeStore> {
  return deps.storeOf(await deps.loadSpec());
}

async function named(store: CartridgeStore, reference: string): Promise<NamedImage> {
  const [image, entries] = await Promise.all([store.find(reference), store.list()]);
  if (!image) {
    throw new NotFoundError(`Cannot find image ${JSON.stringify(reference)} in the store`, {
      hint: 'stratos cartridge ls',
    });
  }
  const references = entries.filter((entry) => entry.digest === image.digest).map((entry) => entry.reference);
  return { references, image };
}

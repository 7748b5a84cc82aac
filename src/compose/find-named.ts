/** An image of a store with its names. */
import type { NamedImage } from '../commands/cartridge-use-cases.ts';
import { NotFoundError } from '../model/errors.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import { isRevisionName } from '../store/revision-name.ts';

/** Finds an image by name or digest. @throws NotFoundError */
export async function findNamed(store: CartridgeStore, reference: string): Promise<NamedImage> {
  const found = await lookForNamed(store, reference);
  if (found) return found;
  throw notFound(reference);
}

/** The same; undefined where there is none. */
export async function lookForNamed(store: CartridgeStore, reference: string): Promise<NamedImage | undefined> {
  const [image, entries] = await Promise.all([store.find(reference), store.list()]);
  if (!image) return undefined;
  const references = entries.filter((entry) => entry.digest === image.digest).map((entry) => entry.reference);
  return { references: shownNames(references), image };
}

/** What is said of a name that the store does not have. */
export function notFound(reference: string): NotFoundError {
  return new NotFoundError(`Cannot find image ${JSON.stringify(reference)} in the store`, {
    hint: 'stratos cartridge ls',
  });
}

/** Names that people gave; those that only keep an image for a history where there is no other. */
export function shownNames(references: readonly string[]): readonly string[] {
  const given = references.filter((reference) => !isRevisionName(reference));
  return given.length > 0 ? given : references;
}

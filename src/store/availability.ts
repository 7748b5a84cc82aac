/** Whether an image that is not the spec's any more can still be had. */
import { stat } from 'node:fs/promises';
import type { Image } from '../model/image.ts';
import type { CartridgeStore } from './cartridge-store.ts';

export type Availability =
  | { readonly status: 'present'; readonly image: Image }
  /** The store does not know the digest. */
  | { readonly status: 'unknown' }
  /** Its manifest is there, and these blobs are not. */
  | { readonly status: 'incomplete'; readonly missing: readonly string[] };

/** Looks whether the store has an image with every layer. Reads no layer: `verify` does. @throws StoreError when the store is damaged */
export async function availabilityOf(store: CartridgeStore, digest: string): Promise<Availability> {
  const image = await store.find(digest);
  if (!image) return { status: 'unknown' };
  const blobs = [image.config.digest, ...image.layers.map((layer) => layer.digest)];
  const found = await Promise.all(blobs.map(async (blob) => ((await isFile(store.blobPath(blob))) ? undefined : blob)));
  const missing = found.filter((blob) => blob !== undefined);
  return missing.length === 0 ? { status: 'present', image } : { status: 'incomplete', missing };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

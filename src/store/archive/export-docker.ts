/** Images as `docker save` writes them: plain layers, a configuration and a list of names. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { ImageLayer } from '../../model/image.ts';
import type { DirectoryStore } from '../directory-store.ts';
import { hexOf } from '../reference.ts';
import { expandLayer } from './expand.ts';
import type { NamedExport } from './export-oci.ts';
import { writeArchive } from './write-archive.ts';
import type { ArchiveFile } from './write-archive.ts';

/** Writes the images into one file. @throws StoreError, InterruptedError */
export async function exportDocker(
  store: DirectoryStore,
  images: readonly NamedExport[],
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  await writeArchive(resolve(file), filesOf(store, images), signal);
}

async function* filesOf(store: DirectoryStore, images: readonly NamedExport[]): AsyncGenerator<ArchiveFile> {
  const layers = new Map(images.flatMap(({ image }) => image.layers.map((layer) => [layer.diffId, layer] as const)));
  for (const layer of layers.values()) {
    const content = expandLayer(store.blobPath(layer.digest), layer.mediaType);
    yield { name: fileOf(layer), size: layer.unpackedSize ?? (await measure(store, layer)), content };
  }
  const configs = new Map(images.map(({ image }) => [image.config.digest, image.config]));
  for (const { digest, size } of configs.values()) {
    yield { name: `${hexOf(digest)}.json`, size, content: createReadStream(store.blobPath(digest)) };
  }
  const list = JSON.stringify(
    images.map(({ image, references }) => ({
      Config: `${hexOf(image.config.digest)}.json`,
      RepoTags: references,
      Layers: image.layers.map(fileOf),
    })),
  );
  yield { name: 'manifest.json', size: Buffer.byteLength(list), content: list };
}

const fileOf = ({ diffId }: ImageLayer): string => `${hexOf(diffId)}.tar`;

/** A tar says how long a file is before it has it: a layer that does not say so itself is read once more. */
async function measure(store: DirectoryStore, { digest, mediaType }: ImageLayer): Promise<number> {
  let size = 0;
  for await (const chunk of expandLayer(store.blobPath(digest), mediaType)) size += (chunk as Buffer).length;
  return size;
}

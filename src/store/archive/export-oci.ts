/** Images as an OCI archive: a tar of an image layout that has each blob once. */
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createHash } from 'node:crypto';
import type { Image } from '../../model/image.ts';
import { compressionOf, MEDIA, parseManifest, REF_NAME } from '../oci.ts';
import type { Descriptor, OciManifest } from '../oci.ts';
import { blobFolder } from '../blob-folder.ts';
import type { DirectoryStore } from '../directory-store.ts';
import { hexOf } from '../reference.ts';
import { gzipLayer } from './gzip-layer.ts';
import { writeArchive } from './write-archive.ts';
import type { ArchiveFile } from './write-archive.ts';

/** An image and the names it gets in the archive; without any it is there by its digest. */
export interface NamedExport {
  readonly image: Image;
  readonly references: readonly string[];
}

export interface ExportOptions {
  readonly signal?: AbortSignal;
  /** Layers by gzip, for tools that do not know zstd: the images get other digests, the same content. */
  readonly gzip?: boolean;
}

/** Where a blob of the archive is read from. */
interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly content: string | { readonly file: string };
}

/** Writes the images into one file. @throws StoreError, InterruptedError */
export async function exportOci(
  store: DirectoryStore,
  images: readonly NamedExport[],
  file: string,
  { signal, gzip = false }: ExportOptions = {},
): Promise<void> {
  const path = resolve(file);
  const folder = gzip ? await mkdtemp(join(dirname(path), '.export-')) : undefined;
  try {
    const blobs = new Map<string, Blob>();
    const manifests: Descriptor[] = [];
    for (const { image, references } of images) {
      const target = await collect(store, image, blobs, folder, signal);
      const platform = { architecture: image.architecture, os: 'linux' };
      const entry = { mediaType: MEDIA.manifest, ...target, platform };
      for (const name of references) manifests.push({ ...entry, annotations: { [REF_NAME]: name } });
      if (references.length === 0) manifests.push(entry);
    }
    await writeArchive(path, filesOf(manifests, [...blobs.values()]), signal);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Notes the blobs of an image; returns its manifest's digest and size. */
async function collect(
  store: DirectoryStore,
  image: Image,
  blobs: Map<string, Blob>,
  folder: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly digest: string; readonly size: number }> {
  const text = await readFile(store.blobPath(image.digest), 'utf8');
  const manifest = parseManifest(text, image.digest);
  const take = (digest: string, size: number, content: Blob['content']): void => {
    blobs.set(digest, { digest, size, content });
  };
  take(image.config.digest, image.config.size, { file: store.blobPath(image.config.digest) });
  const layers: Descriptor[] = [];
  for (const layer of manifest.layers) {
    const source = store.blobPath(layer.digest);
    if (folder === undefined || compressionOf(layer.mediaType) === 'gzip') {
      take(layer.digest, layer.size, { file: source });
      layers.push(layer);
    } else {
      const { digest, size } = await gzipLayer(source, layer.mediaType, blobFolder(folder), signal);
      take(digest, size, { file: blobFolder(folder).path(digest) });
      layers.push({ ...layer, mediaType: MEDIA.layerGzip, digest, size });
    }
  }
  if (folder === undefined) {
    const size = Buffer.byteLength(text);
    take(image.digest, size, text);
    return { digest: image.digest, size };
  }
  const again = JSON.stringify({ ...(JSON.parse(text) as OciManifest), layers });
  const digest = `sha256:${createHash('sha256').update(again).digest('hex')}`;
  take(digest, Buffer.byteLength(again), again);
  return { digest, size: Buffer.byteLength(again) };
}

async function* filesOf(manifests: readonly Descriptor[], blobs: readonly Blob[]): AsyncGenerator<ArchiveFile> {
  const texts = {
    'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    'index.json': JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests }),
  };
  for (const [name, content] of Object.entries(texts)) yield { name, size: Buffer.byteLength(content), content };
  for (const { digest, size, content } of blobs) {
    const from = typeof content === 'string' ? content : createReadStream(content.file, { highWaterMark: 1 << 20 });
    yield await Promise.resolve({ name: `blobs/sha256/${hexOf(digest)}`, size, content: from });
  }
}

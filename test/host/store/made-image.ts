/** Images of layers that a test has written byte by byte. */
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Image } from '../../../src/model/image.ts';
import type { DirectoryStore } from '../../../src/store/directory-store.ts';
import { MEDIA, type OciConfig } from '../../../src/store/oci.ts';
import { ociArchitecture } from '../../../src/store/platform.ts';

export interface MadeLayer {
  readonly tar: Buffer;
  readonly compression?: 'zstd' | 'gzip' | 'tar';
  /** Default: the tar's own. */
  readonly diffId?: string;
  readonly unpackedSize?: number;
  /** Whether this machine has seen which tar the blob is, as of a layer that it made. Default false. */
  readonly known?: boolean;
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Adds an image of these layers, from the bottom, to a store. */
export async function madeImage(
  store: DirectoryStore,
  reference: string,
  layers: readonly MadeLayer[],
  config: OciConfig['config'] = {},
): Promise<Image> {
  const added = [];
  for (const { tar, compression = 'zstd', diffId = digestOf(tar), unpackedSize, known = false } of layers) {
    const packed = { zstd: zstdCompressSync, gzip: gzipSync, tar: (bytes: Buffer) => bytes }[compression](tar);
    const mediaType = { zstd: MEDIA.layerZstd, gzip: MEDIA.layerGzip, tar: MEDIA.layer }[compression];
    const blob = await store.addBlob(
      (async function* () {
        yield await Promise.resolve(packed);
      })(),
    );
    const layer = { mediaType, ...blob, diffId, ...(unpackedSize !== undefined && { unpackedSize }) };
    if (known) await store.noteTar(layer);
    added.push(layer);
  }
  return store.addImage(reference, added, { architecture: ociArchitecture(), os: 'linux', config });
}

/** Whether a layer holds what its image's configuration says. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { damaged } from './oci.ts';

/** Expands a layer and compares the digest of its tar. @throws StoreError when it differs or cannot be expanded */
export async function verifyDiffId(path: string, compression: 'zstd' | 'gzip' | 'tar', diffId: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), expander(compression), async (tar) => {
      for await (const chunk of tar) hash.update(chunk as Buffer);
    });
  } catch (error) {
    throw damaged(path, 'a layer cannot be expanded', error);
  }
  if (`sha256:${hash.digest('hex')}` !== diffId) throw damaged(path, 'a layer is not what its configuration says');
}

function expander(compression: 'zstd' | 'gzip' | 'tar'): Transform {
  if (compression === 'tar') return new PassThrough();
  return compression === 'gzip' ? createGunzip() : createZstdDecompress();
}

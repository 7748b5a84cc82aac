/** Whether a layer holds what its image's configuration says. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { expanderFor } from './archive/expand.ts';
import { damaged } from './oci.ts';

/** Expands a layer and compares the digest of its tar. @throws StoreError when it differs or cannot be expanded */
export async function verifyDiffId(path: string, compression: 'zstd' | 'gzip' | 'tar', diffId: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), expanderFor(compression), async (tar) => {
      for await (const chunk of tar) hash.update(chunk as Buffer);
    });
  } catch (error) {
    throw damaged(path, 'a layer cannot be expanded', error);
  }
  if (`sha256:${hash.digest('hex')}` !== diffId) throw damaged(path, 'a layer is not what its configuration says');
}

/** A layer compressed anew, for tools of before zstd. */
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { BlobFolder, StoredBlob } from '../blob-folder.ts';
import { expandLayer } from './expand.ts';

/** Puts the layer into a folder of blobs, compressed by gzip. @throws StoreError when it is damaged */
export async function gzipLayer(
  path: string,
  mediaType: string,
  into: BlobFolder,
  signal: AbortSignal | undefined,
): Promise<StoredBlob> {
  const gzip = createGzip();
  const feeding = pipeline(expandLayer(path, mediaType), gzip, signal ? { signal } : {});
  const [blob] = await Promise.all([into.add(gzip), feeding]);
  return blob;
}

/** The plain tar of a layer of the store. */
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { compressionOf } from '../oci.ts';

/** Expands a layer as it is read. */
export function expandLayer(path: string, mediaType: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const expander = expanderFor(compressionOf(mediaType) ?? 'tar');
  file.on('error', (error) => expander.destroy(error));
  return file.pipe(expander);
}

function expanderFor(compression: 'zstd' | 'gzip' | 'tar'): Transform {
  if (compression === 'tar') return new PassThrough();
  return compression === 'gzip' ? createGunzip() : createZstdDecompress();
}

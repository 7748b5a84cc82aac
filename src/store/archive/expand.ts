/** The plain tar of a layer of the store. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { compressionOf } from '../oci.ts';
import { expandZstd } from './expand-zstd.ts';

/** Expands a layer as it is read. */
export function expandLayer(path: string, mediaType: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  switch (compressionOf(mediaType)) {
    case 'zstd':
      return Readable.from(expandZstd(file), { objectMode: false });
    case 'gzip': {
      const expander = createGunzip();
      file.on('error', (error) => expander.destroy(error));
      return file.pipe(expander);
    }
    default:
      return file;
  }
}

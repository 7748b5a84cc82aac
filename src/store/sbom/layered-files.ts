/** Some files of an image as its layers leave them, without unpacking anything: a later layer replaces and removes. */
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Extract } from 'tar-stream';
import { collect } from '../../concurrency/collect.ts';
import { RegistryError, StoreError } from '../../model/errors.ts';
import { compressionOf } from '../oci.ts';

/** A layer, wherever it is. */
export interface LayerSource {
  /** Its digest or its file, for messages. */
  readonly name: string;
  readonly mediaType: string;
  /** Its bytes as they are kept, compressed. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** Largest file that is taken up, in bytes: the status of a Debian with everything is 10 MB. */
const LARGEST = 64 * 2 ** 20;
/** Most that is taken up of one image. */
const MOST = 512 * 2 ** 20;

/** Removes all that is below in its folder (image-spec 1.1, "Opaque Whiteout"). */
const OPAQUE = '.wh..wh..opq';
/** Begins the name of what marks that the rest of the name is gone. */
const WHITEOUT = '.wh.';

/**
 * Content of the regular files that `wanted` picks, by path without a leading slash. Links are not followed.
 * @throws RegistryError of where a layer is; StoreError when one cannot be read, or what is wanted is larger than anything sensible
 */
export async function layeredFiles(
  layers: readonly LayerSource[],
  wanted: (path: string) => boolean,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const budget = { left: MOST };
  for (const layer of layers) {
    const { removed, found } = await readLayer(layer, wanted, budget, signal);
    for (const path of files.keys()) if (removed.some((gone) => isIn(path, gone))) files.delete(path);
    for (const [path, content] of found) {
      if (content === undefined) files.delete(path);
      else files.set(path, content);
    }
  }
  return files;
}

interface LayerContent {
  /** Paths, or folders with a slash at their end, that go. */
  readonly removed: readonly string[];
  /** Undefined: something else than a regular file is there now. */
  readonly found: ReadonlyMap<string, string | undefined>;
}

async function readLayer(
  layer: LayerSource,
  wanted: (path: string) => boolean,
  budget: { left: number },
  signal: AbortSignal | undefined,
): Promise<LayerContent> {
  const { extract } = await import('tar-stream');
  const removed: string[] = [];
  const found = new Map<string, string | undefined>();
  const unpack = extract();
  const feeding = feed(layer, unpack, signal);
  // Its failure is that of the loop below, too; whichever ends first is told.
  feeding.catch(() => undefined);
  try {
    for await (const entry of unpack) {
      const { header } = entry;
      const path = header.name.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
      const at = path.lastIndexOf('/') + 1;
      const [folder, base] = [path.slice(0, at), path.slice(at)];
      if (base === OPAQUE) removed.push(folder);
      else if (base.startsWith(WHITEOUT)) removed.push(`${folder}${base.slice(WHITEOUT.length)}`);
      else if (wanted(path)) {
        const isFile = header.type === 'file' || header.type === 'contiguous-file';
        const size = header.size;
        if (isFile && (size > LARGEST || size > budget.left))
          throw new StoreError(`Cannot list the packages as a file that lists them is too large: ${path}`);
        if (isFile) budget.left -= size;
        found.set(path, isFile ? Buffer.concat((await collect(entry)) as Buffer[]).toString('utf8') : undefined);
        continue;
      }
      entry.resume();
    }
    await feeding;
  } catch (error) {
    if (error instanceof StoreError || error instanceof RegistryError || signal?.aborted === true) throw error;
    throw new StoreError(`Cannot list the packages as a layer cannot be read: ${layer.name}`, { cause: error });
  }
  return { removed, found };
}

/** Sends the tar of a layer into its reader. */
async function feed(layer: LayerSource, unpack: Extract, signal: AbortSignal | undefined): Promise<void> {
  const source = layer.open();
  const options = signal ? { signal } : {};
  const compression = compressionOf(layer.mediaType);
  if (compression === 'zstd') await pipeline(source, createZstdDecompress(), unpack, options);
  else if (compression === 'gzip') await pipeline(source, createGunzip(), unpack, options);
  else await pipeline(source, unpack, options);
}

/** Whether a path is what goes, or below it. */
function isIn(path: string, gone: string): boolean {
  return path === gone || path.startsWith(gone.endsWith('/') || gone === '' ? gone : `${gone}/`);
}

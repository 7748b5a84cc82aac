/** A blob that arrives in parts: what is there already is kept, the rest is asked for. */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open as openFile, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { interrupted } from '../concurrency/interrupted.ts';
import { RegistryError, StoreError } from '../model/errors.ts';
import { diskFull, isDiskFull } from './disk-full.ts';
import type { BlobKey } from './registry.ts';

export interface ReceiveOptions {
  /** Bytes that are there so far. */
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Open = (from: number) => AsyncIterable<Uint8Array>;

/**
 * Completes the file `part`, which is the blob then. A part that was merely cut stays when it fails; one that is of something else, or
 * for which the disk has no room, does not.
 * @throws StoreError when digest or length are others, or the source ends too soon; and whatever `open` throws
 */
export async function receiveInto(part: string, blob: BlobKey, open: Open, options: ReceiveOptions): Promise<void> {
  try {
    if (await complete(part, blob, open, options)) return;
    // What was there from before was not of this blob, which cannot be seen before all is there.
    await rm(part, { force: true });
    if (await complete(part, blob, open, options)) return;
    throw new StoreError(`Cannot store the blob as its content has another digest than it should: ${blob.digest}`);
  } catch (error) {
    const full = isDiskFull(error);
    const wrong = error instanceof StoreError || (error instanceof RegistryError && error.failure === 'damaged');
    if (full || wrong) await rm(part, { force: true });
    throw full ? diskFull(`store the blob of ${String(blob.size)} bytes`, dirname(part), error) : error;
  }
}

/** Asks for what is missing; false when the whole is not the blob, because of what was there before. */
async function complete(part: string, blob: BlobKey, open: Open, options: ReceiveOptions): Promise<boolean> {
  const hash = createHash('sha256');
  const file = await openFile(part, 'a', 0o644);
  try {
    const before = await hashStart(part, hash, blob.size);
    if (before > blob.size) return false;
    options.onProgress?.(before);
    const done = before === blob.size ? before : await append(file, open(before), hash, { blob, before, options });
    if (done < blob.size)
      throw new StoreError(
        `Cannot store the blob as it ended after ${String(done)} of ${String(blob.size)} bytes: ${blob.digest}`,
      );
    await file.sync();
    const found = `sha256:${hash.digest('hex')}`;
    if (found === blob.digest) return true;
    if (before > 0) return false;
    throw new StoreError(`Cannot store the blob as its content has another digest: ${found}, not ${blob.digest}`);
  } finally {
    await file.close();
  }
}

interface Start {
  readonly blob: BlobKey;
  readonly before: number;
  readonly options: ReceiveOptions;
}

async function append(
  file: FileHandle,
  source: AsyncIterable<Uint8Array>,
  hash: Hash,
  { blob, before, options }: Start,
): Promise<number> {
  let done = before;
  for await (const chunk of source) {
    if (options.signal?.aborted === true) throw interrupted(options.signal);
    if (done + chunk.length > blob.size)
      throw new StoreError(`Cannot store the blob as it is longer than ${String(blob.size)} bytes: ${blob.digest}`);
    hash.update(chunk);
    await file.writeFile(chunk);
    done += chunk.length;
    options.onProgress?.(done);
  }
  return done;
}

/** Hashes what is there already; its length. */
async function hashStart(part: string, hash: Hash, most: number): Promise<number> {
  let length = 0;
  for await (const chunk of createReadStream(part, { highWaterMark: 1 << 20 })) {
    length += (chunk as Buffer).length;
    if (length > most) break;
    hash.update(chunk as Buffer);
  }
  return length;
}

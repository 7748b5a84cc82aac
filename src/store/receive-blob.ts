/** A blob that arrives in parts: what is there already is kept, the rest is asked for. */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open as openFile, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { interrupted } from '../concurrency/interrupted.ts';
import { codeOf } from '../host/code-of.ts';
import { StoreError } from '../model/errors.ts';
import type { BlobKey } from './registry.ts';

export interface ReceiveOptions {
  /** Bytes that are there so far. */
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Completes the file `part`, which is a blob then. A part that turns out to be of something else, or for which the disk has no
 * room, is removed; one that was merely cut stays.
 * @throws StoreError when digest or length are others, or the source ends too soon
 */
export async function receiveInto(
  part: string,
  blob: BlobKey,
  open: (from: number) => AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<void> {
  const hash = createHash('sha256');
  const file = await openFile(part, 'a', 0o644);
  try {
    let done = await hashStart(part, hash, blob.size);
    if (done > blob.size) {
      await rm(part, { force: true });
      throw new StoreError(`Cannot store the blob as more of it was there than it has: ${blob.digest}`);
    }
    options.onProgress?.(done);
    if (done < blob.size) done = await append(file, open(done), hash, { blob, done, options });
    if (done < blob.size)
      throw new StoreError(
        `Cannot store the blob as it ended after ${String(done)} of ${String(blob.size)} bytes: ${blob.digest}`,
      );
    await file.sync();
    const found = `sha256:${hash.digest('hex')}`;
    if (found !== blob.digest) {
      await rm(part, { force: true });
      throw new StoreError(`Cannot store the blob as its content has another digest: ${found}, not ${blob.digest}`);
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC') throw error;
    await rm(part, { force: true });
    throw new StoreError(`Cannot store the blob as the disk is full (${String(blob.size)} bytes): ${part}`, {
      hint: `df -h ${part.slice(0, part.lastIndexOf('/'))}`,
      cause: error,
    });
  } finally {
    await file.close();
  }
}

interface Progress {
  readonly blob: BlobKey;
  readonly done: number;
  readonly options: ReceiveOptions;
}

async function append(
  file: FileHandle,
  source: AsyncIterable<Uint8Array>,
  hash: Hash,
  { blob, done, options }: Progress,
): Promise<number> {
  let end = done;
  for await (const chunk of source) {
    if (options.signal?.aborted === true) throw interrupted(options.signal);
    if (end + chunk.length > blob.size)
      throw new StoreError(`Cannot store the blob as it is longer than ${String(blob.size)} bytes: ${blob.digest}`);
    hash.update(chunk);
    await file.writeFile(chunk);
    end += chunk.length;
    options.onProgress?.(end);
  }
  return end;
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

/** Blobs by their digest, in `blobs/sha256/` of an OCI image layout. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { withKernelLock } from '../host/kernel-lock.ts';
import { StoreError } from '../model/errors.ts';
import { diskFull, isDiskFull } from './disk-full.ts';
import { damaged } from './oci.ts';
import { receiveInto } from './receive-blob.ts';
import type { ReceiveOptions } from './receive-blob.ts';
import { hexOf } from './reference.ts';

export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
}

/** The rest of a blob, from a byte on. */
type Open = (from: number) => AsyncIterable<Uint8Array>;

/** Paths and access for the blobs of one store. */
export interface BlobFolder {
  readonly folder: string;
  path(digest: string): string;
  /** Size in bytes; undefined when it is not there. */
  size(digest: string): Promise<number | undefined>;
  /** A small blob, digest checked. @throws StoreError when missing or damaged */
  read(digest: string, what: string): Promise<string>;
  /** The same as bytes. */
  readBytes(digest: string, what: string): Promise<Uint8Array>;
  /** Stores a stream; its digest is computed on the way. @throws StoreError when `expected` is another digest */
  add(source: AsyncIterable<Uint8Array>, expected?: string): Promise<StoredBlob>;
  /**
   * Stores a blob of known digest that comes from afar; false when it is there already. What arrived before `open`'s stream was cut is
   * kept, also over runs of the program: the next call asks for the rest. Two that receive the same blob take turns.
   * @throws StoreError when what arrives is not the blob; and whatever `open` throws
   */
  receive(blob: StoredBlob, open: Open, options?: ReceiveOptions): Promise<boolean>;
  /** Takes a file over whose digest is known, by copying it. */
  addFile(path: string, digest: string): Promise<void>;
  /** Compares content with digest. @throws StoreError */
  verify(digest: string, what: string): Promise<void>;
  /** Digests of all blobs, with size and age in ms. */
  all(): Promise<readonly (StoredBlob & { readonly age: number })[]>;
  /** Removes a blob; false when it was not there. */
  drop(digest: string): Promise<boolean>;
}

/** Names the folder; makes nothing until something is added. */
export function blobFolder(layout: string): BlobFolder {
  const folder = join(layout, 'blobs', 'sha256');
  const path = (digest: string): string => join(folder, hexOf(digest));
  const missing = (digest: string, what: string, cause?: unknown): StoreError =>
    damaged(path(digest), `a blob of ${what} is missing`, cause);
  const size = async (digest: string): Promise<number | undefined> => {
    const info = await stat(path(digest)).catch(() => undefined);
    return info?.isFile() ? info.size : undefined;
  };
  const readBytes = async (digest: string, what: string): Promise<Buffer> => {
    let content: Buffer;
    try {
      content = await readFile(path(digest));
    } catch (error) {
      throw missing(digest, what, error);
    }
    const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    if (found !== digest) throw damaged(path(digest), `a blob of ${what} is damaged`);
    return content;
  };

  const arriving = new Set<{ full: boolean }>();
  /** As `receiveInto`; where the disk is full for one blob, what arrived of the others that end with it goes as well. */
  async function receivePart(part: string, blob: StoredBlob, open: Open, options: ReceiveOptions): Promise<void> {
    const state = { full: false };
    arriving.add(state);
    try {
      await receiveInto(part, blob, open, options);
    } catch (error) {
      if (isDiskFull(error)) for (const each of arriving) each.full = true;
      if (state.full) await rm(part, { force: true });
      throw error;
    } finally {
      arriving.delete(state);
    }
  }

  return {
    folder,
    path,
    size,
    read: async (digest, what) => (await readBytes(digest, what)).toString('utf8'),
    readBytes,
    async add(source, expected) {
      await mkdir(folder, { recursive: true });
      const temporary = join(folder, `.tmp-${randomUUID()}`);
      try {
        const blob = await writeHashed(temporary, source);
        if (expected !== undefined && blob.digest !== expected) {
          throw new StoreError(
            `Cannot store the blob as its content has another digest: ${blob.digest}, not ${expected}`,
          );
        }
        await rename(temporary, path(blob.digest));
        return blob;
      } catch (error) {
        throw isDiskFull(error) ? diskFull('store the blob', folder, error) : error;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async receive(blob, open, options = {}) {
      // The size too: a file that was cut short by others is no blob.
      const there = async (): Promise<boolean> => (await size(blob.digest)) === blob.size;
      if (await there()) return false;
      const part = join(folder, `.part-${hexOf(blob.digest)}`);
      return withKernelLock(
        part,
        async () => {
          if (await there()) {
            await rm(part, { force: true });
            return false;
          }
          await receivePart(part, blob, open, options);
          await rename(part, path(blob.digest));
          return true;
        },
        { signal: options.signal },
      );
    },
    async addFile(file, digest) {
      await mkdir(folder, { recursive: true });
      const temporary = join(folder, `.tmp-${randomUUID()}`);
      try {
        // A copy, no hard link: damage to one must not be damage to both.
        await copyFile(file, temporary, constants.COPYFILE_FICLONE);
        await rename(temporary, path(digest));
      } catch (error) {
        throw isDiskFull(error) ? diskFull('store the blob', folder, error) : error;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async verify(digest, what) {
      const hash = createHash('sha256');
      try {
        for await (const chunk of createReadStream(path(digest), { highWaterMark: 1 << 20 }))
          hash.update(chunk as Buffer);
      } catch (error) {
        throw missing(digest, what, error);
      }
      if (`sha256:${hash.digest('hex')}` !== digest) throw damaged(path(digest), `a blob of ${what} is damaged`);
    },
    async all() {
      const names = await readdir(folder).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      });
      const found = names.map(async (name) => {
        const info = await stat(join(folder, name)).catch(() => undefined);
        return info && { digest: `sha256:${name}`, size: info.size, age: Date.now() - info.mtimeMs };
      });
      return (await Promise.all(found)).filter((entry) => entry !== undefined);
    },
    async drop(digest) {
      try {
        await rm(path(digest));
        return true;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return false;
        throw error;
      }
    },
  };
}

async function writeHashed(path: string, source: AsyncIterable<Uint8Array>): Promise<StoredBlob> {
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx', 0o644);
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

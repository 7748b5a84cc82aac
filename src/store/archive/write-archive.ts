/** Tar files that are there whole or not at all, compressed as their name says. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { pack } from 'tar-stream';
import { codeOf } from '../../host/code-of.ts';
import { InterruptedError, StoreError, StratosError } from '../../model/errors.ts';

export interface ArchiveFile {
  readonly name: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | string;
}

/** What compresses a file of this name; none for other names. */
export function compressorFor(path: string): Transform | undefined {
  if (/\.(gz|tgz)$/.test(path)) return createGzip();
  return /\.(zst|tzst)$/.test(path) ? createZstdCompress() : undefined;
}

/**
 * Runs work on a file beside `path` that gets its name when the work is done; nothing is left when it fails.
 * @throws StoreError when the system refuses, InterruptedError
 */
export async function wholeFile<T>(
  path: string,
  work: (temporary: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const temporary = `${path}.part`;
  try {
    const result = await work(temporary);
    await rename(temporary, path);
    return result;
  } catch (error) {
    if (signal?.aborted === true) throw new InterruptedError(`Cannot write ${path} as the run was interrupted`);
    if (error instanceof StratosError || codeOf(error) === '') throw error;
    throw new StoreError(`Cannot write the archive as the system refuses (${codeOf(error)}): ${path}`, {
      cause: error,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes files as a tar, without times or owners, so that the same files give the same archive. @throws StoreError, InterruptedError */
export async function writeArchive(
  path: string,
  files: AsyncIterable<ArchiveFile>,
  signal?: AbortSignal,
): Promise<void> {
  await wholeFile(
    path,
    async (temporary) => {
      const tar = pack();
      const compressor = compressorFor(path);
      const options = signal ? { signal } : {};
      const out = createWriteStream(temporary);
      const done = compressor ? pipeline(tar, compressor, out, options) : pipeline(tar, out, options);
      const fill = async (): Promise<void> => {
        for await (const { name, size, content } of files) {
          const entry = { name, size, mode: 0o644, mtime: new Date(0) };
          if (typeof content === 'string') tar.entry(entry, content);
          else await pipeline(content, tar.entry(entry), options);
        }
        tar.finalize();
      };
      const filled = fill().catch((error: unknown) => {
        tar.destroy(error as Error);
        throw error;
      });
      await Promise.all([filled, done]);
    },
    signal,
  );
}

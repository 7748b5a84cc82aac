/** A file or folder of this machine as a tar, as a stream. */
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pack } from 'tar-stream';
import { HostError, StratosError } from '../model/errors.ts';
import { codeOf } from './code-of.ts';

export interface PackOptions {
  /** What the tar calls it. */
  readonly name: string;
  /** Owner of everything in the tar. */
  readonly uid: number;
  readonly gid: number;
}

/**
 * Packs what is at `path`: files with modes and times, folders, and links as links.
 * @throws HostError for what cannot be read, changes its size meanwhile, or is neither file, folder nor link
 */
export async function* packTree(path: string, options: PackOptions): AsyncGenerator<Uint8Array> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  const filled = fill(tar, path, options).then(
    () => {
      tar.finalize();
    },
    (error: unknown) => {
      tar.destroy(error as Error);
    },
  );
  yield* tar as AsyncIterable<Uint8Array>;
  await filled;
}

async function fill(tar: Pack, path: string, { name, uid, gid }: PackOptions): Promise<void> {
  try {
    const stats = await lstat(path);
    const head = { name, uid, gid, mode: stats.mode & 0o7777, mtime: stats.mtime };
    if (stats.isDirectory()) {
      tar.entry({ ...head, type: 'directory' });
      for (const child of (await readdir(path)).sort())
        await fill(tar, join(path, child), { name: `${name}/${child}`, uid, gid });
    } else if (stats.isSymbolicLink()) tar.entry({ ...head, type: 'symlink', linkname: await readlink(path) });
    else if (stats.isFile()) await put(tar, path, { ...head, size: stats.size });
    else throw new HostError(`Cannot copy what is neither file, folder nor link: ${path}`);
  } catch (error) {
    if (error instanceof StratosError || codeOf(error) === '') throw error;
    throw new HostError(`Cannot read what shall be copied as the system refuses (${codeOf(error)}): ${path}`, {
      cause: error,
    });
  }
}

async function put(tar: Pack, path: string, head: { readonly name: string; readonly size: number }): Promise<void> {
  const done = Promise.withResolvers<undefined>();
  const entry = tar.entry(head, (error) => {
    if (error) done.reject(new HostError(`Cannot copy a file that changes meanwhile: ${path}`, { cause: error }));
    else done.resolve(undefined);
  });
  // What it grows by is not in the head any more.
  if (head.size > 0)
    for await (const piece of createReadStream(path, { end: head.size - 1 }) as AsyncIterable<Uint8Array>)
      if (!entry.write(piece)) {
        const drained = Promise.withResolvers<undefined>();
        entry.once('drain', () => {
          drained.resolve(undefined);
        });
        await Promise.race([done.promise, drained.promise]);
      }
  entry.end(null);
  await done.promise;
}

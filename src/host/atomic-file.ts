/** Files that are replaced whole or not at all, whatever happens in between: a crash, a full disk, `kill -9`. */
import { randomBytes } from 'node:crypto';
import { copyFile, link, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pid } from 'node:process';
import { codeOf } from './code-of.ts';

export interface AtomicWriteOptions {
  /** Permissions of a new file, and of an existing one with `keepMode: false`. Default 0600. */
  readonly mode?: number;
  /** Leave the permissions of an existing file as they are. Default false. */
  readonly keepMode?: boolean;
  /** Where the version that is replaced is kept. */
  readonly previous?: string;
  /**
   * Whether the new content survives a power loss once it is written. Without, a crash of the machine may leave the old one, an empty
   * file or none: for what may be lost, and is written each round. Default true.
   */
  readonly durable?: boolean;
}

/**
 * Replaces a file, durably unless told otherwise: when it resolves, the new content survives a power loss; when it rejects, the old
 * file is intact.
 * A symbolic link stays and its target is replaced; an existing file keeps its owner.
 * @throws the system's error when it refuses
 */
export async function atomicWrite(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temp = join(dirname(target), `${tempPrefix(target, pid)}${randomBytes(6).toString('hex')}.tmp`);
  try {
    const old = await stat(target).catch(() => undefined);
    const file = await open(temp, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.chmod((options.keepMode ? old?.mode : undefined) ?? options.mode ?? 0o600);
      // Only root can give a file away, and only root needs to: `sudo stratos` must not take the operator's files over.
      if (old) await file.chown(old.uid, old.gid).catch(() => undefined);
      if (options.durable !== false) await file.sync();
    } finally {
      await file.close();
    }
    if (old && options.previous !== undefined) await keep(target, options.previous);
    await rename(temp, target);
    if (options.durable !== false) await syncDirectory(dirname(target));
  } catch (cause) {
    await rm(temp, { force: true }).catch(() => undefined);
    throw cause;
  }
}

/**
 * Makes a file that must not exist yet, with all of its content at once. False when it exists already.
 * @throws the system's error when it refuses
 */
export async function createExclusively(path: string, text: string, mode = 0o600): Promise<boolean> {
  const temp = join(dirname(path), `${tempPrefix(path, pid)}${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temp, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temp, path).catch(async (cause: unknown) => {
      // File systems without hard links: the content then comes a moment after the name.
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(cause))) throw cause;
      const direct = await open(path, 'wx', mode);
      await direct.writeFile(text).finally(() => direct.close());
    });
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw cause;
  } finally {
    await rm(temp, { force: true }).catch(() => undefined);
  }
}

/** Removes the temporary files that a killed process left beside a file. */
export async function removeLeftovers(path: string, ofPid: number): Promise<void> {
  const prefix = tempPrefix(path, ofPid);
  const names = await readdir(dirname(path)).catch(() => []);
  const left = names.filter((name) => name.startsWith(prefix) && name.endsWith('.tmp'));
  await Promise.all(left.map((name) => rm(join(dirname(path), name), { force: true }).catch(() => undefined)));
}

function tempPrefix(path: string, ofPid: number): string {
  return `.${basename(path)}.${String(ofPid)}.`;
}

/** The name `previous` always has a whole version: it moves from one to the next. */
async function keep(target: string, previous: string): Promise<void> {
  const temp = `${previous}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await link(target, temp).catch(() => copyFile(target, temp));
    await rename(temp, previous);
  } finally {
    await rm(temp, { force: true });
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Not every system lets a directory be opened; the rename is atomic there all the same.
  const directory = await open(path, 'r').catch(() => undefined);
  if (!directory) return;
  await directory
    .sync()
    .catch(() => undefined)
    .finally(() => directory.close());
}

/** The files a cartridge brings with it: listed and hashed for the cache, and put into the root file system. */
import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { codeOf } from '../../host/code-of.ts';
import { IDMAP } from '../../lxc/layout.ts';
import { NotFoundError, StoreError } from '../../model/errors.ts';
import type { CartridgeCopy } from '../cartridge-file.ts';
import { resolveInRoot } from './resolve-in-root.ts';

/** One file, link or directory to be put into an image. */
export interface CopiedFile {
  readonly source: string;
  /** Path in the image. */
  readonly target: string;
  readonly kind: 'file' | 'directory' | 'link';
  /** Permission bits; undefined for a link. */
  readonly mode?: number;
  readonly owner?: string;
  /** sha256 of the content, or where a link leads. */
  readonly content: string;
}

/** Lists what `files` of a cartridge file means, directories with all that is in them. @throws NotFoundError, StoreError */
export async function listCopies(directory: string, copies: readonly CartridgeCopy[]): Promise<readonly CopiedFile[]> {
  const home = await realpath(directory);
  const found: CopiedFile[] = [];
  for (const copy of copies) {
    const source = join(home, copy.from);
    let real: string;
    try {
      real = await realpath(source);
    } catch (error) {
      throw new NotFoundError(`Cannot build the cartridge as a file of it is not there: ${source}`, { cause: error });
    }
    if (real !== home && !real.startsWith(`${home}${sep}`)) {
      throw new StoreError(`Cannot build the cartridge as a file leads out of its directory: ${source}`);
    }
    const target =
      copy.to.endsWith('/') && !(await lstat(real)).isDirectory() ? join(copy.to, basename(source)) : copy.to;
    await collect(real, target, copy, found);
  }
  return found;
}

async function collect(source: string, target: string, copy: CartridgeCopy, found: CopiedFile[]): Promise<void> {
  const info = await lstat(source);
  const common = { source, target, ...(copy.owner !== undefined && { owner: copy.owner }) };
  if (info.isDirectory()) {
    found.push({ ...common, kind: 'directory', mode: 0o755, content: '' });
    for (const name of (await readdir(source)).sort())
      await collect(join(source, name), join(target, name), copy, found);
  } else if (info.isSymbolicLink()) {
    found.push({ ...common, kind: 'link', content: await readlink(source) });
  } else if (info.isFile()) {
    // As git has it, so that the umask of whoever checked the files out makes no other image.
    const mode = copy.mode ?? ((info.mode & 0o100) === 0 ? 0o644 : 0o755);
    const content = createHash('sha256')
      .update(await readFile(source))
      .digest('hex');
    found.push({ ...common, kind: 'file', mode, content });
  } else
    throw new StoreError(`Cannot build the cartridge as it has something that is neither file nor link: ${source}`);
}

/** Puts the files into a root file system whose ids are mapped. @throws StoreError */
export async function placeCopies(root: string, files: readonly CopiedFile[]): Promise<void> {
  for (const file of files) {
    const [uid, gid] = await ownerIds(root, file.owner);
    const folder = await resolveInRoot(root, dirname(file.target));
    await makeFolders(folder, root);
    const path = join(folder, basename(file.target));
    if (file.kind === 'directory') {
      // A link to a directory is followed, as cp does.
      const real = await resolveInRoot(root, file.target);
      const made = await mkdir(real).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) === 'EEXIST') return false;
          throw error;
        },
      );
      if (made) await lchown(real, uid, gid);
      if (made) await chmod(real, file.mode ?? 0o755);
      continue;
    }
    await rm(path, { force: true });
    if (file.kind === 'link') await symlink(file.content, path);
    else await copyFile(file.source, path);
    await lchown(path, uid, gid);
    if (file.mode !== undefined) await chmod(path, file.mode);
  }
}

/** Makes the folders that are missing, owned by the image's root. */
async function makeFolders(folder: string, root: string): Promise<void> {
  if (folder === root || folder.length <= root.length) return;
  try {
    await mkdir(folder, { mode: 0o755 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw error;
    await makeFolders(dirname(folder), root);
    await mkdir(folder, { mode: 0o755 });
  }
  await lchown(folder, IDMAP.first, IDMAP.first);
}

/** `user:group`, by name or number, as ids of this machine. */
async function ownerIds(root: string, owner: string | undefined): Promise<readonly [number, number]> {
  if (owner === undefined) return [IDMAP.first, IDMAP.first];
  const [user = '', group] = owner.split(':');
  const entry = await account(root, 'passwd', user);
  if (!entry) throw new StoreError(`Cannot set the owner of a file as the image has no such user: ${user}`);
  const members = group === undefined ? undefined : await account(root, 'group', group);
  if (group !== undefined && !members) {
    throw new StoreError(`Cannot set the owner of a file as the image has no such group: ${group}`);
  }
  return [IDMAP.first + entry.id, IDMAP.first + (members?.id ?? entry.group)];
}

async function account(
  root: string,
  file: string,
  name: string,
): Promise<{ readonly id: number; readonly group: number } | undefined> {
  const text = await readFile(await resolveInRoot(root, `/etc/${file}`), 'utf8').catch(() => '');
  const fields = text
    .split('\n')
    .map((line) => line.split(':'))
    .find((line) => line[0] === name || (/^\d+$/.test(name) && line[2] === name));
  if (fields) return { id: Number(fields[2]), group: Number(fields[3] === '' ? fields[2] : (fields[3] ?? fields[2])) };
  return /^\d+$/.test(name) ? { id: Number(name), group: Number(name) } : undefined;
}

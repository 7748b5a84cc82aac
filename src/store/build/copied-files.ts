/** The files a cartridge brings with it: listed and hashed for the cache, and put into the root file system. */
import { createHash } from 'node:crypto';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, realpath, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { NotFoundError, StoreError } from '../../model/errors.ts';
import type { CartridgeCopy } from '../cartridge-file.ts';

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
  if (/[\n\0]/.test(target))
    throw new StoreError(`Cannot build the cartridge as a name has a line break: ${JSON.stringify(source)}`);
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

/** Puts the files of a copy into `<local>/<folder>`, as they shall be below the place they go to; owners are the builder's work. */
export async function stageCopies(
  { files, folder }: { readonly files: readonly CopiedFile[]; readonly folder: string },
  local: string,
): Promise<void> {
  const [top] = files;
  if (!top) return;
  const above = top.kind === 'directory' ? top.target : dirname(top.target);
  await mkdir(join(local, folder), { recursive: true });
  for (const file of files) {
    const path = join(local, folder, relative(above, file.target));
    if (file.kind === 'directory') await mkdir(path, { recursive: true });
    else if (file.kind === 'link') await symlink(file.content, path);
    else {
      await copyFile(file.source, path);
      await chmod(path, file.mode ?? 0o644);
    }
  }
}

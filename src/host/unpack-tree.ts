/** A tar from somebody who need not be honest, unpacked into an empty folder of this machine and nowhere else. */
import { chmod, link, mkdir, open, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Extract } from 'tar-stream';
import { HostError, StratosError } from '../model/errors.ts';

type Source = Extract extends AsyncIterable<infer T> ? T : never;

export interface Unpacked {
  readonly files: number;
  readonly bytes: number;
  /** What is neither file, folder nor link: left out. */
  readonly skipped: readonly string[];
}

/**
 * Unpacks into `folder`, which must be new and ours alone. Nothing gets another owner than us, no special bits are set. Links are made last, so
 * that nothing is ever written by way of one; names must stay inside, and none may come twice.
 * @throws HostError for a tar that is cut or breaks these rules
 */
export async function unpackTree(source: Readable, folder: string): Promise<Unpacked> {
  const { extract } = await import('tar-stream');
  const skipped: string[] = [];
  const links: { readonly at: string; readonly to: string }[] = [];
  const folders: { readonly at: string; readonly mode: number }[] = [];
  let files = 0;
  let bytes = 0;
  const write = async (entry: Source): Promise<void> => {
    const { header } = entry;
    const at = placeOf(folder, header.name);
    const mode = header.mode & 0o777;
    if (header.type !== 'directory') await mkdir(dirname(at), { recursive: true });
    switch (header.type) {
      case 'directory':
        await mkdir(at, { recursive: true });
        folders.push({ at, mode });
        break;
      case 'symlink':
        links.push({ at, to: header.linkname });
        break;
      case 'link':
        await link(placeOf(folder, header.linkname), at);
        files++;
        break;
      case 'file':
      case 'contiguous-file':
        await writeNew(at, entry);
        await chmod(at, mode);
        await utimes(at, header.mtime, header.mtime);
        files++;
        bytes += header.size;
        return;
      default:
        skipped.push(header.name);
    }
    entry.resume();
  };
  const tar = extract();
  source.on('error', (error) => {
    tar.destroy(error);
  });
  source.pipe(tar);
  try {
    for await (const entry of tar) await write(entry);
    for (const { at, to } of links) await symlink(to, at);
    // From within: one that nobody may write to would not take what is in it.
    for (const { at, mode } of folders.reverse()) await chmod(at, mode);
  } catch (error) {
    source.destroy();
    if (error instanceof StratosError) throw error;
    throw new HostError(`Cannot unpack what came as it is damaged, or not what a copy is: ${String(error)}`, {
      cause: error,
    });
  }
  return { files: files + links.length, bytes, skipped };
}

/** Writes a file that must not be there yet. */
async function writeNew(path: string, entry: Source): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of entry) await file.writeFile(piece as Uint8Array);
  } finally {
    await file.close();
  }
}

/** Where a name of a tar is in the folder. @throws HostError when it would be elsewhere */
function placeOf(folder: string, name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..') || parts.length === 0 || name.includes('\0'))
    throw new HostError(`Cannot unpack what came as a name in it leads elsewhere: ${JSON.stringify(name)}`);
  return join(folder, ...parts);
}

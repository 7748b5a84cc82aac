/** Finding a path in another root file system: links are followed as they would be there, and never lead out of it. */
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../host/code-of.ts';
import { StoreError } from '../../model/errors.ts';

/** Links followed before a path counts as a loop, as in the kernel. */
const MAX_LINKS = 40;

/**
 * Path on this machine of what `path` means inside `root`. What does not exist yet is taken as it stands.
 * @throws StoreError when links make a loop
 */
export async function resolveInRoot(root: string, path: string): Promise<string> {
  const todo = path.split('/');
  let done: string[] = [];
  let links = 0;
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = await linkTarget(join(root, ...done, part));
    if (target === undefined) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new StoreError(`Cannot find the path in the image as its links make a loop: ${path}`);
    if (target.startsWith('/')) done = [];
    todo.unshift(...target.split('/'));
  }
  return join(root, ...done);
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Overlay's marks of removed files become those of OCI: an empty file `.wh.NAME` says that NAME of the layers below is gone. */
import type { Dirent } from 'node:fs';
import { lchown, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../host/code-of.ts';
import { IDMAP } from '../../lxc/layout.ts';

/**
 * Paths below that a build removed or made something else, relative and sorted. Found by comparing what was there (`lower`)
 * with what is seen now (`merged`) in each folder that changed (`delta`), which also covers folders that were replaced whole:
 * OCI prefers these explicit marks to its opaque one.
 */
export async function findRemoved(lower: string, delta: string, merged: string): Promise<readonly string[]> {
  const removed: string[] = [];
  await compare('');
  return removed.sort();

  async function compare(folder: string): Promise<void> {
    const [below, changed, now] = await Promise.all([
      list(join(lower, folder)).then(byName),
      list(join(delta, folder)).then(byName),
      list(join(merged, folder)).then(byName),
    ]);
    for (const [name, entry] of below) {
      const seen = now.get(name);
      if (seen?.isDirectory() !== entry.isDirectory()) removed.push(join(folder, name));
    }
    for (const [name, entry] of changed) {
      if (entry.isDirectory() && below.get(name)?.isDirectory() === true) await compare(join(folder, name));
    }
  }
}

/** Takes overlay's marks out of `delta`, which is mounted no more, and puts those of OCI in. */
export async function writeWhiteouts(delta: string, removed: readonly string[]): Promise<void> {
  await dropMarks(delta);
  for (const path of removed) {
    const cut = path.lastIndexOf('/') + 1;
    const mark = join(delta, path.slice(0, cut), `.wh.${path.slice(cut)}`);
    await writeFile(mark, '', { mode: 0o644 });
    await lchown(mark, IDMAP.first, IDMAP.first);
  }
}

/** Overlay's mark of a removed file is a character device; an image brings no devices, so every one goes. */
async function dropMarks(folder: string): Promise<void> {
  for (const entry of await list(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await dropMarks(path);
    else if (entry.isCharacterDevice() || entry.isBlockDevice()) await rm(path);
  }
}

const byName = (entries: readonly Dirent[]): ReadonlyMap<string, Dirent> =>
  new Map(entries.map((entry) => [entry.name, entry]));

async function list(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

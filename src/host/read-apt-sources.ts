/** Reads apt's sources of this machine. */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseAptSources } from './apt-sources.ts';
import type { AptSource } from './apt-sources.ts';

/** apt's sources of binary packages on this machine, in the order apt reads them; files that cannot be read count as empty. */
export async function readAptSources(directory = '/etc/apt'): Promise<readonly AptSource[]> {
  const parts = path.join(directory, 'sources.list.d');
  const names = (await readdir(parts).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name)).sort();
  const files = [path.join(directory, 'sources.list'), ...names.map((name) => path.join(parts, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text, i) => parseAptSources(text, files[i]?.endsWith('.sources') ? 'deb822' : 'list'));
}

/** The text of a list that a `mirror+file:` source names; undefined when it cannot be read. */
export function readMirrorList(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

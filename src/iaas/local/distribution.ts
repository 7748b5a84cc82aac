/** What the operator's machine runs, read from its files. */
import { readFileSync } from 'node:fs';
import { readFile, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { SourcesFile } from './apt-sources.ts';

export interface Distribution {
  readonly family: 'debian' | 'ubuntu';
  /** Its suite: `bookworm`. */
  readonly codename: string;
}

const SCRIPTS = '/usr/share/debootstrap/scripts';

/** Reads /etc/os-release; undefined on a machine that is neither Debian nor Ubuntu. */
export async function readDistribution(file = '/etc/os-release'): Promise<Distribution | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1];
  const codename = field('VERSION_CODENAME');
  const family = field('ID');
  if ((family !== 'debian' && family !== 'ubuntu') || codename === undefined || codename === '') return undefined;
  return { family, codename };
}

/** Whose suite a name is: debootstrap's scripts of a family all point to one. A name it does not know is taken for the machine's. */
export async function suiteFamily(suite: string, distribution: Distribution): Promise<Distribution['family']> {
  const script = await realpath(path.join(SCRIPTS, suite)).catch(() => '');
  if (path.basename(script) === 'gutsy') return 'ubuntu';
  return ['sid', 'debian-common'].includes(path.basename(script)) ? 'debian' : distribution.family;
}

/** apt's lists of sources on this machine. */
export async function readAptSources(directory = '/etc/apt'): Promise<readonly SourcesFile[]> {
  const parts = path.join(directory, 'sources.list.d');
  const names = (await readdir(parts).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name)).sort();
  const files = [path.join(directory, 'sources.list'), ...names.map((name) => path.join(parts, name))];
  return Promise.all(files.map(async (name) => ({ name, text: await readFile(name, 'utf8').catch(() => '') })));
}

/** The text of a list that a `mirror+file:` source names. */
export function readMirrorList(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

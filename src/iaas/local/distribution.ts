/** What the operator's machine runs, read from its files. */
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';

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

/** The folder of one build, and the sweeping of what builds that were killed left behind. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasEnded, ownIdentity } from '../../host/process-identity.ts';
import type { ProcessIdentity } from '../../host/process-identity.ts';

export interface Workspace {
  /** Name of the build's container: `stratos-build-<id>`. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Removes everything. */
  close(): Promise<void>;
}

const PREFIX = 'stratos-build-';

/** Makes a folder for a build under `<cache>/work`, after removing those whose builder is dead. */
export async function openWorkspace(cache: string): Promise<Workspace> {
  const parent = join(cache, 'work');
  await mkdir(parent, { recursive: true });
  await sweepWorkspaces(parent);
  const name = `${PREFIX}${randomBytes(6).toString('hex')}`;
  const folder = join(parent, name);
  // The machine's settings in it may hold the password of a proxy.
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'owner'), JSON.stringify(await ownIdentity()));
  return {
    name,
    folder,
    close: () => discard(folder, name),
  };
}

async function sweepWorkspaces(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(parent, name);
    const owner = await readOwner(folder);
    // A builder that is just starting has made its folder and not yet its owner file: it is younger than this.
    if (await (owner ? hasEnded(owner) : isOld(folder))) await discard(folder, name);
  }
}

async function readOwner(folder: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'owner'), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

async function isOld(folder: string): Promise<boolean> {
  const info = await stat(folder).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > 60_000;
}

/** Its mounts were in a mount namespace that ended with its processes; only folders and empty cgroups are left. */
async function discard(folder: string, name: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  const root = '/sys/fs/cgroup';
  const hierarchies = ['.', ...(await readdir(root).catch(() => []))];
  for (const hierarchy of hierarchies) {
    for (const kind of ['payload', 'monitor']) await dropCgroup(join(root, hierarchy, `lxc.${kind}.${name}`));
  }
}

/** Children first; a cgroup with a process in it stays. */
async function dropCgroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await dropCgroup(join(path, entry.name));
  await rmdir(path).catch(() => undefined);
}

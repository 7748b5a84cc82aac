/** Removing a VM from the disk, with everything that could still hang on it. */
import { readFile, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import { tryRun } from './run.ts';

/**
 * Removes a directory tree of ours. Mounts in it are taken down first, deepest first, and `rm` does not cross one that
 * stayed, so that nothing outside is touched.
 * @throws IaasError unavailable when something of it cannot be removed
 */
export async function removeTree(iaas: string, directory: string): Promise<void> {
  for (const mount of (await mountsBelow(directory)).reverse()) await tryRun(iaas, 'umount', ['--lazy', mount]);
  const result = await tryRun(iaas, 'rm', ['-rf', '--one-file-system', '--', directory]);
  if (result.status !== 0) {
    throw new IaasError(
      iaas,
      'unavailable',
      `Cannot remove ${directory} as rm stopped: ${result.all.split('\n')[0] ?? ''}`,
      {
        hint: `findmnt --list | grep ${directory}`,
      },
    );
  }
}

/** Removes control groups that a killed container left behind; those of a running one cannot be removed. */
export async function removeCgroups(container: string): Promise<void> {
  const hierarchies = await readdir('/sys/fs/cgroup', { withFileTypes: true }).catch(() => []);
  const roots = [
    '/sys/fs/cgroup',
    ...hierarchies.filter((entry) => entry.isDirectory()).map((entry) => path.join('/sys/fs/cgroup', entry.name)),
  ];
  for (const root of roots) {
    for (const name of [`lxc.payload.${container}`, `lxc.monitor.${container}`])
      await removeCgroup(path.join(root, name));
  }
}

async function removeCgroup(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return;
  for (const entry of entries) if (entry.isDirectory()) await removeCgroup(path.join(directory, entry.name));
  await rmdir(directory).catch(() => undefined);
}

async function mountsBelow(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8))),
    )
    .filter((mount) => mount.startsWith(`${directory}/`))
    .sort();
}

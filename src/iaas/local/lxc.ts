/** LXC on the operator's machine: start, stop, and who runs, read from the kernel without a program. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IaasError } from '../../model/errors.ts';
import type { RootLayout } from './layout.ts';
import { vmLayout } from './layout.ts';
import { lastLines, tryRun } from './run.ts';

/** How long a VM may take to halt before it is killed, in seconds. */
const HALT = 20;

/**
 * Says which containers of a directory have a monitor, and so run, from one read of the kernel's socket list: each monitor
 * listens on an abstract socket named for its container.
 */
export async function runningContainers(layout: RootLayout): Promise<(container: string) => boolean> {
  const sockets = new Set<string>();
  for (const match of (await readFile('/proc/net/unix', 'utf8')).matchAll(/ @(\S+\/command)$/gm))
    sockets.add(match[1] ?? '');
  return (container) => sockets.has(commandSocket(layout.vms, container));
}

/** The socket's name as LXC forms it: the path, or its hash where that is too long for a socket address. */
export function commandSocket(lxcPath: string, container: string): string {
  const whole = `${lxcPath}/${container}/command`;
  return Buffer.byteLength(whole) < 106 ? whole : `lxc/${fnv1a(`${lxcPath}/${container}`)}/command`;
}

/** Starts a container in the background; returns when its init runs. @throws IaasError unavailable with the end of LXC's log */
export async function startContainer(iaas: string, layout: RootLayout, container: string): Promise<void> {
  const { log } = vmLayout(layout, container);
  const args = ['-P', layout.vms, '-n', container, '-d', '-o', log, '-l', 'WARN'];
  const result = await tryRun(iaas, 'lxc-start', args);
  if (result.status === 0) return;
  const said = (await readFile(log, 'utf8').catch(() => '')) || result.all;
  throw new IaasError(iaas, 'unavailable', `Cannot start VM ${container} as LXC refuses: ${lastLines(said, 4)}`, {
    hint: `tail ${log}`,
  });
}

/** Ends a container: asked to halt first, or at once. No effect on one that does not run. */
export async function stopContainer(
  iaas: string,
  layout: RootLayout,
  container: string,
  how: 'halt' | 'kill',
): Promise<void> {
  if (!(await runningContainers(layout))(container)) return;
  await thawInside(container);
  const mode = how === 'kill' ? ['-k'] : ['-t', String(HALT)];
  await tryRun(iaas, 'lxc-stop', ['-P', layout.vms, '-n', container, ...mode]);
  // The monitor cleans up cgroups and cables after its init has ended.
  for (let attempt = 0; attempt < 400; attempt++) {
    if (!(await runningContainers(layout))(container)) return;
    await sleep(25);
  }
  throw new IaasError(iaas, 'unavailable', `Cannot stop VM ${container} as its container still runs after 10 s`, {
    hint: `lxc-stop -k -P ${layout.vms} -n ${container}`,
  });
}

/**
 * Thaws the containers in a container: with cgroups of version 1 what is frozen cannot be killed, and the machine around it would
 * never end.
 */
export async function thawInside(container: string): Promise<void> {
  const group = `/sys/fs/cgroup/freezer/lxc.payload.${container}`;
  const inner = await readdir(group).catch(() => []);
  await Promise.all(
    inner
      .filter((name) => name.startsWith('lxc.payload.'))
      .map((name) => writeFile(path.join(group, name, 'freezer.state'), 'THAWED').catch(() => undefined)),
  );
}

/** FNV-1a of 64 bits in hex, as LXC uses it. */
function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}

/** The throw-away container of one build: an overlay on the base, unprivileged, with this machine's network. */
import { execa } from 'execa';
import { chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IDMAP } from '../../lxc/layout.ts';
import { InterruptedError, StoreError } from '../../model/errors.ts';
import rootScript from '../scripts/build-root.sh';
import { MACHINE_MOUNT } from './machine-settings.ts';
import type { MachineSettings } from './machine-settings.ts';
import { PLAIN_ENV, runTool } from './run-tool.ts';
import type { Workspace } from './workspace.ts';

export interface BuildContainerOptions {
  readonly workspace: Workspace;
  /** Unpacked root file system below. */
  readonly lower: string;
  /** Undefined: nothing will be run, only files are changed. */
  readonly settings: MachineSettings | undefined;
  /** Environment of commands, beside that of the machine's settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly onOutput: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

export interface BuildContainer {
  /** The root file system as the container sees it, through this machine. Links in it are not to be followed. */
  readonly merged: string;
  /** What changed, while the container is there and after. */
  readonly delta: string;
  /** Runs a shell command as root in the container. @throws StoreError with its last lines */
  run(title: string, command: string): Promise<void>;
  /** Ends it; the changes stay. */
  stop(): Promise<void>;
}

/** The process that has the mounts. */
type Holder = PromiseLike<{ readonly all: string }> & { readonly kill: (signal: 'SIGKILL') => boolean };

/** Where the build's mounts have its root file system and its settings: `scripts/build-root.sh`. */
const INSIDE = '/var/lib/lxc';
const LXC_CONFIG = [
  'lxc.include = /usr/share/lxc/config/common.conf',
  'lxc.include = /usr/share/lxc/config/userns.conf',
  'lxc.uts.name = build',
  `lxc.rootfs.path = dir:${INSIDE}/root`,
  `lxc.idmap = u 0 ${String(IDMAP.first)} ${String(IDMAP.count)}`,
  `lxc.idmap = g 0 ${String(IDMAP.first)} ${String(IDMAP.count)}`,
  'lxc.net.0.type = none',
  'lxc.apparmor.profile = unconfined',
  'lxc.mount.auto =',
  'lxc.mount.auto = proc:mixed',
  'lxc.mount.entry = tmpfs run tmpfs rw,mode=755,create=dir 0 0',
  `lxc.mount.entry = ${INSIDE}/machine ${MACHINE_MOUNT.slice(1)} none bind,ro,create=dir 0 0`,
  `lxc.mount.entry = ${INSIDE}/machine/resolv.conf etc/resolv.conf none bind,ro,create=file 0 0`,
  `lxc.mount.entry = ${INSIDE}/machine/hosts etc/hosts none bind,ro,create=file 0 0`,
  `lxc.init.cmd = /bin/sh ${MACHINE_MOUNT}/init`,
  '',
].join('\n');

/** How long a build container may take until it runs, in ms. */
const PATIENCE = 20_000;

/** Mounts the overlay and starts the container. @throws StoreError, InterruptedError */
export async function startBuildContainer(options: BuildContainerOptions): Promise<BuildContainer> {
  const { workspace, settings, signal } = options;
  const { folder, name } = workspace;
  await mkdir(join(folder, 'machine'), { recursive: true });
  for (const part of ['delta', 'work']) {
    await mkdir(join(folder, part));
    await chown(join(folder, part), IDMAP.first, IDMAP.first);
  }
  await writeFile(join(folder, 'subid'), `root:${String(IDMAP.first)}:${String(IDMAP.count)}\n`);
  if (settings) {
    await writeFile(join(folder, 'config'), LXC_CONFIG);
    await writeFile(join(settings.folder, 'init'), 'while :; do sleep 3600; done\n');
  }
  const mode = settings ? 'container' : 'files';
  // Killed with this process; the container dies with its monitor, and the mounts with the last process in them.
  const args = ['--pdeathsig', 'KILL', 'unshare', '--mount', 'sh', '-c', rootScript, 'sh', folder, options.lower, mode];
  const holder = execa('setpriv', args, {
    env: PLAIN_ENV,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    ...(signal && { cancelSignal: signal }),
    forceKillAfterDelay: 1000,
  });
  await untilReady(holder, folder, name, settings !== undefined, signal);
  return {
    merged: join('/proc', String(holder.pid), 'root', INSIDE, 'root'),
    delta: join(folder, 'delta'),
    async run(title, command) {
      if (!settings) throw new StoreError(`Cannot ${title} as this build has no container`);
      await runTool('lxc-attach', ['-P', `${INSIDE}/build`, '-n', name, '--', 'sh', '-c', `cd / && ${command}`], {
        title,
        env: { ...PLAIN_ENV, ...settings.env, DEBIAN_FRONTEND: 'noninteractive', ...options.env },
        onLine: options.onOutput,
        signal,
      });
    },
    async stop() {
      holder.kill('SIGKILL');
      await holder;
      await untilUnmounted(name);
    },
  };
}

async function untilReady(
  holder: Holder,
  folder: string,
  name: string,
  container: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  const ended = holder.then(() => true);
  for (;;) {
    const mounted = (await stat(join(folder, 'ready')).catch(() => undefined)) !== undefined;
    if (mounted && (!container || (await isRunning(name)))) return;
    if (signal?.aborted === true)
      throw new InterruptedError('Cannot start the build container as the run was interrupted');
    if ((await Promise.race([ended, sleep(10, false)])) || Date.now() > deadline) {
      holder.kill('SIGKILL');
      const { all } = await holder;
      const log = await readFile(join(folder, 'lxc.log'), 'utf8').catch(() => '');
      const said = `${all}\n${log}`.trim().split('\n').slice(-8).join('\n    ');
      throw new StoreError(`Cannot start the build container as LXC refuses it\n    ${said}`, {
        hint: 'stratos doctor',
      });
    }
  }
}

/** Until its monitor answers, LXC says that there is no such container. */
async function isRunning(name: string): Promise<boolean> {
  const args = ['-P', `${INSIDE}/build`, '-n', name, '-sH'];
  const state = await runTool('lxc-info', args, { title: 'look for the container' }).catch((error: unknown) => {
    if (error instanceof StoreError) return '';
    throw error;
  });
  return state.trim() === 'RUNNING';
}

/** The container's processes are killed, not yet gone: its overlay must not be in use when the changes are read. */
async function untilUnmounted(name: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
    const tables = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')));
    if (!tables.some((table) => table.includes(`/${name}/`))) return;
    await sleep(20);
  }
}

/** Builds on this machine. */
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, ownIdentity } from '../../host/process-identity.ts';
import type { ProcessIdentity } from '../../host/process-identity.ts';
import { InterruptedError } from '../../model/errors.ts';
import type { Builder, Workspace } from './builder.ts';
import { missingTool, PLAIN_ENV, printable, runTool, tailOf } from './run-tool.ts';

/** Begins the names of build containers. */
export const BUILD_PREFIX = 'stratos-build-';

/** What is kept goes to `cache`. */
export function localBuilder(cache: string): Builder {
  return {
    cache,
    hidden: cache,
    open: () => openWorkspace(cache),
    async exec(title, argv, { onLine, onAnswer, signal } = {}) {
      const tail = tailOf(onLine);
      // Dies with this process, however this one ends; what it starts says so itself.
      const child = execa('setpriv', ['--pdeathsig', 'KILL', ...argv.map(String)], {
        env: PLAIN_ENV,
        extendEnv: false,
        stdin: 'ignore',
        stdout: function* (line: unknown) {
          onAnswer?.(String(line));
          yield String(line);
        },
        stderr: function* (line: unknown) {
          tail.take(printable(String(line)));
          yield String(line);
        },
        buffer: false,
        reject: false,
        ...(signal && { cancelSignal: signal }),
        forceKillAfterDelay: 2000,
      });
      child.stdout.resume();
      child.stderr.resume();
      const result = await child;
      if (signal?.aborted === true) throw new InterruptedError(`Cannot ${title} as the run was interrupted`);
      if (result.code === 'ENOENT') throw missingTool('setpriv', title);
      return { status: result.exitCode ?? 128, tail: tail.lines };
    },
    send: () => Promise.resolve(),
    read: (path) => readFrom(path),
    bring: (store, layers) => Promise.resolve(join(store.blobPath(layers[0]?.digest ?? ''), '..')),
    settings: async (_workspace, signal) => ({
      root: '/',
      aptDump: await runTool('apt-config', ['dump'], { title: 'read the settings of apt', signal }).catch(() => ''),
    }),
    async attach(argv) {
      const [file, ...args] = argv;
      const { exitCode } = await execa(file, args, { stdio: 'inherit', reject: false });
      return exitCode ?? 128;
    },
  };
}

/** Opened when it is first read, so that a file that is not there is told to the reader. */
async function* readFrom(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>;
}

/** Makes a folder for a build under `<cache>/work`, after removing those whose builder is dead. */
async function openWorkspace(cache: string): Promise<Workspace> {
  const parent = join(cache, 'work');
  await mkdir(parent, { recursive: true });
  await sweepWorkspaces(parent);
  const name = `${BUILD_PREFIX}${randomBytes(6).toString('hex')}`;
  const folder = join(parent, name);
  // The machine's settings in it may hold the password of a proxy.
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'owner'), JSON.stringify(await ownIdentity()));
  return { name, folder, local: folder, close: () => discard(folder, name) };
}

async function sweepWorkspaces(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(BUILD_PREFIX)) continue;
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
  // Something was mounted here, maybe by a step that was killed and is not quite gone.
  if (await stat(join(folder, 'delta')).catch(() => undefined)) await untilUnmounted(name);
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

async function untilUnmounted(name: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
    const tables = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')));
    if (!tables.some((table) => table.includes(`/${name}`))) return;
    await sleep(20);
  }
}

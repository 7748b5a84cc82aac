/** The base root file system of local VMs: built once for each recipe, shared by all projects of the machine, never changed. */
import { mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withKernelLock } from '../../host/kernel-lock.ts';
import { aptMirror } from '../../host/apt-sources.ts';
import { inOwnNamespaces } from '../../host/own-namespaces.ts';
import { readAptSources, readMirrorList } from '../../host/read-apt-sources.ts';
import { IaasError } from '../../model/errors.ts';
import { BASE_CONTENTS, baseKey, debootstrapArgs, type BaseRecipe } from './base-recipe.ts';
import { suiteFamily, type Distribution } from './distribution.ts';
import { lastLines, tryRun } from './run.ts';
import { isThere } from './is-there.ts';

export interface BaseRequest {
  readonly iaas: string;
  /** Directory of all bases. */
  readonly cache: string;
  /** Suite asked for; undefined: the machine's own. */
  readonly suite: string | undefined;
  /** What the machine itself runs. */
  readonly distribution: Distribution;
  readonly onStep: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Where a base is: its root file system, and the links of the VMs that stand on it. */
export interface Base {
  readonly rootfs: string;
  readonly users: string;
}

/**
 * Returns the base, building it first (about a minute) when this machine has none of this recipe. Of two runs at once one
 * builds and the other waits; a run that is killed leaves nothing that a later one would take for complete.
 * @throws IaasError unavailable with the end of debootstrap's log
 * @throws InterruptedError when `signal` aborts
 */
export async function ensureBase(request: BaseRequest): Promise<Base> {
  const recipe = await recipeFor(request);
  const key = baseKey(recipe);
  const directory = path.join(request.cache, key);
  const base = { rootfs: path.join(directory, 'rootfs'), users: path.join(directory, 'users') };
  if (await isThere(directory)) return base;
  const onWait = (): void => {
    request.onStep('waiting for the base root file system, which is being built already');
  };
  await withKernelLock(
    path.join(request.cache, 'lock'),
    async () => {
      if (!(await isThere(directory))) await build(request, recipe, directory);
    },
    { signal: request.signal, onWait },
  );
  return base;
}

async function recipeFor(request: BaseRequest): Promise<BaseRecipe> {
  const suite = request.suite ?? request.distribution.codename;
  const arch = (await tryRun(request.iaas, 'dpkg', ['--print-architecture'])).stdout.trim();
  return { suite, arch, family: await suiteFamily(suite, request.distribution) };
}

/** To be called under the cache's lock. */
async function build(request: BaseRequest, recipe: BaseRecipe, directory: string): Promise<void> {
  // Nobody else builds now: whatever is unfinished is of a run that died.
  for (const name of await readdir(request.cache)) {
    if (name.startsWith('.building-')) await removeTree(request.iaas, path.join(request.cache, name));
  }
  const building = path.join(request.cache, `.building-${path.basename(directory)}`);
  const rootfs = path.join(building, 'rootfs');
  await mkdir(rootfs, { recursive: true });
  await mkdir(path.join(building, 'users'));
  try {
    await debootstrap(request, recipe, rootfs, building);
    await finish(rootfs);
    await writeFile(path.join(building, 'recipe.json'), `${JSON.stringify(recipe)}\n`);
    await rename(building, directory);
  } catch (error) {
    await removeTree(request.iaas, building);
    throw error;
  }
}

async function debootstrap(request: BaseRequest, recipe: BaseRecipe, rootfs: string, building: string): Promise<void> {
  request.onStep(`building the base root file system (${recipe.suite}, ${recipe.arch}); about a minute, once`);
  const ours = recipe.family === request.distribution.family;
  const mirror = ours ? aptMirror(await readAptSources(), request.distribution.codename, readMirrorList) : undefined;
  const said: string[] = [];
  let stage = '';
  // Not the way cartridges' bases are made (store/scripts/build-base.sh): those end as a slim layer for many containers, this
  // as a whole machine with systemd, lxc and sshd.
  const suite = [...debootstrapArgs(recipe), recipe.suite, rootfs, ...(mirror === undefined ? [] : [mirror])];
  const { file, args } = inOwnNamespaces(['debootstrap', ...suite]);
  const result = await tryRun(request.iaas, file, args, {
    signal: request.signal,
    env: { DEBIAN_FRONTEND: 'noninteractive', ...(await proxyEnvironment(request.iaas)) },
    onLine: (line) => {
      said.push(line);
      const next = stageOf(line);
      if (next === undefined || next === stage) return;
      stage = next;
      request.onStep(`base root file system: ${stage}`);
    },
  });
  if (result.status === 0) return;
  // Kept beside the place it would have had, for whoever looks.
  const log = path.join(request.cache, `${recipe.suite}-${recipe.arch}.log`);
  const inner = await readFile(path.join(rootfs, 'debootstrap', 'debootstrap.log'), 'utf8').catch(() => '');
  await writeFile(log, `${said.join('\n')}\n${inner}`);
  const reason = lastLines(said.filter((line) => /^[EW]:/.test(line)).join('\n') || result.all, 3);
  throw new IaasError(
    request.iaas,
    'unavailable',
    `Cannot build the base root file system of ${recipe.suite} in ${building} as debootstrap ended with status ${result.status}: ${reason}`,
    { hint: `tail ${log}` },
  );
}

/** What debootstrap does now; undefined for a line that does not tell. */
function stageOf(line: string): string | undefined {
  if (line.startsWith('I: Retrieving ')) return 'retrieving packages';
  if (line.startsWith('I: Extracting ')) return 'extracting packages';
  if (line.startsWith('I: Installing core')) return 'installing core packages';
  if (line.startsWith('I: Unpacking the base')) return 'unpacking packages';
  return line.startsWith('I: Configuring the base') ? 'configuring packages' : undefined;
}

/** Makes the tree a base: nothing in it that a VM must have of its own, nothing that starts by itself without need. */
async function finish(rootfs: string): Promise<void> {
  const { masked, enabled, files, removed, removedMatching } = BASE_CONTENTS;
  for (const file of removed) await rm(path.join(rootfs, file), { recursive: true, force: true });
  for (const { directory, pattern } of removedMatching) {
    const names = await readdir(path.join(rootfs, directory)).catch(() => []);
    for (const name of names.filter((entry) => pattern.test(entry))) {
      await rm(path.join(rootfs, directory, name), { recursive: true, force: true });
    }
  }
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(rootfs, file)), { recursive: true });
    await writeFile(path.join(rootfs, file), text);
  }
  for (const unit of masked) await link('/dev/null', path.join(rootfs, 'etc/systemd/system', unit));
  for (const unit of enabled) {
    const wants = path.join(rootfs, 'etc/systemd/system/multi-user.target.wants');
    await link(`/lib/systemd/system/${unit}`, path.join(wants, unit));
  }
  // A privileged container writes the machine's kernel settings: the distribution's stay out, drop-ins of the VM work.
  for (const name of await readdir(path.join(rootfs, 'usr/lib/sysctl.d')).catch(() => [])) {
    if (name.endsWith('.conf')) await link('/dev/null', path.join(rootfs, 'etc/sysctl.d', name));
  }
}

async function link(target: string, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await rm(file, { force: true });
  await symlink(target, file);
}

/** The proxy that apt uses on this machine. */
async function proxyEnvironment(iaas: string): Promise<Readonly<Record<string, string>>> {
  const result = await tryRun(iaas, 'apt-config', ['shell', 'proxy', 'Acquire::http::Proxy']).catch(() => undefined);
  const proxy = /^proxy='(https?:\/\/[^']+)'$/m.exec(result?.stdout ?? '')?.[1];
  return proxy === undefined ? {} : { http_proxy: proxy };
}

async function removeTree(iaas: string, directory: string): Promise<void> {
  await tryRun(iaas, 'rm', ['-rf', '--one-file-system', '--', directory]);
}

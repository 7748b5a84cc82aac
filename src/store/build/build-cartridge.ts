/**
 * Builds a cartridge image from its directory: the base's layers and one layer of what packages, files and commands change.
 * The same inputs give the image that is there already.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { getuid } from 'node:process';
import { readCartridgeFile } from '../../inventory/cartridge-file.ts';
import { IDMAP } from '../../lxc/layout.ts';
import { HostError } from '../../model/errors.ts';
import type { Image } from '../../model/image.ts';
import type { CartridgeFile } from '../cartridge-file.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import type { OciConfig } from '../oci.ts';
import { ociArchitecture } from '../platform.ts';
import { parseName } from '../reference.ts';
import cleanScript from '../scripts/build-clean.sh';
import layerScript from '../scripts/layer-tar.sh';
import { provideBase, unpackBase } from './build-base.ts';
import type { Base } from './build-base.ts';
import { BUILD_CACHE } from './cache-folder.ts';
import { startBuildContainer } from './build-container.ts';
import type { BuildContainer } from './build-container.ts';
import { listCopies, placeCopies } from './copied-files.ts';
import type { CopiedFile } from './copied-files.ts';
import { imageConfig } from './image-config.ts';
import { machineSettings } from './machine-settings.ts';
import type { MachineSettings } from './machine-settings.ts';
import { makeLayer } from './make-layer.ts';
import { resolveInRoot } from './resolve-in-root.ts';
import { findRemoved, writeWhiteouts } from './whiteouts.ts';
import { openWorkspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

export interface BuildOptions {
  readonly store: DirectoryStore;
  /** Default {@link BUILD_CACHE}. */
  readonly cache?: string;
  /** `name:tag` or a tag alone; default the cartridge file's name and version. */
  readonly tag?: string;
  /** What is being done. */
  readonly onStep?: (message: string) => void;
  /** Lines that the tools of the build print. */
  readonly onOutput?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Builds again, base included. */
  readonly noCache?: boolean;
  /** The operator's environment: the proxy settings in it are used for the time of the build. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface BuildResult {
  readonly image: Image;
  /** `name:tag`. */
  readonly reference: string;
  readonly ms: number;
  /** Nothing had to be built. */
  readonly cached: boolean;
}

/**
 * Builds the cartridge in `directory`, adds it to the store and names it. Runs in a container that is gone afterwards, also
 * after a failure; what a killed build left is removed by the next one.
 * @throws HostError when not root or a tool is missing
 * @throws InvalidSpecError for a wrong cartridge file; NotFoundError for a file or base that is not there
 * @throws StoreError with the last lines of a command that failed; InterruptedError
 */
export async function buildCartridge(directory: string, options: BuildOptions): Promise<BuildResult> {
  const started = performance.now();
  const { store, signal } = options;
  const cache = resolve(options.cache ?? BUILD_CACHE);
  const home = resolve(directory);
  const onStep = options.onStep ?? (() => undefined);
  const onOutput = options.onOutput ?? (() => undefined);
  const file = await readCartridgeFile(home);
  const reference = nameOf(file, options.tag);
  const copies = await listCopies(home, file.files);
  if (getuid?.() !== 0) {
    throw new HostError('Cannot build a cartridge as only root can make containers here', {
      hint: `sudo stratos cartridge build ${directory}`,
    });
  }
  const workspace = await openWorkspace(cache);
  try {
    const settings = once(() => machineSettings(join(workspace.folder, 'machine'), suiteOf(file), options.env ?? {}));
    const noCache = options.noCache === true;
    const common = { store, cache, signal, onStep, onOutput };
    const base = await provideBase(file.from, { ...common, directory: home, settings, noCache });
    const record = join(cache, 'built', `${buildKey(file, copies, base)}.json`);
    const known = noCache ? undefined : await adoptKnown(record, store, reference);
    if (known) return { image: known, reference, ms: performance.now() - started, cached: true };

    const lower = await unpackBase(base.layers, common);
    const layer = await changesLayer({ file, copies, base, lower, workspace, settings, onStep, onOutput, signal });
    onStep('adding the image to the store');
    const layers = layer ? [...base.layers, layer.layer] : base.layers;
    if (layer) await store.addBlobFile(layer.path, layer.layer.digest);
    const image = await addOnce(store, reference, layers, imageConfig(file, base, layer !== undefined));
    await mkdir(join(cache, 'built'), { recursive: true });
    await writeFile(record, JSON.stringify({ digest: image.digest }));
    return { image, reference, ms: performance.now() - started, cached: false };
  } finally {
    await workspace.close();
  }
}

/** The name an image gets: a tag alone replaces the version. */
function nameOf(file: CartridgeFile, tag: string | undefined): string {
  if (tag === undefined) return parseName(`${file.name}:${file.version}`);
  return parseName(tag.includes(':') ? tag : `${file.name}:${tag}`);
}

/** Release whose packages are installed; undefined where only the base can know. */
function suiteOf({ from }: CartridgeFile): string | undefined {
  return from.kind === 'debootstrap' ? from.suite : undefined;
}

/** Everything that decides what comes out. */
function buildKey(file: CartridgeFile, copies: readonly CopiedFile[], base: Base): string {
  const { from: _, files: __, ...rest } = file;
  const content = copies.map(({ source: ___, ...copy }) => copy);
  const below = [base.layers.map((layer) => layer.diffId), base.config];
  return createHash('sha256')
    .update(JSON.stringify([1, rest, content, below, ociArchitecture()]))
    .digest('hex');
}

/** The image of an earlier build with the same inputs, if the store still has all of it. */
async function adoptKnown(record: string, store: DirectoryStore, reference: string): Promise<Image | undefined> {
  try {
    const { digest } = JSON.parse(await readFile(record, 'utf8')) as { digest: string };
    const current = await store.find(reference);
    const image = current?.digest === digest ? current : await store.adopt(reference, digest);
    return (await isWhole(store, image)) ? image : undefined;
  } catch {
    return undefined;
  }
}

async function isWhole(store: DirectoryStore, image: Image): Promise<boolean> {
  const sizes = await Promise.all(image.layers.map((layer) => store.blobSize(layer.digest)));
  return sizes.every((size, i) => size === image.layers[i]?.size);
}

interface ChangeOptions {
  readonly file: CartridgeFile;
  readonly copies: readonly CopiedFile[];
  readonly base: Base;
  readonly lower: string;
  readonly workspace: Workspace;
  readonly settings: () => Promise<MachineSettings>;
  readonly onStep: (message: string) => void;
  readonly onOutput: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Runs what the cartridge file says on top of the base and packs what changed; undefined when nothing is to be done. */
async function changesLayer(
  options: ChangeOptions,
): Promise<{ readonly layer: NewLayer; readonly path: string } | undefined> {
  const { file, copies, base, lower, workspace, onStep, signal } = options;
  const commands = file.packages.length + file.run.length;
  if (commands + copies.length === 0) return undefined;
  const container = await startBuildContainer({
    workspace,
    lower,
    settings: commands > 0 ? await options.settings() : undefined,
    env: { ...base.config.env, ...file.env },
    onOutput: options.onOutput,
    signal,
  });
  let removed: readonly string[];
  try {
    if (file.packages.length > 0) await installPackages(container, file.packages, onStep);
    if (copies.length > 0) {
      onStep(`copying ${String(copies.length)} files`);
      await placeCopies(container.merged, copies);
    }
    for (const command of file.run) {
      onStep(`running ${command.split('\n')[0] ?? ''}`);
      await container.run(`run "${command.trim()}"`, `set -e; ${command}`);
    }
    if (commands > 0) await container.run('clean up', cleanScript);
    removed = await findRemoved(lower, container.delta, container.merged);
  } finally {
    await container.stop();
  }
  onStep('packing the layer');
  await dropMountPoints(lower, container.delta);
  await writeWhiteouts(container.delta, removed);
  const path = join(workspace.folder, 'layer');
  const args = [container.delta, IDMAP.first, IDMAP.count, base.epoch, join(workspace.folder, 'subid')].map(String);
  const tar = { file: 'unshare', args: ['--mount', 'sh', '-c', layerScript, 'sh', ...args] };
  return { layer: await makeLayer({ title: 'pack the layer', ...tar, signal }, path), path };
}

async function installPackages(
  container: BuildContainer,
  packages: readonly string[],
  onStep: (message: string) => void,
): Promise<void> {
  onStep(`installing ${packages.join(' ')}`);
  // No service may start in a build: 101 says "forbidden by policy".
  const policy = await resolveInRoot(container.merged, '/usr/sbin/policy-rc.d');
  const had = await stat(policy).catch(() => undefined);
  if (!had) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  await container.run('read the package lists', 'apt-get -q update');
  await container.run('install packages', `apt-get -q -y --no-install-recommends install ${packages.join(' ')}`);
  if (!had) await rm(policy, { force: true });
}

/** LXC makes files to mount on where there are none: empty, and no part of what was built. */
async function dropMountPoints(lower: string, delta: string): Promise<void> {
  for (const path of ['etc/resolv.conf', 'etc/hosts']) {
    const made = await stat(join(delta, path)).catch(() => undefined);
    const below = await stat(join(lower, path)).catch(() => undefined);
    if (made?.isFile() && made.size === 0 && !below) await rm(join(delta, path));
  }
}

/** An image that differs from the one of this name in nothing but its time of making is that one: nothing has to be replaced. */
async function addOnce(
  store: DirectoryStore,
  reference: string,
  layers: readonly NewLayer[],
  config: Omit<OciConfig, 'rootfs'>,
): Promise<Image> {
  const current = await store.find(reference).catch(() => undefined);
  if (current) {
    const { rootfs, ...known } = await store.config(current);
    const same =
      rootfs.diff_ids.join() === layers.map((layer) => layer.diffId).join() &&
      JSON.stringify({ ...known, created: '' }) === JSON.stringify({ ...config, created: '' });
    if (same && (await isWhole(store, current))) return current;
  }
  return store.addImage(reference, layers, config);
}

/** Does work at most once. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

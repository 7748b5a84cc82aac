/** What a cartridge stands on, as layers in the store and as an unpacked root file system in the cache. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inOwnNamespaces } from '../../host/own-namespaces.ts';
import { IDMAP } from '../../lxc/layout.ts';
import { NotFoundError, StoreError } from '../../model/errors.ts';
import type { CartridgeBase } from '../cartridge-file.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import { importLayer } from '../import-layer.ts';
import { compressionOf } from '../oci.ts';
import type { OciConfig, OciHistory } from '../oci.ts';
import { ociArchitecture } from '../platform.ts';
import { hexOf } from '../reference.ts';
import baseScript from '../scripts/build-base.sh';
import unpackScript from '../scripts/image-unpack.sh';
import type { MachineSettings } from './machine-settings.ts';
import { makeLayer } from './make-layer.ts';
import { runTool } from './run-tool.ts';

export interface Base {
  /** Lowest first; in the store. */
  readonly layers: readonly NewLayer[];
  readonly history: readonly OciHistory[];
  /** Newest time for files, in seconds: whatever is built on it gets no later one, so that the same input makes the same layer. */
  readonly epoch: number;
  /** What the image below says about how it runs. */
  readonly config: BaseConfig;
}

export interface BaseConfig {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workingDir: string;
  readonly ports: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface BaseOptions {
  readonly store: DirectoryStore;
  readonly cache: string;
  /** The cartridge's directory. */
  readonly directory: string;
  /** Collected when something has to be fetched. */
  readonly settings: () => Promise<MachineSettings>;
  readonly onStep: (message: string) => void;
  readonly onOutput: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly noCache: boolean;
}

/** Time of files where a base does not say: the first second of 2020. */
const EPOCH = 1_577_836_800;
const NO_CONFIG: BaseConfig = { argv: [], env: {}, user: '', workingDir: '/', ports: [], labels: {} };

/** Has the base's layers in the store. @throws NotFoundError, StoreError, HostError, InterruptedError */
export async function provideBase(base: CartridgeBase, options: BaseOptions): Promise<Base> {
  if (base.kind === 'cartridge') return imageBase(base.reference, options);
  if (base.kind === 'rootfs') {
    const layer = await importLayer(join(options.directory, base.file), options.store, {
      cache: options.cache,
      signal: options.signal,
    });
    return { layers: [layer], history: [{ created_by: `rootfs ${base.file}` }], epoch: EPOCH, config: NO_CONFIG };
  }
  const made = await cachedLayer(base, options);
  const name = base.kind === 'debootstrap' ? `debootstrap ${base.suite}` : `lxc template ${base.template}`;
  return { layers: [made.layer], history: [{ created_by: name }], epoch: made.epoch, config: NO_CONFIG };
}

async function imageBase(reference: string, { store }: BaseOptions): Promise<Base> {
  const image = await store.find(reference);
  if (!image) {
    throw new NotFoundError(`Cannot build on a cartridge that is not in the store: ${reference}`, {
      hint: 'stratos cartridge ls',
    });
  }
  const config = await store.config(image);
  const created = Date.parse(image.created ?? '') / 1000;
  return {
    layers: image.layers.map((layer) => ({ ...layer })),
    history: completeHistory(config, image.layers.length),
    epoch: Number.isFinite(created) ? Math.floor(created) : EPOCH,
    config: { ...image.run, labels: image.labels },
  };
}

/** A history must tell of each layer, or readers refuse the image: where it does not, a plain one takes its place. */
function completeHistory({ history = [] }: OciConfig, layers: number): readonly OciHistory[] {
  const told = history.filter((entry) => entry.empty_layer !== true).length;
  return told === layers ? history : Array.from({ length: layers }, () => ({ created_by: 'unknown' }));
}

interface CachedLayer {
  readonly layer: NewLayer;
  readonly epoch: number;
}

/** Makes the layer once for all cartridges that want the same. */
async function cachedLayer(
  base: Extract<CartridgeBase, { kind: 'debootstrap' | 'template' }>,
  options: BaseOptions,
): Promise<CachedLayer> {
  const { cache, store, onStep } = options;
  const key = createHash('sha256')
    .update(JSON.stringify([1, base, ociArchitecture(), baseScript]))
    .digest('hex');
  const folder = join(cache, 'bases', key);
  const file = join(folder, 'layer');
  const known = options.noCache ? undefined : await readRecord(join(folder, 'base.json'));
  if (known) {
    const here = await ensureBlob(store, known.layer, file);
    if (here) return known;
  }
  const name =
    base.kind === 'debootstrap' ? `Debian base ${base.suite}` : `base from the LXC template ${base.template}`;
  onStep(`making the ${name}`);
  await mkdir(join(cache, 'bases'), { recursive: true });
  const temporary = await mkdtemp(join(cache, 'bases', '.tmp-'));
  try {
    const made = await makeBase(base, join(temporary, 'layer'), temporary, options);
    await writeFile(join(temporary, 'base.json'), JSON.stringify(made));
    await rm(join(temporary, 'root'), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
    // Another build may have put the same there in this moment: its layer is as good.
    await rename(temporary, folder).catch(() => undefined);
    if (!(await ensureBlob(store, made.layer, file)))
      throw new StoreError(`Cannot keep the base layer in the cache: ${file}`);
    return made;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function makeBase(
  base: Extract<CartridgeBase, { kind: 'debootstrap' | 'template' }>,
  path: string,
  temporary: string,
  { settings, onOutput, signal }: BaseOptions,
): Promise<CachedLayer> {
  const machine = await settings();
  const root = join(temporary, 'root');
  await mkdir(root);
  const args =
    base.kind === 'debootstrap'
      ? [base.suite, base.variant ?? 'minbase', base.include.join(','), machine.mirror(base.suite) ?? '']
      : [base.template, ...base.args];
  let epoch = EPOCH;
  const layer = await makeLayer(
    {
      title: 'make the base',
      ...inOwnNamespaces(['sh', '-c', baseScript, 'sh', root, '', base.kind, ...args]),
      env: machine.proxyEnv,
      onLine: onOutput,
      onHead: (line) => {
        epoch = Number(line);
      },
      signal,
    },
    path,
  );
  return { layer, epoch };
}

async function readRecord(path: string): Promise<CachedLayer | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as CachedLayer;
  } catch {
    return undefined;
  }
}

/** Copies a cached layer into the store where it lacks it; false when the cache has lost or damaged it. */
async function ensureBlob(store: DirectoryStore, layer: NewLayer, file: string): Promise<boolean> {
  if ((await store.blobSize(layer.digest)) === layer.size) return true;
  try {
    await store.addBlob(createReadStream(file, { highWaterMark: 1 << 20 }), layer.digest);
    return true;
  } catch {
    return false;
  }
}

/** Unpacks layers of the store into the cache, ownership shifted, once; returns the root file system's path. */
export async function unpackBase(
  layers: readonly NewLayer[],
  { cache, store, signal, onStep }: Pick<BaseOptions, 'cache' | 'store' | 'signal' | 'onStep'>,
): Promise<string> {
  const chain = createHash('sha256')
    .update(layers.map((layer) => layer.diffId).join(' '))
    .digest('hex');
  const roots = join(cache, 'roots');
  const blobs = join(store.blobPath(`sha256:${chain}`), '..');
  const need = layers.reduce((sum, layer) => sum + (layer.unpackedSize ?? layer.size * 4), 0);
  const items = layers.map((layer) => `${compressionOf(layer.mediaType) ?? 'tar'}=${hexOf(layer.digest)}`);
  const args = [blobs, roots, chain, 'rootfs', IDMAP.first, IDMAP.count, need, cache].map(String);
  await runTool('sh', ['-c', unpackScript, 'sh', ...args, ...items], {
    title: 'unpack the base',
    signal,
    onLine: (line) => {
      if (line.includes('unpacked')) onStep('unpacked the base');
    },
  });
  return join(roots, chain, 'rootfs');
}

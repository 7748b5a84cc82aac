/** Images from files of others: a root file system tar, an OCI archive, or what `docker save` writes. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { StoreError, UsageError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import { readDockerArchive, takeDockerLayers } from './archive/docker-archive.ts';
import { BUILD_CACHE } from './build/cache-folder.ts';
import { runTool } from './build/run-tool.ts';
import { verifyDiffId } from './diff-id.ts';
import { directoryStore } from './directory-store.ts';
import type { DirectoryStore } from './directory-store.ts';
import { importLayer, readableTar } from './import-layer.ts';
import { compressionOf } from './oci.ts';
import type { OciConfig } from './oci.ts';
import { ociArchitecture } from './platform.ts';
import { parseName } from './reference.ts';

export interface ImportOptions {
  readonly store: DirectoryStore;
  /** `name:tag` the image gets; without it, each image of an archive gets the names it has there. */
  readonly reference?: string;
  /** Where it is unpacked on the way; default the build cache. */
  readonly cache?: string;
  /** How the image runs; each replaces what the file says, where it says something. */
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly ports?: readonly number[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly onStep?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** {@link importImages} of one image, under the name it is given. @throws NotFoundError, StoreError */
export async function importImage(
  file: string,
  options: ImportOptions & { readonly reference: string },
): Promise<Image> {
  const [image] = await importImages(file, options);
  if (!image) throw new StoreError(`Cannot import the archive as it has no image: ${file}`);
  return image;
}

/**
 * Adds the image in `file` to the store, or, without a name for it, all that have names there; every digest is checked. Archives
 * may be compressed by gzip, zstd or xz.
 * @throws NotFoundError when there is no such file, UsageError when a name is needed, StoreError when it is damaged or no image
 */
export async function importImages(file: string, options: ImportOptions): Promise<readonly Image[]> {
  const path = resolve(file);
  const reference = options.reference === undefined ? undefined : parseName(options.reference);
  const { signal } = options;
  const cache = resolve(options.cache ?? BUILD_CACHE);
  const { expand, names } = await readableTar(path, signal);
  const isLayout = names.has('oci-layout') && names.has('index.json');
  const isDocker = names.has('manifest.json') && !names.has('etc') && !names.has('usr');
  if (!isLayout && !isDocker) {
    if (reference === undefined)
      throw new UsageError(`Cannot import a root file system without a name for its image: ${path}`, {
        hint: `stratos cartridge import ${path} --tag NAME:TAG`,
      });
    options.onStep?.('importing a root file system');
    const layer = await importLayer(path, options.store, { cache, signal });
    // No time of making: the same file gives the same image, whenever and wherever it is imported.
    const config = { architecture: ociArchitecture(), os: 'linux' };
    const history = [{ created_by: 'stratos cartridge import' }];
    return [await options.store.addImage(reference, [layer], { ...config, ...runConfig({}, options), history })];
  }
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'import-'));
  try {
    options.onStep?.(isLayout ? 'reading an OCI archive' : 'reading a Docker archive');
    const unpack = '"$@" | tar -xf - -C "$0" --no-same-owner --no-same-permissions';
    await runTool('bash', ['-o', 'pipefail', '-c', unpack, folder, ...expand], { title: `import ${path}`, signal });
    return await (isLayout ? adoptLayout : adoptDocker)(folder, path, reference, { ...options, cache });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies images of a layout on disk into the store. */
async function adoptLayout(
  folder: string,
  path: string,
  reference: string | undefined,
  options: ImportOptions,
): Promise<readonly Image[]> {
  const source = directoryStore(folder);
  if (reference !== undefined) {
    const digest = await chooseImage(folder, path, reference, source);
    return [await adoptImage(source, digest, path, reference, options)];
  }
  const entries = await source.list();
  if (entries.length === 0) throw nameNeeded(path);
  const images: Image[] = [];
  for (const entry of entries) images.push(await adoptImage(source, entry.digest, path, entry.reference, options));
  return images;
}

function nameNeeded(path: string): UsageError {
  return new UsageError(`Cannot import the archive without a name as its images have none: ${path}`, {
    hint: `stratos cartridge import ${path} --tag NAME:TAG`,
  });
}

/** Adds images that `docker save` wrote. */
async function adoptDocker(
  folder: string,
  path: string,
  reference: string | undefined,
  options: ImportOptions & { readonly cache: string },
): Promise<readonly Image[]> {
  const { store, cache, signal } = options;
  const all = await readDockerArchive(folder, path);
  const named = all.find(({ references }) => reference !== undefined && references.includes(reference));
  const chosen = reference === undefined ? all : [named ?? all[0]].filter((image) => image !== undefined);
  if (reference !== undefined && !named && all.length > 1)
    throw several(
      path,
      all.length,
      all.flatMap((image) => image.references),
    );
  const images: Image[] = [];
  for (const image of chosen) {
    const names = reference === undefined ? image.references : [reference];
    if (names.length === 0) throw nameNeeded(path);
    const layers = await takeDockerLayers(image, store, { cache, path, signal });
    const { rootfs: _, ...config } = image.config;
    for (const name of names)
      images.push(await store.addImage(name, layers, { ...config, ...runConfig(config, options) }));
  }
  return images;
}

/** Copies one image of a layout into the store. */
async function adoptImage(
  source: DirectoryStore,
  digest: string,
  path: string,
  reference: string,
  options: ImportOptions,
): Promise<Image> {
  const image = await source.find(digest);
  if (!image) throw new StoreError(`Cannot import the archive as its index names an image that is not in it: ${path}`);
  const { store } = options;
  for (const layer of image.layers) {
    await verifyDiffId(source.blobPath(layer.digest), compressionOf(layer.mediaType) ?? 'tar', layer.diffId);
    options.onStep?.(`adding layer ${layer.digest}`);
    await store.addBlob(createReadStream(source.blobPath(layer.digest), { highWaterMark: 1 << 20 }), layer.digest);
    await store.noteTar(layer);
  }
  const { rootfs: _, ...config } = await source.config(image);
  const changed = (['entrypoint', 'cmd', 'env', 'user', 'workingDir', 'ports', 'labels'] as const).some(
    (key) => options[key] !== undefined,
  );
  if (changed) {
    const layers = image.layers.map((layer) => ({ ...layer }));
    return store.addImage(reference, layers, { ...config, ...runConfig(config, options) });
  }
  for (const blob of [image.config.digest, image.digest]) {
    await store.addBlob(createReadStream(source.blobPath(blob)), blob);
  }
  return store.adopt(reference, image.digest);
}

/** Digest of the only image, or of the one that has the name already. */
async function chooseImage(folder: string, path: string, reference: string, source: DirectoryStore): Promise<string> {
  const named = (await source.list()).find((entry) => entry.reference === reference);
  if (named) return named.digest;
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
  const digests = [...new Set(index.manifests.map((entry) => entry.digest))];
  if (digests.length === 1 && digests[0] !== undefined) return digests[0];
  const names = (await source.list()).map((entry) => entry.reference);
  throw several(path, digests.length, names);
}

function several(path: string, count: number, names: readonly string[]): StoreError {
  const which = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return new StoreError(`Cannot choose an image as the archive has ${String(count)}: ${path}${which}`, {
    hint: `stratos cartridge import ${path}`,
  });
}

function runConfig(below: Partial<OciConfig>, options: ImportOptions): Pick<OciConfig, 'config'> {
  const known = below.config ?? {};
  const env = options.env && Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  const replaced = new Set(Object.keys(options.env ?? {}));
  const kept = (known.Env ?? []).filter((entry) => !replaced.has(entry.split('=')[0] ?? ''));
  return {
    config: {
      ...known,
      ...(options.entrypoint && { Entrypoint: options.entrypoint, Cmd: options.cmd ?? [] }),
      ...(options.cmd && { Cmd: options.cmd }),
      ...(env && { Env: [...kept, ...env] }),
      ...(options.user !== undefined && { User: options.user }),
      ...(options.workingDir !== undefined && { WorkingDir: options.workingDir }),
      ...(options.ports && {
        ExposedPorts: Object.fromEntries(options.ports.map((port) => [`${String(port)}/tcp`, {}])),
      }),
      ...(options.labels && { Labels: { ...known.Labels, ...options.labels } }),
    },
  };
}

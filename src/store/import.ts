/** Images from files of others: a root file system tar, an OCI archive, or what `docker save` writes. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { StoreError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
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
  /** `name:tag` the image gets. */
  readonly reference: string;
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

/**
 * Adds the image in `file` to the store, every digest checked. Archives may be compressed by gzip, zstd or xz.
 * @throws NotFoundError when there is no such file, StoreError when it is damaged or no image, HostError without skopeo
 */
export async function importImage(file: string, options: ImportOptions): Promise<Image> {
  const path = resolve(file);
  const reference = parseName(options.reference);
  const { signal } = options;
  const cache = resolve(options.cache ?? BUILD_CACHE);
  const { expand, names } = await readableTar(path, signal);
  const isLayout = names.has('oci-layout') && names.has('index.json');
  const isDocker = names.has('manifest.json') && !names.has('etc') && !names.has('usr');
  if (!isLayout && !isDocker) {
    options.onStep?.('importing a root file system');
    const layer = await importLayer(path, options.store, { cache, signal });
    // No time of making: the same file gives the same image, whenever and wherever it is imported.
    const config = { architecture: ociArchitecture(), os: 'linux' };
    const history = [{ created_by: 'stratos cartridge import' }];
    return options.store.addImage(reference, [layer], { ...config, ...runConfig({}, options), history });
  }
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'import-'));
  try {
    if (isLayout) {
      options.onStep?.('reading an OCI archive');
      const unpack = '"$@" | tar -xf - -C "$0" --no-same-owner --no-same-permissions';
      await runTool('bash', ['-o', 'pipefail', '-c', unpack, folder, ...expand], { title: `import ${path}`, signal });
    } else {
      options.onStep?.('converting a Docker archive');
      await runTool('skopeo', ['--insecure-policy', 'copy', '-q', `docker-archive:${path}`, `oci:${folder}:image`], {
        title: `import ${path}`,
        signal,
      });
    }
    return await adoptLayout(folder, path, reference, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies the image of a layout on disk into the store. */
async function adoptLayout(folder: string, path: string, reference: string, options: ImportOptions): Promise<Image> {
  const source = directoryStore(folder);
  const digest = await chooseImage(folder, path, reference, source);
  const image = await source.find(digest);
  if (!image) throw new StoreError(`Cannot import the archive as its index names an image that is not in it: ${path}`);
  const { store } = options;
  for (const layer of image.layers) {
    await verifyDiffId(source.blobPath(layer.digest), compressionOf(layer.mediaType) ?? 'tar', layer.diffId);
    options.onStep?.(`adding layer ${layer.digest}`);
    await store.addBlob(createReadStream(source.blobPath(layer.digest), { highWaterMark: 1 << 20 }), layer.digest);
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
  const names = (await source.list()).map((entry) => entry.reference).join(', ');
  throw new StoreError(
    `Cannot choose an image as the archive has ${String(digests.length)}: ${path}${names === '' ? '' : ` (${names})`}`,
    { hint: `skopeo copy oci-archive:${path}:NAME oci-archive:one.tar` },
  );
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

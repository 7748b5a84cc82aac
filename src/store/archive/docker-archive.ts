/** Reading what `docker save` wrote, after it was unpacked into a folder. */
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join, sep } from 'node:path';
import { StoreError } from '../../model/errors.ts';
import { makeLayer } from '../build/make-layer.ts';
import type { DirectoryStore, NewLayer } from '../directory-store.ts';
import { tarCompression } from '../import-layer.ts';
import { parseConfig } from '../oci.ts';
import type { OciConfig } from '../oci.ts';

export interface DockerImage {
  /** `name:tag`, as the archive has them. */
  readonly references: readonly string[];
  readonly config: OciConfig;
  /** Paths of the layers, lowest first. */
  readonly files: readonly string[];
}

/** The images of an unpacked archive; `path` is for messages. @throws StoreError when it is none, or is damaged */
export async function readDockerArchive(folder: string, path: string): Promise<readonly DockerImage[]> {
  const inside = async (name: string): Promise<string> => {
    const home = await realpath(folder);
    const file = await realpath(join(home, name)).catch(() => undefined);
    if (file?.startsWith(`${home}${sep}`) !== true) throw broken(path, `it has no file ${JSON.stringify(name)}`);
    return file;
  };
  const text = await readFile(await inside('manifest.json'), 'utf8');
  const images = list(text, path).map(async ({ Config, RepoTags, Layers }): Promise<DockerImage> => {
    const config = parseConfig(await readFile(await inside(Config), 'utf8'), path);
    if (config.rootfs.diff_ids.length !== Layers.length) throw broken(path, 'it counts different layers');
    return { references: RepoTags ?? [], config, files: await Promise.all(Layers.map(inside)) };
  });
  return Promise.all(images);
}

/** Takes the layers into the store, compressed by zstd, each compared with what the configuration says of it. @throws StoreError */
export async function takeDockerLayers(
  { config, files }: DockerImage,
  store: DirectoryStore,
  options: { readonly cache: string; readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<readonly NewLayer[]> {
  await mkdir(options.cache, { recursive: true });
  const folder = await mkdtemp(join(options.cache, 'import-'));
  try {
    const layers: NewLayer[] = [];
    for (const [i, file] of files.entries()) {
      const gzipped = (await tarCompression(file)) === 'gzip';
      const source = { title: `read ${options.path}`, file: gzipped ? 'gzip' : 'cat', signal: options.signal };
      const target = join(folder, createHash('sha256').update(file).digest('hex'));
      const layer = await makeLayer({ ...source, args: [...(gzipped ? ['-dc'] : []), '--', file] }, target);
      if (layer.diffId !== config.rootfs.diff_ids[i])
        throw broken(options.path, `layer ${String(i + 1)} is not what its configuration says`);
      await store.addBlobFile(target, layer.digest);
      await store.noteTar(layer);
      layers.push(layer);
    }
    return layers;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Entry {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
}

function list(text: string, path: string): readonly Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(path, 'its manifest.json is not JSON', error);
  }
  const isText = (word: unknown): boolean => typeof word === 'string';
  const isEntry = (entry: Partial<Entry> | null): boolean =>
    isText(entry?.Config) && Array.isArray(entry?.Layers) && entry.Layers.every(isText);
  if (!Array.isArray(value) || !value.every(isEntry)) throw broken(path, 'its manifest.json lists no images');
  return value as readonly Entry[];
}

function broken(path: string, why: string, cause?: unknown): StoreError {
  return new StoreError(`Cannot import the archive as ${why}: ${path}`, { cause });
}

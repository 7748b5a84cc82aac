/** A root file system tar as a layer of the store. */
import { mkdtemp, open, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError, StoreError } from '../model/errors.ts';
import { makeLayer } from './build/make-layer.ts';
import { runTool } from './build/run-tool.ts';
import type { DirectoryStore, NewLayer } from './directory-store.ts';

const EXPAND = {
  tar: ['cat'],
  gzip: ['gzip', '-dc'],
  zstd: ['zstd', '-dcq'],
  xz: ['xz', '-dc'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export interface ImportLayerOptions {
  /** Where the layer is made before the store gets it. */
  readonly cache: string;
  readonly signal?: AbortSignal | undefined;
}

/** How a file is compressed, by its first bytes; undefined when it is no tar at all. */
export async function tarCompression(path: string): Promise<'tar' | 'gzip' | 'zstd' | 'xz' | undefined> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(512);
    const { bytesRead } = await file.read(head, 0, 512, 0);
    if (head.readUInt16BE(0) === 0x1f8b) return 'gzip';
    if (head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
    if (head.subarray(0, 6).toString('latin1') === '\u00fd7zXZ\0') return 'xz';
    return bytesRead === 512 && head.subarray(257, 262).toString('latin1') === 'ustar' ? 'tar' : undefined;
  } finally {
    await file.close();
  }
}

/** A tar that was read through once. */
export interface ReadableTar {
  /** Program and arguments that write the plain tar to standard output. */
  readonly expand: readonly [string, ...string[]];
  /** Names at its top, without a leading `./`. */
  readonly names: ReadonlySet<string>;
}

/** Reads a tar to its end, so that a cut or foreign file is refused here and not on a VM. @throws NotFoundError, StoreError */
export async function readableTar(path: string, signal: AbortSignal | undefined): Promise<ReadableTar> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) throw new NotFoundError(`Cannot import the file as it is not there: ${path}`);
  const kind = await tarCompression(path);
  if (!kind) {
    throw new StoreError(`Cannot import the file as it is no tar, gzip, zstd or xz file: ${path}`, {
      hint: `file ${path}`,
    });
  }
  const expand = [...EXPAND[kind], '--', path] as const;
  // Only names at the top are kept: a root file system may have a hundred thousand below.
  const script = '"$@" | tar -tf - --quoting-style=escape | sed -n -e "s,^\\./,," -e "/^[^/]*\\/*$/p"';
  const list = await runTool('bash', ['-o', 'pipefail', '-c', script, 'bash', ...expand], {
    title: `import ${path}`,
    signal,
  });
  return { expand, names: new Set(list.split('\n').map((name) => name.replace(/\/$/, ''))) };
}

/** Compresses a root file system tar anew and adds it. @throws NotFoundError, StoreError when it is no tar or is damaged */
export async function importLayer(path: string, store: DirectoryStore, options: ImportLayerOptions): Promise<NewLayer> {
  const { signal, cache } = options;
  const { expand } = await readableTar(path, signal);
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'import-'));
  try {
    const file = join(folder, 'layer');
    const [program, ...args] = expand;
    const layer = await makeLayer({ title: `read ${path}`, file: program, args, signal }, file);
    await store.addBlobFile(file, layer.digest);
    await store.noteTar(layer);
    return layer;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

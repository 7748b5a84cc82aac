/** What the tests of building and distributing share: a store and a cache that are gone afterwards, and small cartridges. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildCartridge } from '../../../src/store/build/build-cartridge.ts';
import type { BuildOptions, BuildResult } from '../../../src/store/build/build-cartridge.ts';
import { localBuilder } from '../../../src/store/build/local-builder.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';
import type { DirectoryStore } from '../../../src/store/directory-store.ts';
import { knownTars } from '../../../src/store/known-tars.ts';

export const run = promisify(execFile);

/** Cartridges that come with the program. */
export const FIXTURES = join(import.meta.dirname, '../../../fixtures/cartridges');

export interface StoreLab extends AsyncDisposable {
  readonly directory: string;
  readonly store: DirectoryStore;
  readonly cache: string;
  /** Writes a cartridge: its file and what it copies. */
  cartridge(name: string, yaml: string, files?: Readonly<Record<string, string>>): Promise<string>;
  build(directory: string, options?: Partial<BuildOptions>): Promise<BuildResult>;
}

/** Makes a lab on a real disk; `cache` shares a cache that stays, for bases that take long. */
export async function storeLab(cache?: string): Promise<StoreLab> {
  await mkdir('/var/cache/stratos', { recursive: true });
  const directory = await mkdtemp('/var/cache/stratos/test-store-');
  const store = directoryStore(join(directory, 'store'), knownTars(directory));
  const where = cache ?? join(directory, 'cache');
  return {
    directory,
    store,
    cache: where,
    async cartridge(name, yaml, files = {}) {
      const home = join(directory, name);
      for (const [path, content] of Object.entries({ 'cartridge.yaml': yaml, ...files })) {
        await mkdir(dirname(join(home, path)), { recursive: true });
        await writeFile(join(home, path), content);
      }
      return home;
    },
    build: (home, options = {}) =>
      buildCartridge(home, { store, builder: localBuilder(where), cache: where, env: process.env, ...options }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Names in a layer, as its tar has them. */
export async function layerNames(store: DirectoryStore, digest: string): Promise<readonly string[]> {
  const { stdout } = await run('sh', ['-c', 'zstd -dcq "$1" | tar -tf -', 'sh', store.blobPath(digest)]);
  return stdout.split('\n').filter((name) => name !== '');
}

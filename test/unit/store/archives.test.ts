import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneUseCase } from '../../../src/compose/prune-use-case.ts';
import type { Image } from '../../../src/model/image.ts';
import { exportDocker } from '../../../src/store/archive/export-docker.ts';
import { exportOci } from '../../../src/store/archive/export-oci.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';
import type { DirectoryStore } from '../../../src/store/directory-store.ts';
import { diffImages } from '../../../src/store/image-diff.ts';
import { importImages } from '../../../src/store/import.ts';
import { MEDIA } from '../../../src/store/oci.ts';
import { anInventory, aSpec, memoryInventory, someDeps } from '../../cli/support.ts';
import { tar } from '../../support/tar.ts';
import type { TarEntry } from '../../support/tar.ts';

const run = promisify(execFile);
let directory: string;
let store: DirectoryStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archives-'));
  store = directoryStore(join(directory, 'store'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** An image of layers that are written here, each plain. */
async function image(
  reference: string,
  layers: readonly (readonly TarEntry[])[],
  created = '2026-01-01T00:00:00Z',
): Promise<Image> {
  const made = layers.map(async (entries) => {
    const content = tar(entries);
    const blob = await store.addBlob(
      (async function* () {
        yield await Promise.resolve(content);
      })(),
    );
    return { mediaType: MEDIA.layer, ...blob, diffId: blob.digest };
  });
  const config = { architecture: 'amd64', os: 'linux', created, config: { Entrypoint: ['/bin/app'] } };
  return store.addImage(reference, await Promise.all(made), config);
}

const file = (name: string, content: string): TarEntry => ({ name, content });
const folder = (name: string): TarEntry => ({ name, type: '5' });
const BASE = [folder('etc/'), file('etc/name', 'one'), folder('data/'), file('data/a', 'aaa'), file('data/b', 'b')];

describe('exportOci', () => {
  it('writes images with each blob once, and import takes all of them under their names', async () => {
    const a = await image('a:1', [BASE]);
    const b = await image('team/b:2', [BASE, [file('etc/more', 'x')]]);
    const path = join(directory, 'bundle.tar.zst');
    await exportOci(
      store,
      [
        { image: a, references: ['a:1', 'a:stable'] },
        { image: b, references: ['team/b:2'] },
      ],
      path,
    );
    const { stdout } = await run('sh', ['-c', 'zstd -dcq "$1" | tar -tf -', 'sh', path]);
    const names = stdout.trim().split('\n');
    expect(new Set(names).size).toBe(names.length);
    // Two manifests, two configurations, two layers, of which one is in both.
    expect(names.filter((name) => name.startsWith('blobs/'))).toHaveLength(6);

    const other = directoryStore(join(directory, 'other'));
    await importImages(path, { store: other, cache: join(directory, 'cache') });
    expect(await other.list()).toEqual([
      { reference: 'a:1', digest: a.digest },
      { reference: 'a:stable', digest: a.digest },
      { reference: 'team/b:2', digest: b.digest },
    ]);
    const found = await other.find('team/b:2');
    if (found) await other.verify(found);
    expect(found?.layers).toEqual(b.layers);
  });

  it('writes the same archive each time, and leaves nothing when it fails', async () => {
    const a = await image('a:1', [BASE]);
    const paths = ['one.tar', 'two.tar'].map((name) => join(directory, name));
    for (const path of paths) await exportOci(store, [{ image: a, references: ['a:1'] }], path);
    await run('cmp', paths);
    await rm(store.blobPath(a.layers[0]?.digest ?? ''));
    await expect(exportOci(store, [{ image: a, references: [] }], join(directory, 'three.tar'))).rejects.toThrow(
      /ENOENT/,
    );
    expect((await readdir(directory)).sort()).toEqual(['one.tar', 'store', 'two.tar']);
  });

  it('compresses layers by gzip for tools of before zstd, and keeps what they unpack to', async () => {
    const a = await image('a:1', [BASE]);
    const path = join(directory, 'gzip.tar');
    await exportOci(store, [{ image: a, references: ['a:1'] }], path, { gzip: true });
    const other = directoryStore(join(directory, 'other'));
    const [again] = await importImages(path, { store: other, cache: join(directory, 'cache') });
    expect(again?.layers.map((layer) => layer.mediaType)).toEqual([MEDIA.layerGzip]);
    expect(again?.layers.map((layer) => layer.diffId)).toEqual(a.layers.map((layer) => layer.diffId));
    expect(again?.config.digest).toBe(a.config.digest);
    expect(await readdir(directory)).not.toContain('.export');
  });
});

describe('exportDocker', () => {
  it('writes what import reads again, names, layers and configuration', async () => {
    const a = await image('a:1', [BASE, [file('etc/more', 'x')]]);
    const path = join(directory, 'docker.tar.gz');
    await exportDocker(store, [{ image: a, references: ['a:1', 'a:2'] }], path);
    const other = directoryStore(join(directory, 'other'));
    await importImages(path, { store: other, cache: join(directory, 'cache') });
    expect((await other.list()).map(({ reference }) => reference)).toEqual(['a:1', 'a:2']);
    const again = await other.find('a:2');
    expect(again?.layers.map((layer) => layer.diffId)).toEqual(a.layers.map((layer) => layer.diffId));
    expect(again?.run).toEqual(a.run);
  });
});

describe('diffImages', () => {
  it('tells files and packages that were added, removed and changed, through marks of every kind', async () => {
    const dpkg = (...packages: readonly string[]): TarEntry =>
      file(
        'var/lib/dpkg/status',
        packages
          .map(
            (line) =>
              `Package: ${line.split('=')[0] ?? ''}\nStatus: install ok installed\nVersion: ${line.split('=')[1] ?? ''}\n`,
          )
          .join('\n'),
      );
    const a = await image('a:1', [
      [...BASE, folder('gone/'), file('gone/x', 'x'), file('kind', 'f'), dpkg('kept=1', 'old=2', 'up=1.0')],
    ]);
    const b = await image('b:1', [
      [...BASE, folder('gone/'), file('gone/x', 'x'), file('kind', 'f'), dpkg('kept=1')],
      [
        file('data/.wh..wh..opq', ''),
        file('data/c', 'cc'),
        file('.wh.gone', ''),
        file('etc/name', 'two!'),
        file('.wh.kind', ''),
      ],
      [
        folder('kind/'),
        { name: 'kind/link', type: '2', link: '../etc/name' },
        dpkg('kept=1', 'new=3', 'up=1.1'),
        { name: 'etc/again', type: '1', link: 'etc/name' },
      ],
    ]);
    const diff = await diffImages(store, a, b);
    expect(diff.files).toEqual([
      { path: 'data/a', change: 'removed', before: 3 },
      { path: 'data/b', change: 'removed', before: 1 },
      { path: 'data/c', change: 'added', after: 2 },
      { path: 'etc/again', change: 'added', after: 4 },
      { path: 'etc/name', change: 'changed', before: 3, after: 4 },
      { path: 'gone', change: 'removed', before: 0 },
      { path: 'gone/x', change: 'removed', before: 1 },
      { path: 'kind', change: 'changed', before: 1, after: 0 },
      { path: 'kind/link', change: 'added', after: 0 },
      expect.objectContaining({ path: 'var/lib/dpkg/status', change: 'changed' }),
    ]);
    expect(diff.packages).toEqual([
      { name: 'new', after: '3' },
      { name: 'old', before: '2' },
      { name: 'up', before: '1.0', after: '1.1' },
    ]);
    expect((await diffImages(store, a, a)).files).toEqual([]);
  });

  it('reads packages of Alpine', async () => {
    const apk = (version: string): TarEntry =>
      file('lib/apk/db/installed', `C:Q1\nP:musl\nV:${version}\n\nP:zlib\nV:1\n`);
    const [a, b] = [await image('a:1', [[apk('1.2.4-r1')]]), await image('b:1', [[apk('1.2.4-r2')]])];
    expect((await diffImages(store, a, b)).packages).toEqual([{ name: 'musl', before: '1.2.4-r1', after: '1.2.4-r2' }]);
  });
});

describe('pruneUseCase', () => {
  it('keeps what the spec, processes and the newest of a name need, and frees the rest', async () => {
    const spec = await image('php:8.2', [[file('spec', 's')]], '2020-01-01T00:00:00Z');
    const running = await image('php:old', [[file('running', 'r')]], '2020-01-02T00:00:00Z');
    await image('php:older', [[file('older', 'o')]], '2020-01-03T00:00:00Z');
    await image('php:newest', [[file('newest', 'n')]], '2026-01-01T00:00:00Z');
    await image('unused:1', [[file('unused', 'u')]]);
    const inventory = anInventory();
    const deps = someDeps({
      loadSpec: () => Promise.resolve(aSpec()),
      inventory: memoryInventory({
        ...inventory,
        processes: inventory.processes.map((process) => ({ ...process, image: running.digest })),
      }),
    });
    const tell = await pruneUseCase(deps, store, { keep: 1, dryRun: true });
    expect(tell).toMatchObject({ removed: ['php:older'], freed: 0 });
    expect(await store.list()).toHaveLength(5);
    const done = await pruneUseCase(deps, store, { keep: 0, dryRun: false });
    expect([...done.removed].sort()).toEqual(['php:newest', 'php:older', 'unused:1']);
    expect(done.freed).toBeGreaterThan(3000);
    expect(done.kept).toEqual([
      { reference: 'php:8.2', why: expect.stringContaining('of the spec') as string },
      { reference: 'php:old', why: 'process shop-1' },
    ]);
    for (const kept of [spec, running]) await store.verify(kept);
    expect(await readdir(join(store.directory, 'blobs/sha256'))).toHaveLength(6);
  });

  it('keeps the last revisions by their number, also where one went back to an older image', async () => {
    await image('revision/0a1b2c3d/shop:1', [[file('a', 'a')]], '2026-01-03T00:00:00Z');
    await image('revision/0a1b2c3d/shop:2', [[file('b', 'b')]], '2026-01-02T00:00:00Z');
    await image('revision/0a1b2c3d/shop:10', [[file('c', 'c')]], '2026-01-01T00:00:00Z');
    const deps = someDeps({ loadSpec: () => Promise.resolve(aSpec()), inventory: memoryInventory(anInventory()) });
    const { removed } = await pruneUseCase(deps, store, { keep: 2, dryRun: true });
    expect(removed).toEqual(['revision/0a1b2c3d/shop:1']);
  });

  it('leaves a name that moved since it was looked at', async () => {
    await image('a:1', [[file('a', 'a')]]);
    const [entry] = await store.list();
    const next = await image('a:1', [[file('b', 'b')]]);
    expect(entry && (await store.removeEntries([entry]))).toBe(0);
    expect((await store.find('a:1'))?.digest).toBe(next.digest);
  });
});

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCartridge } from '../../../src/store/build/build-cartridge.ts';
import { localBuilder } from '../../../src/store/build/local-builder.ts';
import { pruneBuilds } from '../../../src/store/build/prune-builds.ts';
import { exportDocker } from '../../../src/store/archive/export-docker.ts';
import { exportOci } from '../../../src/store/archive/export-oci.ts';
import { exportRootfs } from '../../../src/store/archive/export-rootfs.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';
import { importImage } from '../../../src/store/import.ts';
import { millis } from '../../../src/model/quantity.ts';
import { StoreError } from '../../../src/model/errors.ts';
import type { Image } from '../../../src/model/image.ts';
import { FIXTURES, run, storeLab } from './lab.ts';
import type { StoreLab } from './lab.ts';

let lab: StoreLab;
let image: Image;
beforeAll(async () => {
  lab = await storeLab();
  await lab.build(join(FIXTURES, 'static'));
  const yaml = `name: made\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["rm /www/index.html; echo hello > /www/hello; chown 33:44 /www/hello"]\n`;
  ({ image } = await lab.build(await lab.cartridge('made', yaml)));
});
afterAll(() => lab[Symbol.asyncDispose]());

const path = (name: string): string => join(lab.directory, name);

describe('an exported image', () => {
  it('is taken by skopeo, umoci and the oci template of LXC', async () => {
    const oci = path('made.oci.tar');
    await exportOci(lab.store, [{ image, references: ['made:1'] }], oci, { gzip: true });
    const inspected = await run('skopeo', ['inspect', `oci-archive:${oci}:made:1`]);
    expect(JSON.parse(inspected.stdout)).toHaveProperty('Layers');
    const layout = path('layout');
    await run('skopeo', ['--insecure-policy', 'copy', '-q', `oci-archive:${oci}:made:1`, `oci:${layout}:made`]);
    await run('umoci', ['unpack', '--image', `${layout}:made`, path('bundle')]);
    expect(await readFile(path('bundle/rootfs/www/hello'), 'utf8')).toBe('hello\n');
    await mkdir(path('lxc'));
    const url = `oci:${layout}:made`;
    await run('lxc-create', ['-P', path('lxc'), '-n', 'made', '-t', 'oci', '--', '-u', url, '--no-cache'], {
      env: process.env,
    });
    expect(await readFile(path('lxc/made/rootfs/www/hello'), 'utf8')).toBe('hello\n');
    await run('lxc-destroy', ['-P', path('lxc'), '-n', 'made']);
  });

  it('is taken by skopeo as what docker save writes, zstd layers and all', async () => {
    const docker = path('made.docker.tar');
    await exportDocker(lab.store, [{ image, references: ['made:1'] }], docker);
    const { stdout } = await run('skopeo', ['inspect', `docker-archive:${docker}:made:1`]);
    expect(JSON.parse(stdout)).toMatchObject({ Layers: image.layers.map((layer) => layer.diffId) });
  });

  it('comes back as the tar of one root file system, with owners and without what was removed', async () => {
    const tar = path('made.tar.gz');
    await exportRootfs(lab.store, image, tar, localBuilder(lab.cache));
    const { stdout } = await run('tar', ['--numeric-owner', '-tvzf', tar]);
    expect(stdout).toMatch(/33\/44 .* \.\/www\/hello/);
    expect(stdout).not.toContain('index.html');
    expect(stdout).not.toContain('.wh.');
    const again = await importImage(tar, {
      store: lab.store,
      reference: 'flat:1',
      cache: lab.cache,
      entrypoint: ['/bin/sh'],
    });
    expect(again.layers).toHaveLength(1);
  });
});

describe('a store that many work on', () => {
  it('takes builds and prunes side by side', { timeout: 120_000 }, async () => {
    const homes = await Promise.all(
      ['p1', 'p2', 'p3'].map((name) =>
        lab.cartridge(
          name,
          `name: ${name}\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["echo ${name} > /${name}", "sleep 0.3; echo 2 > /two"]\n`,
        ),
      ),
    );
    let building = true;
    const prune = async (): Promise<void> => {
      while (building) {
        const entries = await lab.store.list();
        await lab.store.removeEntries(entries.filter(({ reference }) => reference.startsWith('flat:')));
      }
    };
    const pruneCaches = async (): Promise<number> => {
      let count = 0;
      while (building)
        count += (await pruneBuilds(localBuilder(lab.cache), { unused: millis(0), dryRun: false })).count;
      return count;
    };
    const pruning = Promise.all([prune(), pruneCaches()]);
    const built = await Promise.all(homes.map((home) => lab.build(home)));
    building = false;
    await pruning;
    for (const one of built) await lab.store.verify(one.image);
    // What builds made goes when they are over, and the next makes again what it needs.
    await lab.build(homes[0] ?? '', { noCache: true });
    const caches = { unused: millis(0), dryRun: false };
    const told = await pruneBuilds(localBuilder(lab.cache), { ...caches, dryRun: true });
    expect(told.count).toBeGreaterThan(0);
    const gone = await pruneBuilds(localBuilder(lab.cache), caches);
    expect(gone.count).toBe(told.count);
    expect(gone.freed).toBeGreaterThan(0);
    expect(await pruneBuilds(localBuilder(lab.cache), caches)).toEqual({ count: 0, freed: 0 });
    await lab.store.verify((await lab.build(homes[1] ?? '', { noCache: true })).image);
  });

  it('has no half of an image when its disk is full', async () => {
    const small = path('small');
    await mkdir(small);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'small', small]);
    try {
      const store = directoryStore(join(small, 'store'));
      const yaml = 'name: big\nversion: 1\nfrom: { rootfs: root.tar }\nrun: ["head -c 4000000 /dev/urandom > /big"]\n';
      const home = await lab.cartridge('big', yaml);
      await exportRootfs(lab.store, image, join(home, 'root.tar'), localBuilder(lab.cache));
      const failure = await buildCartridge(home, { store, builder: localBuilder(lab.cache), cache: lab.cache }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(StoreError);
      expect((failure as Error).message).toMatch(/full|no space/i);
      expect(await store.list()).toEqual([]);
      const { stdout } = await run('sh', ['-c', 'find "$1" -name ".tmp*" -o -name "*.part"', 'sh', small]);
      expect(stdout).toBe('');
    } finally {
      await run('umount', [small]);
      await rm(small, { recursive: true });
    }
    await writeFile(path('still-here'), '');
  });
});

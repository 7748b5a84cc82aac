import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotFoundError, StoreError } from '../../../src/model/errors.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';
import type { DirectoryStore } from '../../../src/store/directory-store.ts';
import { importImage } from '../../../src/store/import.ts';
import { knownTars } from '../../../src/store/known-tars.ts';
import { MEDIA } from '../../../src/store/oci.ts';

const run = promisify(execFile);
let directory: string;
let store: DirectoryStore;
let cache: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'import-'));
  store = directoryStore(join(directory, 'store'), knownTars(directory));
  cache = join(directory, 'cache');
  await mkdir(join(directory, 'root/etc'), { recursive: true });
  await mkdir(join(directory, 'root/bin'), { recursive: true });
  await writeFile(join(directory, 'root/etc/hostname'), 'x\n');
  await run('tar', ['-C', join(directory, 'root'), '-cf', join(directory, 'root.tar'), '.']);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const tar = (): string => join(directory, 'root.tar');
const sha256 = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** An OCI archive of one image, as other tools write it. */
async function archive(
  change: (layout: string, digests: readonly string[]) => Promise<void>,
  pack: (tar: Buffer) => Buffer = (plain) => plain,
  mediaType: string = MEDIA.layer,
): Promise<string> {
  const source = directoryStore(join(directory, 'layout'));
  const content = await readFile(tar());
  const blob = await source.addBlob(
    (async function* () {
      yield await Promise.resolve(pack(content));
    })(),
  );
  const layer = { mediaType, ...blob, diffId: sha256(content) };
  const image = await source.addImage('app:1', [layer], {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/app'], Env: ['A=1', 'B=2'] },
  });
  await change(source.directory, [image.digest, image.config.digest, blob.digest]);
  const file = join(directory, 'image.tar');
  await run('tar', ['-C', source.directory, '-cf', file, '.']);
  return file;
}

describe('importImage', () => {
  it.each([
    ['tar', []],
    ['gz', ['gzip', '-k']],
    ['zst', ['zstd', '-q']],
    ['xz', ['xz', '-k']],
  ])('imports a root file system from .%s to the same layer', async (suffix, compress) => {
    if (compress[0] !== undefined) await run(compress[0], [...compress.slice(1), tar()]);
    const file = suffix === 'tar' ? tar() : `${tar()}.${suffix}`;
    const image = await importImage(file, { store, cache, reference: 'root:1', entrypoint: ['/bin/app'], ports: [80] });
    expect(image.layers.map((layer) => layer.diffId)).toEqual([sha256(await readFile(tar()))]);
    expect(image.run).toMatchObject({ argv: ['/bin/app'], ports: [80] });
    await store.verify(image);
    for (const layer of image.layers) expect(await store.knowsTar(layer)).toBe(true);
    expect((await store.find('root:1'))?.digest).toBe(image.digest);
  });

  it('makes the same image of the same root file system at another time', async () => {
    const first = await importImage(tar(), { store, cache, reference: 'root:1', entrypoint: ['/bin/app'] });
    await sleep(5);
    const second = await importImage(tar(), { store, cache, reference: 'root:2', entrypoint: ['/bin/app'] });
    expect(second.digest).toBe(first.digest);
  });

  it('imports an OCI archive with its digest', async () => {
    let digest = '';
    const file = await archive((_, [manifest]) => {
      digest = manifest ?? '';
      return Promise.resolve();
    });
    const image = await importImage(file, { store, cache, reference: 'mine:2' });
    expect(image.digest).toBe(digest);
    expect(image.run.argv).toEqual(['/bin/app']);
    await store.verify(image);
    for (const layer of image.layers) expect(await store.knowsTar(layer)).toBe(true);
    const { stdout } = await run('skopeo', ['inspect', `oci:${store.directory}:mine:2`]);
    expect(JSON.parse(stdout)).toMatchObject({ Digest: digest });
  });

  it('reads a layer that is compressed in several parts to its end', async () => {
    const parts = (content: Buffer): Buffer =>
      Buffer.concat([zstdCompressSync(content.subarray(0, 1000)), zstdCompressSync(content.subarray(1000))]);
    const file = await archive(() => Promise.resolve(), parts, MEDIA.layerZstd);
    const { layers } = await importImage(file, { store, cache, reference: 'mine:2' });
    expect(layers.map(({ diffId }) => diffId)).toEqual([sha256(await readFile(tar()))]);
  });

  it('changes how an OCI image runs when it is told to', async () => {
    const file = await archive(() => Promise.resolve());
    const image = await importImage(file, {
      store,
      cache,
      reference: 'mine:2',
      entrypoint: ['/bin/other'],
      env: { B: '3' },
    });
    expect(image.run.argv).toEqual(['/bin/other']);
    expect(image.run.env).toEqual({ A: '1', B: '3' });
  });

  it('imports what docker save writes', async () => {
    const layout = await archive(() => Promise.resolve());
    const file = join(directory, 'docker.tar');
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '-q',
      `oci-archive:${layout}:app:1`,
      `docker-archive:${file}:app:1`,
    ]);
    const image = await importImage(file, { store, cache, reference: 'docker:1' });
    expect(image.layers.map((layer) => layer.diffId)).toEqual([sha256(await readFile(tar()))]);
    await store.verify(image);
  });

  it.each([
    ['manifest', 0],
    ['configuration', 1],
    ['layer', 2],
  ])('refuses an archive whose %s is damaged, and names nothing', async (_, which) => {
    const file = await archive(async (layout, digests) => {
      const path = join(layout, 'blobs/sha256', (digests[which] ?? '').slice(7));
      const content = await readFile(path);
      content[content.length - 2] = 0x7f;
      await writeFile(path, content);
    });
    await expect(importImage(file, { store, cache, reference: 'bad:1' })).rejects.toThrow(StoreError);
    expect(await store.list()).toEqual([]);
  });

  it('refuses a file that is cut, no tar, or not there', async () => {
    await run('gzip', ['-k', tar()]);
    await truncate(`${tar()}.gz`, 100);
    await expect(importImage(`${tar()}.gz`, { store, cache, reference: 'a:1' })).rejects.toThrow(StoreError);
    await writeFile(join(directory, 'text'), 'hello'.repeat(200));
    await expect(importImage(join(directory, 'text'), { store, cache, reference: 'a:1' })).rejects.toThrow(/no tar/);
    await expect(importImage(join(directory, 'none'), { store, cache, reference: 'a:1' })).rejects.toThrow(
      NotFoundError,
    );
    expect(await store.list()).toEqual([]);
  });
});

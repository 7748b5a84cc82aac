import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Builder } from '../../../src/store/build/builder.ts';
import { rootOf } from '../../../src/store/build/lower-folders.ts';
import { renewUsed } from '../../../src/store/build/renew-used.ts';
import { pruneRecords, stepCache } from '../../../src/store/build/step-cache.ts';
import { chainOf } from '../../../src/store/build/steps.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';

const script = await readFile(new URL('../../../src/store/scripts/build-prune.sh', import.meta.url), 'utf8');
const NOW = Math.floor(Date.now() / 1000);

/** A folder of builds; of each path the seconds ago that it was used last. */
async function cacheOf(files: Readonly<Record<string, number>>): Promise<string> {
  const cache = await mkdtemp(join(tmpdir(), 'build-prune-'));
  onTestFinished(() => rm(cache, { recursive: true, force: true }));
  for (const [path, ago] of Object.entries(files)) {
    const file = join(cache, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'x'.repeat(10_000));
    await utimes(path.endsWith('owner') ? file : dirname(file), NOW - ago, NOW - ago);
  }
  return cache;
}
const prune = (cache: string, seconds: number, verb: string): number =>
  execFileSync('sh', ['-c', script, 'prune', cache, String(seconds), verb], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /^\{"bytes":[1-9]\d{3,}\}$/.test(line)).length;
const left = async (cache: string): Promise<readonly string[]> =>
  (await Promise.all(['bases', 'layers', 'roots'].map((kind) => readdir(join(cache, kind)).catch(() => [])))).flat();

const FOLDERS = { 'bases/b/layer': 500, 'layers/old/layer': 500, 'layers/new/layer': 100, 'roots/r/file': 500 };

it('build-prune.sh removes what nobody has used for the time, and only tells of it when it is to look', async () => {
  const cache = await cacheOf({ ...FOLDERS, '.trash.killed/layer': 0 });
  await writeFile(join(cache, 'roots/.r.lock'), '');
  expect(prune(cache, 300, 'look')).toBe(3);
  expect(await left(cache)).toEqual(['b', 'new', 'old', '.r.lock', 'r']);
  expect(prune(cache, 300, 'remove')).toBe(3);
  expect(await left(cache)).toEqual(['new']);
  expect(await readdir(cache)).toEqual(['bases', 'layers', 'lock', 'roots']);
  expect(prune(cache, 0, 'remove')).toBe(1);
  expect(prune(join(cache, 'none'), 0, 'remove')).toBe(0);
});

it('build-prune.sh leaves what a build has used that is at work, the first of them', async () => {
  const cache = await cacheOf({ ...FOLDERS, 'work/one/owner': 200, 'work/two/owner': 50 });
  expect(prune(cache, 0, 'remove')).toBe(3);
  expect(await left(cache)).toEqual(['new']);
});

it('renewUsed keeps what builds take over from pruning by age, and makes nothing', async () => {
  const layers = ['1', '2', '3'].map((digit) => {
    const digest = `sha256:${digit.repeat(64)}`;
    return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 1, diffId: digest };
  });
  const first = layers.slice(0, 1);
  const files = [`layers/${chainOf(layers)}/layer`, `roots/${rootOf(first)}/file`, 'bases/taken/layer'];
  const cache = await cacheOf({ ...FOLDERS, ...Object.fromEntries(files.map((file) => [file, 500])) });
  const exec = (_title: string, [file, ...args]: readonly [string, ...(string | number)[]]) => {
    execFileSync(file, args.map(String));
    return Promise.resolve({ status: 0, tail: [] });
  };
  await renewUsed({ cache, exec } as unknown as Builder, { base: 'bases/taken', layers }, undefined);
  expect(prune(cache, 300, 'remove')).toBe(3);
  expect((await left(cache)).toSorted()).toEqual(['taken', 'new', chainOf(layers), rootOf(first)].sort());
});

it('pruneRecords forgets the steps that nobody has asked for', async () => {
  const cache = await cacheOf({});
  const store = directoryStore(join(cache, 'store'));
  const steps = stepCache(cache, {} as Builder, store);
  const layer = await store.addBlob(
    (async function* () {
      yield await Promise.resolve(Buffer.from('layer'));
    })(),
  );
  for (const key of ['old', 'asked']) {
    await steps.keep(key, { mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer, diffId: layer.digest });
    await utimes(join(cache, 'steps', `${key}.json`), NOW - 500, NOW - 500);
  }
  await steps.find('asked', () => '');
  await pruneRecords(cache, (NOW - 300) * 1000);
  expect(await readdir(join(cache, 'steps'))).toEqual(['asked.json']);
});

import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeLocalCache } from '../../../src/iaas/local/release.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'release-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('removeLocalCache', () => {
  it('keeps a base that a VM stands on and removes the rest', async () => {
    const cache = path.join(directory, 'stratos', 'local');
    for (const base of ['used', 'left', 'never']) await mkdir(path.join(cache, base, 'users'), { recursive: true });
    await mkdir(path.join(cache, '.building-x', 'rootfs'), { recursive: true });
    const vm = path.join(directory, 'vm');
    await mkdir(vm);
    await symlink(vm, path.join(cache, 'used', 'users', 'c-web-1'));
    await symlink(path.join(directory, 'gone'), path.join(cache, 'left', 'users', 'c-web-1'));
    const first = await removeLocalCache(cache);
    expect(first.removed.map((entry) => path.basename(entry)).sort()).toEqual(['.building-x', 'left', 'never']);
    expect(first.kept).toEqual([`${path.join(cache, 'used')}: used by c-web-1`]);
    await rm(vm, { recursive: true });
    expect((await removeLocalCache(cache)).kept).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
    expect(await removeLocalCache(cache)).toEqual({ removed: [], kept: [] });
  });
});

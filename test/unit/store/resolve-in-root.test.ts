import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/model/errors.ts';
import { resolveInRoot } from '../../../src/store/build/resolve-in-root.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'root-'));
  await mkdir(join(root, 'usr/bin'), { recursive: true });
  await symlink('usr/bin', join(root, 'bin'));
  await symlink('/etc', join(root, 'absolute'));
  await symlink('../../../../../../etc', join(root, 'upwards'));
  await symlink('loop', join(root, 'loop'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('resolveInRoot', () => {
  it.each([
    ['/bin/sh', 'usr/bin/sh'],
    ['/absolute/passwd', 'etc/passwd'],
    ['/upwards/passwd', 'etc/passwd'],
    ['/../../x', 'x'],
    ['/new/folder/./file', 'new/folder/file'],
    ['/bin/../lib', 'usr/lib'],
  ])('finds %s at %s', async (path, expected) => {
    expect(await resolveInRoot(root, path)).toBe(join(root, expected));
  });

  it('refuses a loop', async () => {
    await expect(resolveInRoot(root, '/loop/x')).rejects.toThrow(StoreError);
  });
});

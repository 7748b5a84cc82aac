import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packTree } from '../../../src/host/pack-tree.ts';
import { unpackTree } from '../../../src/host/unpack-tree.ts';
import { tar, type TarEntry } from '../../support/tar.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'tree-tar-'));
  await mkdir(path.join(home, 'in'));
  await mkdir(path.join(home, 'out'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const OWNER = { uid: 33, gid: 44 };
const unpack = (entries: readonly TarEntry[]) => unpackTree(Readable.from([tar(entries)]), path.join(home, 'out'));

describe('packTree and unpackTree', () => {
  test('a folder comes back as it was: contents, modes, links, long names', async () => {
    const source = path.join(home, 'in');
    const long = 'n'.repeat(180);
    await mkdir(path.join(source, 'deep', 'er'), { recursive: true });
    await writeFile(path.join(source, 'deep', 'er', 'big'), Buffer.alloc(3_000_000, 7));
    await writeFile(path.join(source, 'empty'), '');
    await writeFile(path.join(source, long), 'long');
    await writeFile(path.join(source, 'run me'), '#!/bin/sh\n');
    await chmod(path.join(source, 'run me'), 0o750);
    await symlink('/etc/passwd', path.join(source, 'link'));
    const stream = Readable.from(packTree(source, { name: 'site', ...OWNER }));
    expect(await unpackTree(stream, path.join(home, 'out'))).toEqual({ files: 5, bytes: 3_000_014, skipped: [] });
    const target = path.join(home, 'out', 'site');
    expect((await readdir(target)).sort()).toEqual(['deep', 'empty', 'link', long, 'run me']);
    expect((await readFile(path.join(target, 'deep', 'er', 'big'))).equals(Buffer.alloc(3_000_000, 7))).toBe(true);
    expect((await lstat(path.join(target, 'run me'))).mode & 0o777).toBe(0o750);
    expect(await readlink(path.join(target, 'link'))).toBe('/etc/passwd');
  });

  test('the tar says the owner that was asked for, as GNU tar reads it', async () => {
    await writeFile(path.join(home, 'in', 'a'), 'x');
    const pieces: Uint8Array[] = [];
    for await (const piece of packTree(path.join(home, 'in'), { name: 'b', ...OWNER })) pieces.push(piece);
    const listed = execFileSync('tar', ['-tv', '--numeric-owner'], { input: Buffer.concat(pieces) }).toString();
    expect(listed.match(/33\/44/g)).toHaveLength(2);
    expect(listed).toContain('b/a');
  });

  test('what cannot be packed is named', async () => {
    execFileSync('mkfifo', [path.join(home, 'in', 'pipe')]);
    const stream = Readable.from(packTree(path.join(home, 'in'), { name: 'x', ...OWNER }));
    await expect(unpackTree(stream, path.join(home, 'out'))).rejects.toThrow(
      `Cannot copy what is neither file, folder nor link: ${path.join(home, 'in', 'pipe')}`,
    );
  });
});

describe('unpackTree', () => {
  test.each([
    ['a step upwards', [{ name: '../evil', content: 'x' }]],
    ['a step upwards in the middle', [{ name: 'a/../../evil', content: 'x' }]],
    ['an absolute name', [{ name: '/tmp/evil', content: 'x' }]],
    ['a hard link that leads out', [{ name: 'a', type: '1', link: '/etc/passwd' }]],
  ] as const)('refuses %s', async (_what, entries) => {
    await expect(unpack(entries)).rejects.toThrow('Cannot unpack what came as a name in it leads elsewhere');
    expect(await readdir(home)).toEqual(['in', 'out']);
  });

  test('never writes by way of a link of the tar', async () => {
    const entries: readonly TarEntry[] = [
      { name: 'door', type: '2', link: path.join(home, 'in') },
      { name: 'door/evil', content: 'x' },
    ];
    await expect(unpack(entries)).rejects.toThrow('Cannot unpack what came');
    expect(await readdir(path.join(home, 'in'))).toEqual([]);
  });

  test('refuses a name that comes twice, and a tar that is cut', async () => {
    await expect(unpack([{ name: 'a' }, { name: 'a' }])).rejects.toThrow('Cannot unpack what came');
    const whole = tar([{ name: 'b', content: 'x'.repeat(2000) }]);
    const cut = unpackTree(Readable.from([whole.subarray(0, 1000)]), path.join(home, 'out'));
    await expect(cut).rejects.toThrow('Cannot unpack what came');
  });

  test('leaves out devices and pipes and names them; sets no special bits', async () => {
    const unpacked = await unpack([
      { name: 'x/null', type: '3', device: [1, 3] },
      { name: 'x/pipe', type: '6' },
      { name: 'x/su', mode: 0o4755 },
    ]);
    expect(unpacked).toMatchObject({ files: 1, skipped: ['x/null', 'x/pipe'] });
    expect((await lstat(path.join(home, 'out', 'x', 'su'))).mode & 0o7777).toBe(0o755);
  });
});

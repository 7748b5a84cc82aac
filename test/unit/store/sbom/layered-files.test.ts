import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../../src/model/errors.ts';
import { layeredFiles } from '../../../../src/store/sbom/layered-files.ts';
import type { LayerSource } from '../../../../src/store/sbom/layered-files.ts';
import { isInteresting, packagesIn } from '../../../../src/store/sbom/list-packages.ts';

const run = promisify(execFile);
let folder: string;
let count = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layers-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Compression = 'zstd' | 'gzip' | 'none';
/** A layer of these files, packed by tar as it packs a folder, or with names as they are. */
async function layer(
  files: Readonly<Record<string, string | { readonly target: string }>>,
  compression: Compression = 'zstd',
): Promise<LayerSource> {
  const root = join(folder, String((count += 1)));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (typeof content === 'string') await writeFile(join(root, path), content);
    else await symlink(content.target, join(root, path));
  }
  const path = `${root}.tar`;
  const how = compression === 'none' ? [] : [`--${compression}`];
  await run('tar', [
    '-C',
    root,
    ...how,
    '-cf',
    path,
    count % 2 === 0 ? '.' : '--transform=s,^\\./,,',
    ...(count % 2 === 0 ? [] : ['.']),
  ]);
  const type = compression === 'none' ? '' : `+${compression}`;
  return onDisk(path, `application/vnd.oci.image.layer.v1.tar${type}`);
}
const onDisk = (path: string, mediaType: string): LayerSource => ({
  name: path,
  mediaType,
  open: () => createReadStream(path),
});
const contents = async (...layers: readonly LayerSource[]) =>
  Object.fromEntries(await layeredFiles(layers, (path) => path.startsWith('d/')));

describe('layeredFiles', () => {
  it('has what the last layer says, however each is packed', async () => {
    const layers = [
      await layer({ 'd/a': '1', 'd/b': '1', other: 'x' }),
      await layer({ 'd/a': '2' }, 'gzip'),
      await layer({ 'd/c': '3' }, 'none'),
    ];
    expect(await contents(...layers)).toEqual({ 'd/a': '2', 'd/b': '1', 'd/c': '3' });
  });

  it('leaves out what a later layer removes: a file, a folder, all that was below', async () => {
    const base = await layer({ 'd/a': '1', 'd/e/f': '1', 'd/ef': '1' });
    expect(await contents(base, await layer({ 'd/.wh.a': '' }))).toEqual({ 'd/e/f': '1', 'd/ef': '1' });
    expect(await contents(base, await layer({ 'd/.wh.e': '' }))).toEqual({ 'd/a': '1', 'd/ef': '1' });
    expect(await contents(base, await layer({ 'd/.wh..wh..opq': '', 'd/new': '2' }))).toEqual({ 'd/new': '2' });
    expect(await contents(base, await layer({ '.wh.d': '' }))).toEqual({});
  });

  it('follows no link, and a file that becomes one is gone', async () => {
    const secret = await layer({ 'd/a': { target: '/etc/hostname' } });
    expect(await contents(secret)).toEqual({});
    expect(await contents(await layer({ 'd/a': '1' }), secret)).toEqual({});
  });

  it('refuses a layer that is damaged or has a list larger than anything sensible', async () => {
    const good = await layer({ 'd/a': 'x'.repeat(10_000) });
    const bytes = await readFile(good.name);
    await writeFile(good.name, bytes.subarray(0, bytes.length / 2));
    await expect(contents(good)).rejects.toThrow(StoreError);
    const path = join(folder, 'huge');
    await run('truncate', ['-s', '65M', path]);
    await run('tar', ['-C', folder, '--zstd', '--transform=s,^,d/,', '-cf', `${path}.tar`, 'huge']);
    await expect(contents(onDisk(`${path}.tar`, good.mediaType))).rejects.toThrow(/too large: d\/huge/);
  });

  it('finds the packages of this very machine', async () => {
    const status = await readFile('/var/lib/dpkg/status', 'utf8');
    const files = await layeredFiles([await layer({ 'var/lib/dpkg/status': status })], isInteresting);
    const { stdout } = await run('dpkg-query', [
      '-W',
      '-f',
      '${db:Status-Status} ${Package} ${Version} ${Architecture}\n',
    ]);
    const wanted = stdout
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice(10));
    const found = packagesIn(files).packages.map(
      ({ name, version, architecture = '' }) => `${name} ${version} ${architecture}`,
    );
    expect(found.toSorted()).toEqual(wanted.toSorted());
  });
});

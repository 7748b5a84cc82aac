import { appendFile, chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { knownTars } from '../../../src/store/known-tars.ts';
import { MEDIA } from '../../../src/store/oci.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'tars-')), 'below');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const layer = { mediaType: MEDIA.layerZstd, digest: digest('a'), diffId: digest('b') };

it('knownTars has what was noted, and nothing beside it', async () => {
  const tars = knownTars(folder);
  expect(await tars.has(layer)).toBe(false);
  await Promise.all([tars.note(layer), tars.note({ ...layer, digest: digest('c') })]);
  await tars.note(layer);
  const later = knownTars(folder);
  expect(await later.has(layer)).toBe(true);
  expect(await later.has({ ...layer, digest: digest('c') })).toBe(true);
  expect(await later.has({ ...layer, diffId: digest('c') })).toBe(false);
  // Expanded otherwise it is another tar.
  expect(await later.has({ ...layer, mediaType: MEDIA.layer })).toBe(false);
  expect((await stat(join(folder, 'tars'))).mode & 0o777).toBe(0o600);
});

it('knownTars believes no file that others may write, and no line that was cut', async () => {
  const tars = knownTars(folder);
  await tars.note(layer);
  await appendFile(join(folder, 'tars'), `${digest('d')} zstd ${digest('e')}`.slice(0, -1));
  expect(await tars.has({ ...layer, digest: digest('d'), diffId: digest('e') })).toBe(false);
  expect(await tars.has(layer)).toBe(true);
  await chmod(join(folder, 'tars'), 0o620);
  expect(await tars.has(layer)).toBe(false);
});

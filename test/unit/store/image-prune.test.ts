import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const script = await readFile(new URL('../../../src/store/scripts/image-prune.sh', import.meta.url), 'utf8');

it('image-prune.sh tells of no image where there is none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'prune-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const folders = ['images', 'layers', 'blobs', 'processes', 'run'].map((name) => join(directory, name));
  for (const folder of folders) await mkdir(folder);
  const output = execFileSync('sh', ['-c', script, 'prune', ...folders, '60', 'drop'], { encoding: 'utf8' });
  expect(output).toMatch(/^\{"freed":\d+\}\n$/);
});

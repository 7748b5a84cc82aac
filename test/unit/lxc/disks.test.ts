import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { disksStep, withDisks } from '../../../src/lxc/disks.ts';
import { aProcess } from '../signals/worlds.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'disks-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function count(limit = '2') {
  const { script } = disksStep();
  const stdout = execFileSync('sh', ['-c', script.text, 'disks', root, limit], { encoding: 'utf8' });
  const processes = [aProcess('shop-1'), aProcess('shop-2'), aProcess('shop-3')];
  return withDisks(processes, { title: '', status: 0, stdout, stderr: '', ms: 0 }).map(({ disk }) => disk);
}

test('withDisks tells what each process has changed, and nothing of those that were not counted', () => {
  for (const [name, size] of [
    ['shop-1', 100_000],
    ['shop-2', 5_000_000],
    ['evil\n9\t/x/shop-3', 1],
  ] as const) {
    mkdirSync(path.join(root, name, 'overlay/delta/var'), { recursive: true });
    writeFileSync(path.join(root, name, 'overlay/delta/var/file'), Buffer.alloc(size, 'x'));
  }
  const [one = 0, two = 0, three] = count();
  expect(one).toBeGreaterThanOrEqual(100_000);
  expect(one).toBeLessThan(200_000);
  expect(two).toBeGreaterThanOrEqual(5_000_000);
  expect(two).toBeLessThan(5_200_000);
  expect(three).toBeUndefined();
});

test('withDisks knows nothing where there is nothing, or the step did not run', () => {
  expect(count()).toEqual([undefined, undefined, undefined]);
  expect(withDisks([aProcess('shop-1')], undefined)).toEqual([aProcess('shop-1')]);
});

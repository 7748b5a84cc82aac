import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from '../../../src/iaas/local/file-lock.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('withFileLock', () => {
  it('lets one in at a time, even when the file is removed at the end', async () => {
    const file = path.join(directory, 'sub', 'lock');
    let inside = 0;
    let most = 0;
    const work = async (i: number): Promise<number> => {
      most = Math.max(most, ++inside);
      await sleep(10);
      inside--;
      if (i % 2 === 0) await rm(path.dirname(file), { recursive: true, force: true });
      return i;
    };
    const results = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => withFileLock('test', file, () => work(i))));
    expect(results).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(1);
  });

  it('gives the lock back when the work throws', async () => {
    const file = path.join(directory, 'lock');
    await expect(withFileLock('test', file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withFileLock('test', file, () => Promise.resolve('in'))).toBe('in');
  });

  it('gives the lock back when its holder is killed', async () => {
    const file = path.join(directory, 'lock');
    const module = path.join(import.meta.dirname, '..', '..', '..', 'src', 'iaas', 'local', 'file-lock.ts');
    const line = `import { withFileLock } from ${JSON.stringify(module)};
      await withFileLock('test', ${JSON.stringify(file)}, () => new Promise((_, no) => { console.log('in'); setTimeout(no, 60000); }));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', line], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    let waited = false;
    const second = withFileLock('test', file, () => Promise.resolve('in'), {
      onWait: () => {
        waited = true;
      },
    });
    await sleep(400);
    expect(waited).toBe(true);
    child.kill('SIGKILL');
    expect(await second).toBe('in');
  });

  it('gives up waiting when the run is interrupted', async () => {
    const file = path.join(directory, 'lock');
    await withFileLock('test', file, async () => {
      const waiting = withFileLock('test', file, () => Promise.resolve(), { signal: AbortSignal.timeout(30) });
      await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });
    const over = withFileLock('test', file, () => Promise.resolve(), { signal: AbortSignal.abort() });
    await expect(over).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withKernelLock } from '../../../src/host/kernel-lock.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('withKernelLock', () => {
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
    const results = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => withKernelLock(file, () => work(i))));
    expect(results).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(1);
  });

  it('gives the lock back when the work throws', async () => {
    const file = path.join(directory, 'lock');
    await expect(withKernelLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withKernelLock(file, () => Promise.resolve('in'))).toBe('in');
  });

  it('gives the lock back when its holder is killed', async () => {
    const file = path.join(directory, 'lock');
    const module = path.join(import.meta.dirname, '..', '..', '..', 'src', 'host', 'kernel-lock.ts');
    const line = `import { withKernelLock } from ${JSON.stringify(module)};
      await withKernelLock(${JSON.stringify(file)}, () => new Promise((_, no) => { console.log('in'); setTimeout(no, 60000); }));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', line], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    let waited = false;
    const second = withKernelLock(file, () => Promise.resolve('in'), {
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
    await withKernelLock(file, async () => {
      const waiting = withKernelLock(file, () => Promise.resolve(), { signal: AbortSignal.timeout(30) });
      await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });
    const over = withKernelLock(file, () => Promise.resolve(), { signal: AbortSignal.abort() });
    await expect(over).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

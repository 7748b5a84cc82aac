/** A lock between processes of this machine that the kernel drops when its holder dies, however it dies. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { HostError, InterruptedError } from '../model/errors.ts';

/**
 * Runs with the lock held: says so, then lives until its standard input, our pipe, ends. Whoever waited for a file that was
 * removed meanwhile holds the lock of nothing, and ends with 9.
 */
const HOLD = 'for fd in /proc/$$/fd/*; do [ "$fd" -ef "$1" ] && echo held && exec cat; done; exit 9';

/**
 * Runs `work` while holding an exclusive lock on `file`, made when missing; `work` may remove it as the last thing it
 * does. Waits as long as another holds it. The lock lives in a child that ends with this process, so `kill -9` leaves none behind.
 * @throws HostError when the lock cannot be taken
 * @throws InterruptedError when `signal` aborts the wait
 */
export async function withKernelLock<T>(
  file: string,
  work: () => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: () => void } = {},
): Promise<T> {
  const waiting = options.onWait ? setTimeout(options.onWait, 300) : undefined;
  const release = await takeLock(file, options.signal).finally(() => {
    clearTimeout(waiting);
  });
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Returns what gives the lock back. */
async function takeLock(file: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  const { execa } = await import('execa');
  // Each holder before us may have removed the file; a directory may go between our making it and flock's opening the file.
  for (let attempt = 0; attempt < 100; attempt++) {
    await mkdir(path.dirname(file), { recursive: true });
    // Detached: Ctrl-C at the terminal reaches us alone.
    const holder = execa('flock', ['--exclusive', '--no-fork', file, 'sh', '-c', HOLD, 'sh', file], {
      stdin: 'pipe',
      buffer: false,
      detached: true,
      reject: false,
    });
    const giveUp = (): void => {
      holder.kill('SIGKILL');
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
    const held = await new Promise<boolean>((resolve) => {
      holder.stdout.once('data', () => {
        resolve(true);
      });
      void holder.then(() => {
        resolve(false);
      });
    });
    // From here on the work decides how it ends; the lock stays until it has.
    signal?.removeEventListener('abort', giveUp);
    const release = async (): Promise<void> => {
      holder.stdin.end();
      await holder;
    };
    if (signal?.aborted === true) {
      await release();
      throw new InterruptedError(`Cannot lock ${file} as the run was interrupted`);
    }
    if (held) return release;
  }
  throw new HostError(`Cannot lock ${file} as flock refuses`, {
    hint: `ls -ld ${path.dirname(file)}`,
  });
}

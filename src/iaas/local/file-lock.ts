/** A lock between processes of this machine that the kernel drops when its holder dies, however it dies. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { IaasError, InterruptedError } from '../../model/errors.ts';

/**
 * Runs `work` while holding an exclusive lock on `file` (made when missing, never removed: removing it would split the lock).
 * Waits as long as another holds it. The lock lives in a child that ends with this process, so `kill -9` leaves none behind.
 * @throws IaasError unavailable when the lock cannot be taken
 * @throws InterruptedError when `signal` aborts the wait
 */
export async function withFileLock<T>(
  iaas: string,
  file: string,
  work: () => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: () => void } = {},
): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  // `cat` says so by closing nothing: it holds the lock until its standard input, our pipe, ends.
  const holder = execa('flock', ['--exclusive', file, 'sh', '-c', 'echo held; exec cat'], {
    stdin: 'pipe',
    buffer: false,
    reject: false,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  const waiting = options.onWait ? setTimeout(options.onWait, 300) : undefined;
  try {
    const held = await new Promise<boolean>((resolve) => {
      holder.stdout.once('data', () => {
        resolve(true);
      });
      void holder.then(() => {
        resolve(false);
      });
    });
    clearTimeout(waiting);
    if (!held) {
      if (options.signal?.aborted === true)
        throw new InterruptedError(`Cannot lock ${file} as the run was interrupted`);
      throw new IaasError(iaas, 'unavailable', `Cannot lock ${file} as flock does not take it`, {
        hint: 'stratos doctor',
      });
    }
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
    await holder;
  }
}

/** Bounds how many of something are under way at one time; the rest waits in order. */
import { interrupted } from './interrupted.ts';

/** Runs a task when there is room. @throws InterruptedError when `signal` aborts while it waits. */
export type Limiter = <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Makes a limiter with room for `size` tasks. */
export function limiter(size: number): Limiter {
  let free = size;
  const queue: (() => void)[] = [];

  const enter = async (signal: AbortSignal | undefined): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admit = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        queue.splice(queue.indexOf(admit), 1);
        reject(interrupted(signal));
      };
      queue.push(admit);
      signal?.addEventListener('abort', leave, { once: true });
    });
  };

  return async (task, signal) => {
    if (signal?.aborted) throw interrupted(signal);
    await enter(signal);
    try {
      return await task();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** Keeps a flow of bytes at a rate. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until so many bytes may go. Calls side by side share the rate, in order. */
export type Pacer = (bytes: number, signal?: AbortSignal) => Promise<void>;

/** Makes a pacer of `rate` bytes per second. The first bytes go at once. */
export function pacer(rate: number, now: () => number = () => performance.now()): Pacer {
  let free = 0;
  return async (bytes, signal) => {
    const begin = Math.max(free, now());
    free = begin + (bytes / rate) * 1000;
    const wait = begin - now();
    if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {}).catch(() => undefined);
  };
}

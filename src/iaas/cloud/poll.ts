/** Waiting until a cloud has done what was asked of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from '../../concurrency/interrupted.ts';
import type { Millis } from '../../model/quantity.ts';

export interface Polling {
  /** From here on it is too late. */
  readonly timeout: Millis;
  /** First pause between two looks; it grows by half with each, up to ten times. */
  readonly interval: Millis;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks until there is an answer; undefined when there was none in time.
 * @throws InterruptedError, and whatever looking throws
 */
export async function poll<T>(look: () => Promise<T | undefined>, polling: Polling): Promise<T | undefined> {
  const { timeout, interval, signal } = polling;
  const end = performance.now() + timeout;
  for (let pause: number = interval; ; pause = Math.min(pause * 1.5, interval * 10)) {
    if (signal?.aborted) throw interrupted(signal);
    const answer = await look();
    if (answer !== undefined) return answer;
    const left = end - performance.now();
    if (left <= 0) return undefined;
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => {
      throw interrupted(signal);
    });
  }
}

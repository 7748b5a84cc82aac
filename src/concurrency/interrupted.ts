/** Cancellation, in one form for all layers. */
import { InterruptedError } from '../model/errors.ts';

/** The error of an aborted signal; an InterruptedError given as the reason is kept. */
export function interrupted(signal: AbortSignal | undefined): InterruptedError {
  const reason: unknown = signal?.reason;
  return reason instanceof InterruptedError ? reason : new InterruptedError('Interrupted', { cause: reason });
}

/**
 * Waits for a promise, but no longer than until the signal aborts; the promise itself goes on.
 * @throws InterruptedError when the signal aborts first.
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  if (signal.aborted) {
    promise.catch(() => undefined);
    throw interrupted(signal);
  }
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      reject(interrupted(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}

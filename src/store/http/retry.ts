/** Repeating what may be repeated: a server that is away for a moment, or that asks to be left alone for one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from '../../concurrency/interrupted.ts';
import { RegistryError } from '../../model/errors.ts';
import { formatDuration } from '../../model/quantity.ts';

const ATTEMPTS = 5;
const FIRST_WAIT = 200;
/** Longest time in ms that a server's wish to be left alone is honoured; above it, the person is told. */
const LONGEST_WAIT = 60_000;

/** Counts failures in a row, and waits between them. */
export interface Patience {
  /** Waits until it may be tried again. @throws the error itself when trying again is of no use */
  afterFailure(error: unknown): Promise<void>;
  /** Something went well: the count begins anew. */
  progress(): void;
}

/** Makes one for one piece of work. */
export function patience(signal: AbortSignal | undefined): Patience {
  let failures = 0;
  return {
    progress() {
      failures = 0;
    },
    async afterFailure(error) {
      if (!(error instanceof RegistryError) || !passes(error)) throw error;
      failures += 1;
      if (failures >= ATTEMPTS) throw error;
      const asked = error.retryAfter ?? 0;
      if (asked > LONGEST_WAIT) throw tooLong(error, asked);
      // Spread out, so that many clients of one server do not come back all at once.
      const wait = Math.max(asked, FIRST_WAIT * 2 ** (failures - 1) * (0.5 + Math.random()));
      await sleep(wait, undefined, { signal }).catch(() => {
        throw interrupted(signal);
      });
    },
  };
}

/** Does `work` until it succeeds or trying again is of no use. */
export async function retrying<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const patient = patience(signal);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await patient.afterFailure(error);
    }
  }
}

function passes({ failure }: RegistryError): boolean {
  return failure === 'unavailable' || failure === 'rate-limited';
}

function tooLong(error: RegistryError, asked: number): RegistryError {
  const message = `${error.message}; it asks to wait ${formatDuration(asked)}`;
  return new RegistryError(error.registry, error.failure, message, {
    cause: error,
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  });
}

/** Asking again where an IaaS is away for a moment or wants to be left alone: every verb of an adapter may be repeated. */
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from '../../concurrency/interrupted.ts';
import { IaasError } from '../../model/errors.ts';
import { formatDuration, millis, type Millis } from '../../model/quantity.ts';
import type { Around } from './around.ts';

export interface RetryPolicy {
  readonly attempts: number;
  /** Before the second attempt; doubles with each, half of it by chance. */
  readonly firstWait: Millis;
  /** Longest wish to be left alone that is honoured; above it the person is told. */
  readonly longestWait: Millis;
}

export const RETRY: RetryPolicy = { attempts: 5, firstWait: millis(500), longestWait: millis(60_000) };

/** Repeats what failed as `rate-limited` or `unavailable`; all else is thrown at once. */
export function retrying(policy: RetryPolicy = RETRY, random: () => number = Math.random): Around {
  return async ({ signal }, work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const wait = waitAfter(error, attempt, policy, random);
        if (wait === undefined) throw error;
        await sleep(wait, undefined, { signal }).catch(() => {
          throw interrupted(signal);
        });
      }
    }
  };
}

function waitAfter(error: unknown, attempt: number, policy: RetryPolicy, random: () => number): number | undefined {
  if (!(error instanceof IaasError) || (error.failure !== 'rate-limited' && error.failure !== 'unavailable'))
    return undefined;
  if (attempt >= policy.attempts) return undefined;
  const asked = error.retryAfter ?? 0;
  if (asked > policy.longestWait) throw tooLong(error, asked);
  return Math.max(asked, policy.firstWait * 2 ** (attempt - 1) * (0.5 + random() / 2));
}

function tooLong(error: IaasError, asked: number): IaasError {
  return new IaasError(error.iaas, error.failure, `${error.message}; it asks to wait ${formatDuration(asked)}`, {
    cause: error,
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  });
}

/** What goes wrong on the way to a server and in its answers, as failures that a caller may act on. */
import { interrupted } from '../../concurrency/interrupted.ts';
import { networkTrouble } from '../../host/network-trouble.ts';
import { InterruptedError, RegistryError } from '../../model/errors.ts';
import type { RegistryFailure } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import type { Millis } from '../../model/quantity.ts';

/** Who answered, and what was asked of it: for messages. */
export interface Exchange {
  readonly registry: string;
  /** Verb and object: `read team/php:8.2`. */
  readonly what: string;
  readonly url: URL;
  readonly signal?: AbortSignal | undefined;
}

/** The error of a request that had no answer, or whose answer was cut. */
export function networkFailure(error: unknown, { registry, what, url, signal }: Exchange): Error {
  if (signal?.aborted === true) return interrupted(signal);
  if (error instanceof InterruptedError || error instanceof RegistryError) return error;
  const { lasting, hungUp, words: told } = networkTrouble(error);
  // All that TLS 1.3 lets us see of it.
  const words = hungUp && url.protocol === 'https:' ? `${told}, as one does that wants a client certificate` : told;
  return new RegistryError(registry, lasting ? 'refused' : 'unavailable', `Cannot ${what} as ${words}: ${url.host}`, {
    ...(lasting && { hint: `openssl s_client -connect ${url.hostname}:${url.port || '443'} -showcerts </dev/null` }),
    cause: error,
  });
}

/** What a status means that is no success; RFC 9110 and 6585. */
export function failureOf(status: number): RegistryFailure {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  return status >= 500 || status === 408 ? 'unavailable' : 'refused';
}

/** How long `Retry-After` asks to wait: seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfter(header: string | null, now: number): Millis | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return millis(Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : millis(Math.max(0, at - now));
}

/** What goes wrong on the way to a server and in its answers, as failures that a caller may act on. */
import { interrupted } from '../../concurrency/interrupted.ts';
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

/** A certificate that cannot be trusted is no passing trouble. */
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/;

/** The error of a request that had no answer, or whose answer was cut. */
export function networkFailure(error: unknown, { registry, what, url, signal }: Exchange): Error {
  if (signal?.aborted === true) return interrupted(signal);
  if (error instanceof InterruptedError || error instanceof RegistryError) return error;
  const code = codeIn(error);
  if (CERTIFICATE.test(code)) {
    const why = code.startsWith('ERR_SSL') ? 'it does not speak TLS' : 'its certificate is not trusted';
    return new RegistryError(registry, 'refused', `Cannot ${what} as ${why} (${code}): ${url.host}`, {
      hint: `openssl s_client -connect ${url.hostname}:${url.port || '443'} -showcerts </dev/null`,
      cause: error,
    });
  }
  return new RegistryError(registry, 'unavailable', `Cannot ${what} as ${wordsOf(code)}: ${url.host}`, {
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

function codeIn(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    const first: unknown = at instanceof AggregateError ? at.errors[0] : undefined;
    if (first instanceof Error && 'code' in first && typeof first.code === 'string') return first.code;
  }
  return '';
}

function wordsOf(code: string): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nobody listens there',
    ENOTFOUND: 'the host name is not known',
    EAI_AGAIN: 'the host name cannot be looked up',
    UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
    UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
    UND_ERR_BODY_TIMEOUT: 'it fell silent',
  };
  return words[code] ?? `the connection was cut${code === '' ? '' : ` (${code})`}`;
}

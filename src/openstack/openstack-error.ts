/** What goes wrong at a service of OpenStack, as failures that a caller may act on. Adapters make their own errors of it at their edge. */
import { StratosError } from '../model/errors.ts';
import type { StratosErrorOptions } from '../model/errors.ts';
import { millis } from '../model/quantity.ts';
import type { Millis } from '../model/quantity.ts';

export type OpenstackFailure =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'quota'
  | 'rate-limited'
  | 'unavailable'
  | 'untrusted'
  | 'invalid';

/** `untrusted`: its certificate is. `quota`: what the project may have is used up. */
export class OpenstackError extends StratosError {
  readonly code = 'OPENSTACK';
  /** `image`, `compute`, `identity` …: the type of the service in the catalogue. */
  readonly service: string;
  readonly failure: OpenstackFailure;
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined;
  /** How long the service wants to be left alone, where it says. */
  readonly retryAfter: Millis | undefined;
  constructor(
    service: string,
    failure: OpenstackFailure,
    message: string,
    options: StratosErrorOptions & { readonly status?: number; readonly retryAfter?: Millis } = {},
  ) {
    super(message, options);
    this.service = service;
    this.failure = failure;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * What a status means that is no success. When a quota is used up, Nova answers 403, Neutron 409 and Glance 413; `words` tell them
 * apart. A 413 that says when to come back (`wait`) is one of those who count questions.
 */
export function failureOf(status: number, words: string, wait?: Millis): OpenstackFailure {
  if (status === 413) return wait === undefined ? 'quota' : 'rate-limited';
  if ((status === 403 || status === 409) && /quota|maximum number of .* exceeded/i.test(words)) return 'quota';
  const known: Readonly<Record<number, OpenstackFailure>> = {
    401: 'unauthorized',
    403: 'forbidden',
    404: 'not-found',
    408: 'unavailable',
    409: 'conflict',
    429: 'rate-limited',
  };
  return known[status] ?? (status >= 500 ? 'unavailable' : 'invalid');
}

/** How long `Retry-After` asks to wait: seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfter(header: string | null, now: number): Millis | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return millis(Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : millis(Math.max(0, at - now));
}

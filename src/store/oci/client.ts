/** Requests to one registry: with the right to ask, repeated where that helps, and failures in the form of all registries. */
import type { BodyInit, Response } from 'undici';
import { RegistryError } from '../../model/errors.ts';
import { failureOf, networkFailure, retryAfter } from '../http/failures.ts';
import type { Fetch } from '../../host/open-fetch.ts';
import { retrying } from '../http/retry.ts';
import { loginHint } from './authorizer.ts';
import type { Authorizer } from './authorizer.ts';

export interface OciRequest {
  /** `read team/php:8.2`; messages say "Cannot <what> as …". */
  readonly what: string;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  /** Rights it needs: `repository:team/php:pull`. */
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  /** Answers that are none of an error, beside 2xx. */
  readonly accept?: readonly number[];
  /** Ask once: whoever calls has to look before it may be asked again. */
  readonly once?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface OciClient {
  readonly name: string;
  /** Where a path of the registry is. */
  at(path: string, query?: Readonly<Record<string, string>>): URL;
  /** Asks; the body of the answer is still to be read, or to be given up. @throws RegistryError, InterruptedError */
  send(request: OciRequest): Promise<Response>;
}

export interface OciClientSettings {
  readonly name: string;
  readonly url: URL;
  readonly fetch: Fetch;
  readonly authorizer: Authorizer;
}

/** Makes the client; nothing is asked yet. */
export function ociClient({ name, url, fetch, authorizer }: OciClientSettings): OciClient {
  /** What an upload is told to use may be another host: it must not see our password. */
  const rightsFor = ({ url: target, scopes }: OciRequest): string | undefined =>
    target.origin === url.origin ? authorizer.header(scopes) : undefined;

  async function ask(request: OciRequest, authorization: string | undefined): Promise<Response> {
    const { url: target, signal, body, method = 'GET' } = request;
    const headers = {
      'user-agent': 'stratos',
      'accept-encoding': 'identity',
      ...request.headers,
      ...(authorization && { authorization }),
    };
    try {
      return await fetch(target, { method, headers, ...(signal && { signal }), ...(body !== undefined && { body }) });
    } catch (error) {
      throw networkFailure(error, { registry: name, what: request.what, url: target, signal });
    }
  }

  async function attempt(request: OciRequest): Promise<Response> {
    const sent = rightsFor(request);
    let answer = await ask(request, sent);
    if (answer.status === 401) {
      const challenge = answer.headers.get('www-authenticate');
      await answer.body?.cancel();
      if (await authorizer.learn(challenge, request.scopes, sent, request.signal))
        answer = await ask(request, rightsFor(request));
    }
    if (answer.ok || request.accept?.includes(answer.status)) return answer;
    throw await failed(name, request, answer);
  }

  return {
    name,
    at(path, query = {}) {
      const target = new URL(`${url.pathname.replace(/\/$/, '')}/v2/${path}`, url);
      for (const [key, value] of Object.entries(query)) target.searchParams.set(key, value);
      return target;
    },
    send: (request) => (request.once === true ? attempt(request) : retrying(() => attempt(request), request.signal)),
  };
}

/** Longest text of an error that is read, in bytes. */
const MOST_WORDS = 4096;

async function failed(name: string, { what, url }: OciRequest, answer: Response): Promise<RegistryError> {
  const { code, message } = await wordsOf(answer);
  // What we sent is not what its digest says.
  const failure = code === 'DIGEST_INVALID' || code === 'SIZE_INVALID' ? 'damaged' : failureOf(answer.status);
  const said = [code, message].filter((word) => word !== '').join(': ');
  const why = reasonOf(answer.status, name);
  const wait = retryAfter(answer.headers.get('retry-after'), Date.now());
  return new RegistryError(name, failure, `Cannot ${what} as ${why}${said === '' ? '' : ` (${said})`}: ${url.host}`, {
    ...(failure === 'unauthorized' && { hint: loginHint(name) }),
    ...(wait !== undefined && { retryAfter: wait }),
  });
}

function reasonOf(status: number, name: string): string {
  const known: Readonly<Record<number, string>> = {
    401: 'it wants to know who asks',
    403: 'it does not allow it',
    404: 'it has no such thing',
    405: 'it does not do that',
    429: 'it has been asked too often',
  };
  return known[status] ?? `${name} answers ${String(status)}`;
}

/** The first error of the list that the distribution specification has for failures. */
async function wordsOf(answer: Response): Promise<{ readonly code: string; readonly message: string }> {
  const text = (await answer.text().catch(() => '')).slice(0, MOST_WORDS);
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] };
    const { code, message } = errors?.[0] ?? {};
    return { code: textOf(code), message: textOf(message) };
  } catch {
    return { code: '', message: '' };
  }
}

function textOf(value: unknown): string {
  // One line, as it goes into a message.
  return typeof value === 'string' ? value.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 200) : '';
}

/** One service of a cloud, as its adapters ask it: by path, with the right to ask, and failures in one form. */
import { interrupted } from '../concurrency/interrupted.ts';
import { networkTrouble } from '../host/network-trouble.ts';
import { StratosError } from '../model/errors.ts';
import { failureOf, OpenstackError, retryAfter } from './openstack-error.ts';

/** The part of an answer that is used; that of `fetch`, whoever's it is. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: (AsyncIterable<unknown> & { cancel(): Promise<void> }) | null;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** A body that is a stream is sent before the answer comes. */
  readonly duplex?: 'half';
  readonly signal?: AbortSignal;
}

export type Fetch = (url: URL, init: FetchInit) => Promise<Answer>;

export interface ServiceRequest {
  /** `store image php:8.2`; messages say "Cannot <what> as …". */
  readonly what: string;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the service's own address: `v2/images?limit=1`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: FetchInit['body'];
  /** Statuses that are none of an error, beside 2xx. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface OpenstackService {
  /** The project that asks; undefined where nobody asks who it is. @throws OpenstackError */
  project(): Promise<string | undefined>;
  /** Asks once; the body of the answer is still to be read, or to be given up. @throws OpenstackError, InterruptedError */
  send(request: ServiceRequest): Promise<Answer>;
  /** The error of an answer whose body was cut; failures of this project stay as they are. */
  cut(what: string, error: unknown, signal: AbortSignal | undefined): unknown;
}

/** A service at a known address that asks for no token. */
export function openService(type: string, endpoint: URL, fetch: Fetch): OpenstackService {
  return {
    project: () => Promise.resolve(undefined),
    cut: (what, error, signal) => networkError(type, endpoint, what, error, signal),
    send: async (request) => {
      const url = addressOf(endpoint, request.path);
      return checked(type, url, request, await ask(type, url, request, {}, fetch));
    },
  };
}

/** Where a path of a service is, whether or not its address ends with a slash or with the version that the path begins with. */
export function addressOf(endpoint: URL, path: string): URL {
  const base = endpoint.pathname.replace(/\/+$/, '');
  const version = path.split('/')[0] ?? '';
  const root = base.endsWith(`/${version}`) ? base.slice(0, -version.length - 1) : base;
  return new URL(`${root}/${path}`, endpoint);
}

/** One request; an answer of any status. @throws OpenstackError when there is none, InterruptedError */
export async function ask(
  type: string,
  url: URL,
  { what, method = 'GET', headers, body, signal }: ServiceRequest,
  rights: Readonly<Record<string, string>>,
  fetch: Fetch,
): Promise<Answer> {
  const isStream = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
  try {
    return await fetch(url, {
      method,
      headers: { 'user-agent': 'stratos', 'accept-encoding': 'identity', ...headers, ...rights },
      ...(body !== undefined && { body }),
      ...(isStream && { duplex: 'half' as const }),
      ...(signal && { signal }),
    });
  } catch (error) {
    throw networkError(type, url, what, error, signal);
  }
}

/** The error of a request that had no answer, or whose answer was cut. */
export function networkError(
  type: string,
  url: URL,
  what: string,
  error: unknown,
  signal: AbortSignal | undefined,
): Error {
  if (signal?.aborted === true) return interrupted(signal);
  if (error instanceof StratosError) return error;
  const { lasting, words } = networkTrouble(error);
  return new OpenstackError(type, lasting ? 'untrusted' : 'unavailable', `Cannot ${what} as ${words}: ${url.host}`, {
    cause: error,
    ...(lasting && { hint: `openssl s_client -connect ${url.hostname}:${url.port || '443'} -showcerts </dev/null` }),
  });
}

/** The answer, if it is one of success. @throws OpenstackError */
export async function checked(type: string, url: URL, request: ServiceRequest, answer: Answer): Promise<Answer> {
  if (answer.ok || request.accept?.includes(answer.status) === true) return answer;
  const words = wordsOf(await answer.text().catch(() => ''));
  const wait = retryAfter(answer.headers.get('retry-after'), Date.now());
  const failure = failureOf(answer.status, words, wait);
  const said = words === '' ? '' : ` (${words})`;
  throw new OpenstackError(
    type,
    failure,
    `Cannot ${request.what} as ${reasonOf(failure, answer.status, type)}${said}: ${url.host}`,
    {
      status: answer.status,
      ...(wait !== undefined && { retryAfter: wait }),
    },
  );
}

function reasonOf(failure: OpenstackError['failure'], status: number, type: string): string {
  const known: Readonly<Record<string, string>> = {
    unauthorized: 'the cloud wants to know who asks',
    forbidden: 'the cloud does not allow it',
    'not-found': 'the cloud has no such thing',
    conflict: 'something is in the way',
    quota: 'the quota of the project is used up',
    'rate-limited': 'the cloud has been asked too often',
  };
  return known[failure] ?? `its ${type} service answers ${String(status)}`;
}

/** What an answer of failure says, in one line: each service has a form of its own, some a page. */
function wordsOf(text: string): string {
  const plain = messageIn(text) ?? text.replace(/<head>[^]*<\/head>/i, '').replace(/<[^>]*>/g, ' ');
  return plain
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}

/** `{"error": {"message": …}}` of Keystone, `{"forbidden": {"message": …}}` of Nova, `{"NeutronError": {"message": …}}`. */
function messageIn(text: string): string | undefined {
  try {
    const [first] = Object.values(JSON.parse(text) as Record<string, { readonly message?: unknown } | undefined>);
    return typeof first?.message === 'string' ? first.message : undefined;
  } catch {
    return undefined;
  }
}

/** A vendor's JSON API on fetch: one request, its answer typed by whoever asks, failures as {@link IaasError}. */
import { interrupted } from '../../concurrency/interrupted.ts';
import { networkTrouble } from '../../host/network-trouble.ts';
import type { Fetch } from '../../host/open-fetch.ts';
import { IaasError, StratosError, type IaasFailure } from '../../model/errors.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import { unlessMissing } from '../cloud/unless-missing.ts';

export interface ApiSettings {
  /** Name of the IaaS in the spec, for messages. */
  readonly iaas: string;
  readonly endpoint: URL;
  readonly fetch: Fetch;
  /** What proves who asks; asked for each request, so that a token may be renewed. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /**
   * What the vendor's own document, and its headers, say of an error; what it does not know is decided by the status.
   * @param reason what stands beside the status
   */
  readonly explain: (status: number, body: unknown, headers: Headers, reason: string) => Explanation;
  /** A command that helps whoever is not known. */
  readonly loginHint: string;
}

export interface Explanation {
  readonly failure?: IaasFailure | undefined;
  readonly words?: string | undefined;
  /** How long it wants to be left alone, where it says so in a form of its own; `Retry-After` goes before it. */
  readonly retryAfter?: Millis | undefined;
}

/** Headers of an answer: undici's and the platform's alike. */
export interface Headers {
  get(name: string): string | null;
}

export interface ApiRequest {
  /** `create machine web-1`; messages say "Cannot <what> as …". */
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the endpoint: `servers`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** A file, as a browser's form sends one. */
  readonly upload?: Upload;
  readonly signal?: AbortSignal | undefined;
}

export interface Upload {
  readonly fields: Readonly<Record<string, string>>;
  /** `as`: name of the form's field. */
  readonly file: { readonly as: string; readonly name: string; readonly data: Uint8Array };
}

export interface Api {
  /** The answer's JSON; undefined for an empty one. @throws IaasError, InterruptedError */
  ask(request: ApiRequest): Promise<unknown>;
  /** The same; undefined where there is no such thing (404). @throws IaasError, InterruptedError */
  find(request: ApiRequest): Promise<unknown>;
}

/** Opens an API; nothing is contacted yet. */
export function openApi(settings: ApiSettings): Api {
  const { iaas, fetch } = settings;

  async function ask(request: ApiRequest): Promise<unknown> {
    const { what, signal } = request;
    const url = addressOf(settings.endpoint, request);
    let status: number;
    let text: string;
    let headers: Headers;
    let reason: string;
    try {
      const body = await bodyOf(request);
      const answer = await fetch(url, {
        method: request.method ?? 'GET',
        headers: { accept: 'application/json', ...body.headers, ...(await settings.headers()) },
        redirect: 'error',
        ...(body.content !== undefined && { body: body.content }),
        ...(signal && { signal }),
      });
      status = answer.status;
      reason = answer.statusText;
      headers = answer.headers;
      text = await answer.text();
    } catch (error) {
      if (signal?.aborted) throw interrupted(signal);
      if (error instanceof StratosError) throw error;
      const { lasting, words } = networkTrouble(error);
      throw new IaasError(iaas, lasting ? 'invalid' : 'unavailable', `Cannot ${what} as ${words}: ${url.host}`, {
        cause: error,
      });
    }
    const json = parse(text);
    if (status >= 200 && status < 300) {
      if (json === undefined && text.trim() !== '')
        throw new IaasError(iaas, 'unavailable', `Cannot ${what} as the answer is no JSON: ${url.host}`);
      return json;
    }
    const { failure = failureOf(status), words, retryAfter } = settings.explain(status, json, headers, reason);
    const wait = waitOf(headers.get('retry-after'), Date.now()) ?? retryAfter;
    throw new IaasError(iaas, failure, `Cannot ${what} as ${url.host} answers ${said(status, words)}`, {
      ...(failure === 'unauthorized' && { hint: settings.loginHint }),
      ...(wait !== undefined && { retryAfter: wait }),
    });
  }

  return {
    ask,
    find: (request) => unlessMissing(ask(request)),
  };
}

/** What a status means where the vendor says no more; RFC 9110 and 6585. */
export function failureOf(status: number): IaasFailure {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404 || status === 410) return 'not-found';
  if (status === 429) return 'rate-limited';
  return status >= 500 || status === 408 ? 'unavailable' : 'invalid';
}

function addressOf(endpoint: URL, { path, query = {} }: ApiRequest): URL {
  const base = endpoint.href.endsWith('/') ? endpoint.href : `${endpoint.href}/`;
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

interface Body {
  readonly content?: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

async function bodyOf({ json, form, upload }: ApiRequest): Promise<Body> {
  if (upload) return uploadOf(upload);
  if (form)
    return {
      content: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
  if (json === undefined) return { headers: {} };
  return { content: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
}

/** Whole, so that its length is told before it: some servers take no other. */
async function uploadOf({ fields, file }: Upload): Promise<Body> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append(file.as, new Blob([new Uint8Array(file.data)]), file.name);
  const packed = new Response(form);
  const type = packed.headers.get('content-type') ?? '';
  return { content: new Uint8Array(await packed.arrayBuffer()), headers: { 'content-type': type } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). */
function waitOf(header: string | null, now: number): Millis | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return millis(Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : millis(Math.max(0, at - now));
}

/** The status and the vendor's words, of which control characters must not reach a terminal. */
function said(status: number, words: string | undefined): string {
  const clean = words?.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return clean === undefined || clean === '' ? String(status) : `${String(status)}: ${clean.slice(0, 300)}`;
}

/** How adapters speak HTTP: with their own certificate authorities, through the proxy of the environment, and never for ever. */
import type { RequestInit, Response } from 'undici';
import { readClientCertificate } from './client-certificate.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { trustedAuthorities } from './trusted-authorities.ts';

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

export interface FetchSettings {
  /** File, or files, with certificates of authorities that are trusted beside the system's. */
  readonly ca?: string | readonly string[];
  /** Who we are to servers that want a certificate. */
  readonly client?: ClientCertificate;
}

const CONNECT_TIMEOUT = 10_000;
/** Longest silence in ms, before the answer and in the middle of it. */
const SILENCE = 60_000;

/** Makes a `fetch` that keeps connections of its own. @throws HostError when a file cannot be read or used */
export async function openFetch({ ca = [], client }: FetchSettings): Promise<Fetch> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const authorities = typeof ca === 'string' ? [ca] : ca;
  const tls = {
    ...(authorities.length > 0 && { ca: await trustedAuthorities(...authorities) }),
    ...(client && (await readClientCertificate(client))),
  };
  const dispatcher = new EnvHttpProxyAgent({
    connect: { ...tls, timeout: CONNECT_TIMEOUT },
    requestTls: tls,
    headersTimeout: SILENCE,
    bodyTimeout: SILENCE,
  });
  return (url, init) => fetch(url, { ...init, dispatcher });
}

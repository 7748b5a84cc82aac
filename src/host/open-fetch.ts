/** How adapters speak HTTP: with their own certificate authorities, through the proxy of the environment, and never for ever. */
import type { RequestInit, Response } from 'undici';
import { trustedAuthorities } from './trusted-authorities.ts';

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

export interface FetchSettings {
  /** File with certificates of authorities that are trusted beside the system's. */
  readonly ca?: string;
}

const CONNECT_TIMEOUT = 10_000;
/** Longest silence in ms, before the answer and in the middle of it. */
const SILENCE = 60_000;

/** Makes a `fetch` that keeps connections of its own. @throws HostError when the file of authorities cannot be read */
export async function openFetch({ ca }: FetchSettings): Promise<Fetch> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const tls = ca === undefined ? {} : { ca: await trustedAuthorities(ca) };
  const dispatcher = new EnvHttpProxyAgent({
    connect: { ...tls, timeout: CONNECT_TIMEOUT },
    requestTls: tls,
    headersTimeout: SILENCE,
    bodyTimeout: SILENCE,
  });
  return (url, init) => fetch(url, { ...init, dispatcher });
}

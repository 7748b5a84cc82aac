/** How adapters speak HTTP: with their own certificate authorities, through the proxy of the environment, and never for ever. */
import { TLSSocket } from 'node:tls';
import type { buildConnector, RequestInit, Response } from 'undici';
import { readClientCertificate } from './client-certificate.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { trustedAuthorities } from './trusted-authorities.ts';

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

type Connector = buildConnector.connector;

export interface FetchSettings {
  /** File, or files, with certificates of authorities that are trusted beside the system's. */
  readonly ca?: string | readonly string[];
  /** Who we are to servers that want a certificate. */
  readonly client?: ClientCertificate;
  /**
   * SHA-256 of the one certificate that is trusted, in place of all authorities: `AB:CD:…`. For machines of one's own network: the
   * environment's proxy is not used.
   */
  readonly fingerprint?: string;
}

const CONNECT_TIMEOUT = 10_000;
/** Longest silence in ms, before the answer and in the middle of it. */
const SILENCE = 60_000;

/** Makes a `fetch` that keeps connections of its own. @throws HostError when a file cannot be read or used */
export async function openFetch({ ca = [], client, fingerprint }: FetchSettings): Promise<Fetch> {
  const { Agent, EnvHttpProxyAgent, buildConnector, fetch } = await import('undici');
  const authorities = typeof ca === 'string' ? [ca] : ca;
  const tls = {
    ...(authorities.length > 0 && { ca: await trustedAuthorities(...authorities) }),
    ...(client && (await readClientCertificate(client))),
  };
  if (fingerprint !== undefined) {
    const connect = onlyTo(fingerprint, buildConnector({ ...tls, timeout: CONNECT_TIMEOUT, ...UNVERIFIED }));
    const dispatcher = new Agent({ connect, headersTimeout: SILENCE, bodyTimeout: SILENCE });
    return (url, init) => fetch(url, { ...init, dispatcher });
  }
  const dispatcher = new EnvHttpProxyAgent({
    connect: { ...tls, timeout: CONNECT_TIMEOUT },
    requestTls: tls,
    headersTimeout: SILENCE,
    bodyTimeout: SILENCE,
  });
  return (url, init) => fetch(url, { ...init, dispatcher });
}

/** The certificate is compared instead, of each connection: a session that is taken up again would show none. */
const UNVERIFIED = { rejectUnauthorized: false, maxCachedSessions: 0 } as const;

/** Hands on a connection before anything was sent over it, when its certificate is this one. */
function onlyTo(fingerprint: string, connect: Connector): Connector {
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error) {
        callback(error, null);
        return;
      }
      const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.fingerprint256 : undefined;
      if (shown === fingerprint.toUpperCase()) {
        callback(null, socket);
        return;
      }
      socket.destroy();
      const message = `its certificate is another: ${shown ?? 'none'}`;
      callback(Object.assign(new Error(message), { code: 'ERR_TLS_CERT_FINGERPRINT' }), null);
    });
  };
}

/** One SSH connection: opened once, verified against pinned keys, shared by the channels of a run. */
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Endpoint } from '../model/endpoint.ts';
import type { UnreachableError } from '../model/errors.ts';
import type { Millis } from '../model/quantity.ts';
import { authentication } from './authentication.ts';
import { fingerprint, hostKeyAlgorithms, keyType, pinnedKeys } from './host-keys.ts';
import { interrupted } from '../concurrency/interrupted.ts';
import type { KeyRing } from './key-ring.ts';
import { limiter, type Limiter } from '../concurrency/limiter.ts';
import { unreachable } from './unreachable.ts';

export interface Connection {
  readonly client: Client;
  /** Bounds the channels open at one time, well below sshd's MaxSessions. */
  readonly channels: Limiter;
  /** Why it ended; undefined while it is open. */
  ended(): Error | undefined;
  /** Calls back when it ends, at once if it has; returns how to unsubscribe. */
  onEnd(listener: (why: Error) => void): () => void;
  /** Ends it without ceremony: the other side does not answer. */
  destroy(why: string): void;
  /** Says goodbye and waits until it is closed, 1 s at most. */
  close(): Promise<void>;
}

export interface ConnectRequest {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly keys: KeyRing;
  readonly agent: string | undefined;
  readonly identityFile: string | undefined;
  /** Time left for connection, key exchange and authentication. */
  readonly timeout: Millis;
  readonly signal: AbortSignal;
  /** The way there: a socket that may still be connecting, or a stream through a jump host. */
  readonly dial: () => Promise<Duplex>;
}

const CHANNELS = 4;
/** Cheap first: post-quantum exchange costs 50 ms more, and nothing sent here outlives the day. AES by hardware is the fastest. */
const KEX = ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384'];
const OLDER_KEX = ['ecdh-sha2-nistp521', 'diffie-hellman-group16-sha512', 'diffie-hellman-group14-sha256'];
const CIPHERS = ['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com'];
const OLDER_CIPHERS = ['aes128-ctr', 'aes256-ctr'];

/**
 * Makes one attempt to connect.
 * @throws UnreachableError with the reason, InterruptedError when the signal aborts.
 */
export async function openConnection(request: ConnectRequest): Promise<Connection> {
  const { name, endpoint, signal } = request;
  const pinned = pinnedKeys(name, endpoint);
  const { Client } = (await import('ssh2')).default;
  const sock = await request.dial();
  const client = new Client();

  return new Promise<Connection>((resolve, reject) => {
    let presented: Buffer | undefined;
    let authenticating = false;
    let firstError: ConnectError | undefined;
    let settled = false;

    const settle = (act: () => void): void => {
      settled = true;
      deadline.stop();
      signal.removeEventListener('abort', abort);
      act();
    };
    const fail = (error: Error): void => {
      settle(() => {
        reject(error);
      });
      sock.destroy();
    };
    const abort = (): void => {
      fail(interrupted(signal));
    };
    const deadline = countdown(request.timeout, () => {
      const why = `it did not answer within ${String(Math.round(request.timeout / 100) / 10)} s`;
      fail(unreachable(name, endpoint, 'timeout', why));
    });
    const auth = authentication({ ...request, patiently: deadline.paused });

    const explain = (error: ConnectError): UnreachableError => {
      const why = (reason: 'refused' | 'timeout' | 'unresolved', text: string): UnreachableError =>
        unreachable(name, endpoint, reason, text, { cause: error });
      if (presented || isKeyTypeMismatch(error)) return hostKeyChanged();
      if (error.level === 'client-authentication' || (authenticating && typeof error.code === 'number')) {
        const text = `it does not let ${endpoint.user} in: ${auth.tried()}`;
        return unreachable(name, endpoint, 'authentication', text, { cause: error, hint: auth.hint() });
      }
      switch (error.code) {
        case 'ENOTFOUND':
        case 'EAI_AGAIN':
        case 'EAI_FAIL':
        case 'EAI_NODATA':
          return why('unresolved', `its address cannot be resolved: ${endpoint.address}`);
        case 'ETIMEDOUT':
        case 'EHOSTUNREACH':
        case 'ENETUNREACH':
        case 'EHOSTDOWN':
          return why('timeout', `there is no way to it: ${error.code}`);
        case 'ECONNREFUSED':
          return why('refused', `nothing listens on port ${String(endpoint.port)}: ECONNREFUSED`);
        default:
          return why('refused', `the connection ended before the login: ${error.message}`);
      }
    };
    const hostKeyChanged = (): UnreachableError => {
      const expected = pinned.map((key) => `${key.type} ${fingerprint(key.blob)}`).join(' or ');
      const found = presented ? `${keyType(presented)} ${fingerprint(presented)}` : 'a key of another type';
      const text = `its host key is not the pinned one: it presents ${found}, pinned is ${expected}; it was reinstalled, or something else answers at its address`;
      return unreachable(name, endpoint, 'host-key-changed', text);
    };

    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    // Stays for good: an error after the end of the work must never become an unhandled event.
    client.on('error', (error: ConnectError) => {
      if (error.level === 'agent') return;
      firstError ??= error;
      // An explanation has its price, which nobody pays for a connection that did its work.
      if (!settled) fail(explain(error));
    });
    client.once('close', () => {
      if (!settled) fail(explain(firstError ?? new Error('closed by the other side')));
    });
    client.once('handshake', () => {
      authenticating = true;
    });
    client.once('ready', () => {
      settle(() => {
        resolve(wrap(client, sock));
      });
    });
    client.connect({
      sock,
      username: endpoint.user,
      readyTimeout: 0,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      authHandler: auth.handler,
      algorithms: {
        kex: [...KEX, ...OLDER_KEX] as never,
        cipher: [...CIPHERS, ...OLDER_CIPHERS] as never,
        // The bundle has no other.
        compress: ['none'],
        serverHostKey: [...hostKeyAlgorithms(pinned)] as never,
      },
      hostVerifier: (key: Buffer) => {
        const known = pinned.some(({ blob }) => blob.equals(key));
        if (!known) presented = key;
        return known;
      },
    });
  });
}

/** What ssh2 and the sockets put on their errors. */
type ConnectError = Error & { readonly code?: string | number; readonly level?: string };

function isKeyTypeMismatch(error: ConnectError): boolean {
  return error.level === 'handshake' && /host key/i.test(error.message);
}

function wrap(client: Client, sock: Duplex): Connection {
  let why: Error | undefined;
  const listeners = new Set<(why: Error) => void>();
  const end = (error: Error): void => {
    if (why) return;
    why = error;
    for (const listener of listeners) listener(error);
    listeners.clear();
  };
  client.on('error', end);
  client.on('close', () => {
    end(new Error('closed by the other side'));
  });
  return {
    client,
    channels: limiter(CHANNELS),
    ended: () => why,
    onEnd(listener) {
      if (why) listener(why);
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
    destroy(text) {
      end(new Error(text));
      sock.destroy();
    },
    async close() {
      if (sock.destroyed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          sock.destroy();
          resolve();
        }, 1000);
        client.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        client.end();
      });
    },
  };
}

/** A timer that stands still while a person is asked. */
function countdown(
  ms: number,
  onEnd: () => void,
): { readonly stop: () => void; readonly paused: <T>(wait: Promise<T>) => Promise<T> } {
  let left = ms;
  let since = performance.now();
  let timer = setTimeout(onEnd, left);
  let stopped = false;
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
    async paused(wait) {
      clearTimeout(timer);
      left -= performance.now() - since;
      try {
        return await wait;
      } finally {
        since = performance.now();
        if (!stopped) timer = setTimeout(onEnd, Math.max(0, left));
      }
    },
  };
}

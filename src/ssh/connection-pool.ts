/** The connections of a run: one for each endpoint, opened when first needed, opened anew when it was lost. */
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../model/endpoint.ts';
import { InterruptedError, UnreachableError } from '../model/errors.ts';
import { millis } from '../model/quantity.ts';
import { openConnection, type Connection } from './connection.ts';
import { interrupted, untilAborted } from '../concurrency/interrupted.ts';
import { keyRing, type KeyRing } from './key-ring.ts';
import { limiter } from '../concurrency/limiter.ts';
import type { TransportSettings } from './transport.ts';
import { formatEndpoint, isTransient, unreachable } from './unreachable.ts';

export interface ConnectionPool {
  /**
   * Gives the open connection to an endpoint, or opens it; callers at the same time share one.
   * @throws UnreachableError, InterruptedError
   */
  get(name: string, endpoint: Endpoint, signal?: AbortSignal): Promise<Connection>;
  readonly keys: KeyRing;
  /** Ends all connections, also those being opened. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT = 10_000;
const RETRIES = 2;
const PARALLEL = 32;
const FIRST_BACKOFF = 200;
/** How long one that is being opened keeps others waiting: those that never answer would otherwise add up their time limits. */
const TURN = 500;

/** Makes a pool without connections. */
export function connectionPool(settings: TransportSettings): ConnectionPool {
  const connections = new Map<string, Promise<Connection>>();
  const closing = new AbortController();
  const opening = limiter(settings.parallel ?? PARALLEL);
  const keys = keyRing(settings);

  const get = (name: string, endpoint: Endpoint): Promise<Connection> => {
    const id = JSON.stringify(endpoint);
    const known = connections.get(id);
    if (known) return known;
    const promise = connect(name, endpoint);
    connections.set(id, promise);
    const forget = (): void => {
      if (connections.get(id) === promise) connections.delete(id);
    };
    promise.then((connection) => connection.onEnd(forget), forget);
    return promise;
  };

  const connect = async (name: string, endpoint: Endpoint): Promise<Connection> => {
    // Before a place is taken: a jump host needs one of its own.
    const dial = endpoint.jump
      ? await dialThrough(name, endpoint, endpoint.jump)
      : () => Promise.resolve(dialTcp(endpoint));
    let connection: Promise<Connection> | undefined;
    await opening(async () => {
      connection = connectInTime(name, endpoint, dial);
      await Promise.race([connection, sleep(TURN, undefined, { ref: false })]).catch(() => undefined);
    }, closing.signal);
    return connection ?? Promise.reject(interrupted(closing.signal));
  };

  /** Attempts share one time limit: what answers nothing costs it once, what refuses is asked again. */
  const connectInTime = async (name: string, endpoint: Endpoint, dial: Dial): Promise<Connection> => {
    const end = performance.now() + (settings.connectTimeout ?? CONNECT_TIMEOUT);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await openConnection({
          name,
          endpoint,
          keys,
          agent: settings.env.SSH_AUTH_SOCK,
          identityFile: settings.identityFile,
          timeout: millis(Math.max(1, end - performance.now())),
          signal: closing.signal,
          dial,
        });
      } catch (error) {
        const wait = FIRST_BACKOFF * 2 ** attempt * (0.75 + Math.random() / 2);
        const again = error instanceof UnreachableError && isTransient(error.reason);
        const late = performance.now() + wait > end;
        if (!again || late || attempt >= (settings.connectRetries ?? RETRIES)) throw error;
        await sleep(wait, undefined, { signal: closing.signal }).catch(() => {
          throw interrupted(closing.signal);
        });
      }
    }
  };

  /** The stream is asked for at each attempt, as the connection to the jump host may have been lost meanwhile. */
  const dialThrough = async (name: string, endpoint: Endpoint, jump: Endpoint): Promise<Dial> => {
    const via = `jump host of ${name}`;
    const reach = async (): Promise<Connection> => {
      try {
        return await get(via, jump);
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        const why = `its jump host ${formatEndpoint(jump)} cannot be used: ${error.message}`;
        throw unreachable(name, endpoint, 'jump-failed', why, { hint: error.hint, cause: error });
      }
    };
    await reach();
    return async () => forward(name, endpoint, jump, await reach());
  };

  return {
    keys,
    get: (name, endpoint, signal) => untilAborted(get(name, endpoint), signal),
    async close() {
      closing.abort(new InterruptedError('Interrupted as the connections are being closed'));
      const open = await Promise.allSettled(connections.values());
      await Promise.all(open.filter((one) => one.status === 'fulfilled').map((one) => one.value.close()));
      connections.clear();
    },
  };
}

type Dial = () => Promise<Duplex>;

/** Nagle's algorithm is off from the first byte: it costs 90 ms for a connection and a command. */
function dialTcp(endpoint: Endpoint): Socket {
  const socket = connectTcp({ host: endpoint.address, port: endpoint.port, noDelay: true });
  // ssh2 listens as well, a moment later.
  socket.on('error', () => undefined);
  return socket;
}

async function forward(name: string, endpoint: Endpoint, jump: Endpoint, connection: Connection): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { readonly reason?: unknown }): void => {
      const why = `its jump host ${formatEndpoint(jump)} cannot connect to it: ${error.message}`;
      reject(
        unreachable(name, endpoint, error.reason === undefined ? 'jump-failed' : 'refused', why, { cause: error }),
      );
    };
    try {
      connection.client.forwardOut('127.0.0.1', 0, endpoint.address, endpoint.port, (error, stream) => {
        if (error) fail(error);
        else resolve(stream);
      });
    } catch (error) {
      fail(error as Error);
    }
  });
}

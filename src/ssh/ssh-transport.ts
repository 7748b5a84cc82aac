/** The transport: OpenSSH servers reached by ssh2, directories copied by rsync over the system's ssh. */
import type { Endpoint } from '../model/endpoint.ts';
import type { Batch, StepResult } from '../shell/command.ts';
import { describeBatch } from '../shell/describe-batch.ts';
import type { Connection } from './connection.ts';
import { connectionPool } from './connection-pool.ts';
import { feedBySsh, LARGE } from './feed-by-ssh.ts';
import { feedScript } from './feed.ts';
import { runInteractive } from './interactive.ts';
import { StaleConnectionError } from './open-channel.ts';
import { copyByRsync } from './rsync.ts';
import { runBatch } from './run-batch.ts';
import { prepareShell } from './shell.ts';
import type { Transport, TransportSettings } from './transport.ts';
import { unreachable } from './unreachable.ts';

/** Makes a transport; nothing is opened, and ssh2 not loaded, before the first call. */
export function sshTransport(settings: TransportSettings): Transport {
  const pool = connectionPool(settings);

  /** A connection kept from before may be gone; as nothing was sent over it then, one more attempt is safe. */
  const withConnection = async <T>(
    name: string,
    endpoint: Endpoint,
    signal: AbortSignal | undefined,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work(await pool.get(name, endpoint, signal));
      } catch (error) {
        if (!(error instanceof StaleConnectionError)) throw error;
        if (attempt > 0) {
          throw unreachable(name, endpoint, 'connection-lost', `its connections end at once: ${error.message}`);
        }
      }
    }
  };

  return {
    open(name, endpoint) {
      pool.get(name, endpoint).then(
        (connection) => {
          prepareShell(name, endpoint, connection);
        },
        () => undefined,
      );
    },
    async run(name, endpoint, batch: Batch, options = {}): Promise<readonly StepResult[]> {
      if (batch.steps.length === 0) return [];
      settings.onBatch?.(name, describeBatch(batch));
      return withConnection(name, endpoint, options.signal, (connection) =>
        runBatch(name, endpoint, connection, batch, options),
      );
    },
    copy: (name, endpoint, request) => copyByRsync(name, endpoint, request, settings, pool.keys),
    async feed(name, endpoint, request) {
      settings.onBatch?.(name, describeBatch({ steps: [request.step] }));
      if ((request.size ?? 0) >= LARGE) return feedBySsh(name, endpoint, request, settings, pool.keys);
      return withConnection(name, endpoint, request.signal, (connection) =>
        feedScript(name, endpoint, connection, request),
      );
    },
    interactive: (name, endpoint, request) =>
      withConnection(name, endpoint, request.signal, (connection) =>
        runInteractive(name, endpoint, connection, request, settings.streams),
      ),
    close: () => pool.close(),
  };
}

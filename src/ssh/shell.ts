/** Remote shells that wait for a program. Opening one takes longer than many a batch, so it can be done before it is needed. */
import type { ClientChannel } from 'ssh2';
import type { Endpoint } from '../model/endpoint.ts';
import { PRESENT, shellCommand } from '../shell/render-batch.ts';
import { untilAborted } from '../concurrency/interrupted.ts';
import type { Connection } from './connection.ts';
import { ANSWER_LIMIT, openChannel, StaleConnectionError } from './open-channel.ts';

/** Milliseconds for which a shell that came up is taken to be there without being asked. */
const FRESH = 1000;

export interface Shell {
  /** Takes the program, then is its lifeline. */
  readonly channel: ClientChannel;
  /** How it ended, such as `with status 1`; undefined while nothing is known of an end. */
  readonly ended: () => string | undefined;
  /** When it was opened, by the monotonic clock. */
  readonly since: number;
}

/** The shell that waits on a connection; goes with it. */
const waiting = new WeakMap<Connection, Promise<Shell | undefined>>();

/**
 * Opens a shell, as root.
 * @throws StaleConnectionError, UnreachableError `refused`, InterruptedError
 */
export async function openShell(
  name: string,
  endpoint: Endpoint,
  connection: Connection,
  signal?: AbortSignal,
): Promise<Shell> {
  let how: string | undefined;
  const command = shellCommand({ sudo: endpoint.user !== 'root' });
  const channel = await openChannel(name, endpoint, connection, command, {}, signal, (code, by) => {
    how = by === undefined ? `with status ${String(code)}` : `by ${by}`;
  });
  channel.once('close', () => {
    how ??= 'without a status';
  });
  return { channel, ended: () => how, since: performance.now() };
}

/** Begins to open a shell for the next batch on the connection, if none waits. Never fails: the batch then opens its own. */
export function prepareShell(name: string, endpoint: Endpoint, connection: Connection): void {
  if (waiting.has(connection)) return;
  waiting.set(
    connection,
    openShell(name, endpoint, connection).catch(() => undefined),
  );
}

/**
 * Takes the shell that waits; undefined where there is none, or where it has ended meanwhile. One that has waited for long is asked
 * whether it is there, as a connection may be dead without anybody having noticed.
 * @throws StaleConnectionError when it does not answer, InterruptedError
 */
export async function takeShell(connection: Connection, signal?: AbortSignal): Promise<Shell | undefined> {
  const promise = waiting.get(connection);
  if (!promise) return undefined;
  waiting.delete(connection);
  const taken = promise.then(async (shell) => {
    if (!shell || shell.ended() !== undefined) return undefined;
    return performance.now() - shell.since < FRESH || (await answers(connection, shell)) ? shell : undefined;
  });
  return untilAborted(taken, signal).catch((error: unknown) => {
    // It is nobody's now.
    void promise.then((shell) => shell?.channel.close());
    throw error;
  });
}

/** Whether the shell is still there; false when it has ended. @throws StaleConnectionError when the connection is gone */
async function answers(connection: Connection, { channel }: Shell): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    let said = '';
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      unsubscribe();
      channel.removeListener('data', hear);
      channel.removeListener('close', gone);
      act();
    };
    const gone = (): void => {
      settle(() => {
        resolve(false);
      });
    };
    const hear = (chunk: Buffer): void => {
      said += chunk.toString('latin1');
      if (!said.endsWith(`${PRESENT}\n`)) return;
      // What comes next is for whoever takes it.
      channel.pause();
      settle(() => {
        resolve(true);
      });
    };
    const timer = setTimeout(() => {
      connection.destroy('it did not answer any more');
    }, ANSWER_LIMIT);
    const unsubscribe = connection.onEnd((why) => {
      settle(() => {
        reject(new StaleConnectionError(why.message, { cause: why }));
      });
    });
    channel.on('data', hear);
    channel.once('close', gone);
    channel.write('\n');
  });
}

/** Opens a channel for one remote command. */
import type { ClientChannel, ExecOptions } from 'ssh2';
import type { Endpoint } from '../model/endpoint.ts';
import type { Connection } from './connection.ts';
import { interrupted } from '../concurrency/interrupted.ts';
import { unreachable } from './unreachable.ts';

/** A kept connection turned out to be gone before anything was sent over it. Never leaves this layer. */
export class StaleConnectionError extends Error {}

/** An idle connection may be dead without anybody having noticed; a live one answers in a round trip. */
export const ANSWER_LIMIT = 10_000;

/** Told how the remote program ended: its status, or the name of the signal that ended it. */
export type ExitListener = (code: number | null, signal?: string) => void;

/**
 * Opens a channel that runs `command`; its streams have listeners for errors, so that none is ever unhandled.
 * @throws StaleConnectionError, UnreachableError `refused`, InterruptedError
 */
export async function openChannel(
  name: string,
  endpoint: Endpoint,
  connection: Connection,
  command: string,
  options: ExecOptions,
  signal: AbortSignal | undefined,
  onExit?: ExitListener,
): Promise<ClientChannel> {
  return new Promise<ClientChannel>((resolve, reject) => {
    let open = true;
    const settle = (act: () => void): void => {
      open = false;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      unsubscribe();
      act();
    };
    const fail = (error: Error): void => {
      settle(() => {
        reject(error);
      });
    };
    const abort = (): void => {
      fail(interrupted(signal));
    };
    const stale = (why: Error): void => {
      fail(new StaleConnectionError(why.message, { cause: why }));
      // So that the next attempt does not find it again.
      connection.destroy(why.message);
    };
    const timer = setTimeout(() => {
      connection.destroy('it did not answer any more');
    }, ANSWER_LIMIT);
    const unsubscribe = connection.onEnd(stale);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      connection.client.exec(
        command,
        options,
        (error: (Error & { readonly reason?: unknown }) | undefined, channel) => {
          if (error) {
            if (connection.ended() || typeof error.reason !== 'number') stale(error);
            else fail(unreachable(name, endpoint, 'refused', `it opens no further session: ${error.message}`));
            return;
          }
          // Here and not later: a quick program's end can be in the same packet as the channel's beginning.
          if (onExit) channel.on('exit', onExit);
          channel.on('error', ignore);
          channel.stderr.on('error', ignore);
          if (open) {
            settle(() => {
              resolve(channel);
            });
          } else channel.close();
        },
      );
    } catch (error) {
      stale(error as Error);
    }
  });
}

function ignore(): void {
  // The end of the channel and of the connection say all there is to say.
}

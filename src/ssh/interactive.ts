/** Connects local streams to a remote program: a terminal with its size and raw mode, or plain pipes. */
import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';
import type { Endpoint } from '../model/endpoint.ts';
import { HostError } from '../model/errors.ts';
import { quoteAll } from '../shell/quote.ts';
import type { Connection } from './connection.ts';
import { interrupted } from '../concurrency/interrupted.ts';
import { openChannel } from './open-channel.ts';
import type { InteractiveRequest, TerminalStreams } from './transport.ts';
import { unreachable } from './unreachable.ts';

/**
 * Runs a program until it ends and gives its exit status, 128 and the signal's number when a signal ended it. The local
 * terminal is as before when this settles, whatever happens.
 * @throws StaleConnectionError, UnreachableError, InterruptedError; HostError when there are no streams to connect
 */
export async function runInteractive(
  name: string,
  endpoint: Endpoint,
  connection: Connection,
  request: InteractiveRequest,
  streams: TerminalStreams | undefined,
): Promise<number> {
  if (!streams) throw new HostError(`Cannot connect to a program on ${name} as no local streams are given`);
  const command = commandOf(endpoint, request);
  return connection.channels(async () => {
    let status: number | undefined;
    const channel = await openChannel(
      name,
      endpoint,
      connection,
      command,
      request.tty ? { pty: { term: 'xterm-256color', ...sizeOf(streams) } } : {},
      request.signal,
      (code, signalName) => {
        status = code ?? 128 + signalNumber(signalName);
      },
    );
    const release = connect(channel, streams, request.tty);
    try {
      return await exitStatus(name, endpoint, connection, channel, () => status, request.signal);
    } finally {
      release();
    }
  }, request.signal);
}

/** Of letters that cmd.exe, PowerShell and sh take as they are. */
const PLAIN = /^[A-Za-z0-9+/._-]+$/;

function commandOf({ user }: Endpoint, { argv, by = 'root' }: InteractiveRequest): string {
  if (by === 'any') {
    const odd = argv.find((word) => !PLAIN.test(String(word)));
    if (odd !== undefined) throw new RangeError(`Cannot send a word that shells may read differently: ${String(odd)}`);
    return argv.join(' ');
  }
  return `exec ${by === 'own' || user === 'root' ? '' : 'sudo -n -- '}${quoteAll(argv)}`;
}

function sizeOf({ stdout }: TerminalStreams): { readonly cols: number; readonly rows: number } {
  return { cols: stdout.columns ?? 80, rows: stdout.rows ?? 24 };
}

/** Joins the streams; returns how to take them apart and to restore the terminal. */
function connect(channel: ClientChannel, streams: TerminalStreams, tty: boolean): () => void {
  const { stdin, stdout, stderr } = streams;
  const raw = tty && stdin.isTTY === true;
  const resize = (): void => {
    const { cols, rows } = sizeOf(streams);
    channel.setWindow(rows, cols, 0, 0);
  };
  if (raw) stdin.setRawMode?.(true);
  if (tty) stdout.on('resize', resize);
  stdin.pipe(channel);
  channel.pipe(stdout, { end: false });
  channel.stderr.pipe(stderr, { end: false });
  return () => {
    stdin.unpipe(channel);
    stdin.pause();
    channel.unpipe(stdout);
    channel.stderr.unpipe(stderr);
    stdout.removeListener('resize', resize);
    if (raw) stdin.setRawMode?.(false);
  };
}

async function exitStatus(
  name: string,
  endpoint: Endpoint,
  connection: Connection,
  channel: ClientChannel,
  statusNow: () => number | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      signal?.removeEventListener('abort', abort);
      unsubscribe();
      act();
    };
    const abort = (): void => {
      settle(() => {
        reject(interrupted(signal));
      });
      // A program on a terminal gets SIGHUP by this, one on pipes the end of its input.
      channel.end();
      channel.close();
    };
    const lost = (why: string): void => {
      settle(() => {
        const text = `the connection was lost while the program was running: ${why}`;
        reject(unreachable(name, endpoint, 'connection-lost', text, { verb: 'stay connected to' }));
      });
    };
    const unsubscribe = connection.onEnd((why) => {
      lost(why.message);
    });
    channel.once('close', () => {
      const status = statusNow();
      if (status === undefined) lost('the program ended without a status');
      else
        settle(() => {
          resolve(status);
        });
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

function signalNumber(name = ''): number {
  const numbers: Readonly<Record<string, number | undefined>> = constants.signals;
  return numbers[name] ?? 0;
}

/** Runs one batch over one channel of a connection. */
import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import type { Endpoint } from '../model/endpoint.ts';
import { RemoteCommandError } from '../model/errors.ts';
import type { Batch, StepResult } from '../shell/command.ts';
import { parseBatch, type BatchStream } from '../shell/parse-batch.ts';
import { renderBatch } from '../shell/render-batch.ts';
import type { Connection } from './connection.ts';
import { interrupted } from '../concurrency/interrupted.ts';
import { openShell, takeShell, type Shell } from './shell.ts';
import type { RunOptions } from './transport.ts';
import { formatEndpoint, unreachable } from './unreachable.ts';

/** How long a shell may take to come up: login scripts, sudo asking a directory service. */
const START_LIMIT = 30_000;
/** How long after its limit a step may take to die before the connection counts as lost. */
const KILL_GRACE = 10_000;
/** How long an aborted batch may take to end before its channel is closed by force. */
const ABORT_GRACE = 3_000;

/**
 * Runs a batch and returns one result for each step.
 * @throws StaleConnectionError when the connection turned out to be gone before anything was sent: safe to try again.
 * @throws UnreachableError, InterruptedError, RemoteCommandError (no shell could be run)
 */
export async function runBatch(
  name: string,
  endpoint: Endpoint,
  connection: Connection,
  batch: Batch,
  options: RunOptions,
): Promise<readonly StepResult[]> {
  const { signal } = options;
  return connection.channels(async () => {
    const kept = await takeShell(connection, signal);
    try {
      if (kept) return await converse(name, endpoint, connection, kept, batch, options);
    } catch (error) {
      // It had ended without anybody having noticed, before it ran anything.
      if (!(error instanceof NoShellError)) throw error;
    }
    const shell = await openShell(name, endpoint, connection, signal);
    try {
      return await converse(name, endpoint, connection, shell, batch, options);
    } catch (error) {
      throw error instanceof NoShellError ? refusal(name, endpoint, error) : error;
    }
  }, signal);
}

/** The shell ended before it had its program: nothing ran. Never leaves this file. */
class NoShellError extends Error {
  readonly how: string;

  constructor(how: string, said: string) {
    super(said);
    this.how = how;
  }
}

/** Reads no more from a channel until a reader is ready; one that fails has its own way of saying so. */
function hold(channel: ClientChannel, busy: Promise<void>): void {
  channel.pause();
  const goOn = (): void => {
    channel.resume();
  };
  busy.then(goOn, goOn);
}

/** Sends the program, reads until the batch has ended, and keeps its time. */
async function converse(
  name: string,
  endpoint: Endpoint,
  connection: Connection,
  shell: Shell,
  batch: Batch,
  { signal, onStep, onOutput }: RunOptions,
): Promise<readonly StepResult[]> {
  const nonce = randomBytes(12).toString('hex');
  const { channel } = shell;
  const parser = parseBatch(batch, {
    ...{ nonce, onStep },
    onOutput:
      onOutput &&
      ((stream, piece) => {
        const busy = onOutput(stream, piece);
        if (busy) hold(channel, busy);
      }),
  });
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let timed: number | undefined;

    const settle = (act: () => void): void => {
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
      // The end of its input ends the remote side; the channel goes when that is done, or by force.
      channel.end();
      const force = setTimeout(() => {
        channel.close();
      }, ABORT_GRACE).unref();
      channel.once('close', () => {
        clearTimeout(force);
      });
    };
    const lost = (why: string): Error => {
      const step = parser.current()?.step.title;
      const during = step === undefined ? 'before its first step' : `while "${step}" was running`;
      return unreachable(name, endpoint, 'connection-lost', `the connection was lost ${during}: ${why}`, {
        verb: 'finish the work on',
      });
    };
    const ask = (): void => {
      const current = parser.current();
      if (current?.index === timed) return;
      timed = current?.index;
      clearTimeout(timer);
      if (!current) return;
      timer = setTimeout(() => {
        parser.expire();
        channel.write(`${String(current.index)}\n`);
        timer = setTimeout(() => {
          connection.destroy('a step beyond its limit could not be ended');
        }, KILL_GRACE);
      }, current.limit);
    };
    const take = (stream: BatchStream) => (chunk: Buffer) => {
      parser.feed(stream, chunk, performance.now());
      ask();
      if (parser.state() !== 'ended') return;
      settle(() => {
        resolve(parser.results());
      });
      channel.end();
      channel.close();
    };
    const unsubscribe = connection.onEnd((why) => {
      fail(lost(why.message));
    });
    timer = setTimeout(() => {
      connection.destroy(`no shell came up within ${String(START_LIMIT / 1000)} s`);
    }, START_LIMIT);

    channel.on('data', take('stdout'));
    channel.resume();
    channel.stderr.on('data', take('stderr'));
    channel.once('close', () => {
      if (connection.ended()) return;
      const how = shell.ended() ?? 'without a status';
      if (parser.state() === 'running') fail(lost(`the remote shell ended early, ${how}: ${parser.noise()}`));
      else fail(new NoShellError(how, parser.noise()));
    });
    if (signal?.aborted) {
      abort();
      return;
    }
    signal?.addEventListener('abort', abort, { once: true });
    channel.write(renderBatch(batch, { nonce }));
  });
}

/** Why no shell can be had: through sudo that is sudo's refusal, as root it is the login shell's. */
function refusal(name: string, endpoint: Endpoint, { how, message: said }: NoShellError): Error {
  if (endpoint.user !== 'root') {
    return unreachable(name, endpoint, 'sudo-refused', `sudo is refused without a password: it ended ${how}: ${said}`, {
      verb: 'become root on',
    });
  }
  const message = `Cannot run a shell on ${name} (${formatEndpoint(endpoint)}) as it ended ${how}: ${said}`;
  return new RemoteCommandError(message);
}

/** Runs one script over a channel of its own and feeds its standard input from a stream, as fast as the other side takes it. */
import type { ClientChannel } from 'ssh2';
import { interrupted } from '../concurrency/interrupted.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ScriptStep, StepResult } from '../shell/command.ts';
import { quoteAll } from '../shell/quote.ts';
import type { Connection } from './connection.ts';
import { openChannel } from './open-channel.ts';
import type { FeedRequest } from './transport.ts';
import { unreachable } from './unreachable.ts';

/** Longest time from the end of the input to the end of the script. */
const FINISH_LIMIT = 15 * 60_000;

/**
 * Runs the script until it ends, and gives what it said and its status; one that ends before its input does is no failure.
 * @throws StaleConnectionError, UnreachableError, InterruptedError, and what the input throws
 */
export async function feedScript(
  name: string,
  endpoint: Endpoint,
  connection: Connection,
  request: FeedRequest,
): Promise<StepResult> {
  const { step, input, signal } = request;
  const command = feedCommand(endpoint, step);
  return connection.channels(async () => {
    const started = performance.now();
    let status: number | undefined;
    const channel = await openChannel(name, endpoint, connection, command, {}, signal, (code) => {
      status = code ?? undefined;
    });
    const closed = Promise.withResolvers<undefined>();
    channel.once('close', () => {
      closed.resolve(undefined);
    });
    // Whoever does not wait for it any more has heard why.
    closed.promise.catch(() => undefined);
    const said = { stdout: collect(channel), stderr: collect(channel.stderr) };
    const fail = (error: Error): void => {
      closed.reject(error);
      channel.close();
    };
    const abort = (): void => {
      fail(interrupted(signal));
    };
    const unsubscribe = connection.onEnd((why) => {
      closed.reject(lost(name, endpoint, step.title, why.message));
    });
    signal?.addEventListener('abort', abort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    try {
      await Promise.race([pour(input, channel, closed.promise), closed.promise]);
      channel.end();
      timer = setTimeout(() => {
        fail(lost(name, endpoint, step.title, 'it does not end'));
      }, FINISH_LIMIT);
      await closed.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      unsubscribe();
      channel.close();
    }
    if (status === undefined) throw lost(name, endpoint, step.title, 'it ended without a status');
    const ms = performance.now() - started;
    return { title: step.title, status, stdout: said.stdout(), stderr: said.stderr(), ms };
  }, signal);
}

/** The command line of a script whose standard input is the stream. */
export function feedCommand(endpoint: Endpoint, step: ScriptStep): string {
  const sudo = endpoint.user === 'root' ? '' : 'sudo -n -- ';
  return `exec ${sudo}${quoteAll(['sh', '-c', step.script.text, step.script.name, ...step.args])}`;
}

/** Writes the input, waiting whenever the other side is behind, until either has ended. */
async function pour(
  input: AsyncIterable<Uint8Array>,
  channel: ClientChannel,
  closed: Promise<undefined>,
): Promise<void> {
  for await (const chunk of input) {
    if (!channel.writable) return;
    if (channel.write(chunk)) continue;
    const drained = new Promise<void>((resolve) => channel.once('drain', resolve));
    await Promise.race([drained, closed]);
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

function lost(name: string, endpoint: Endpoint, title: string, why: string): Error {
  return unreachable(
    name,
    endpoint,
    'connection-lost',
    `the connection was lost while "${title}" was running: ${why}`,
    {
      verb: 'finish the work on',
    },
  );
}

/** Feeds a large stream to a script by the system's ssh: it encrypts at a fraction of what ssh2 takes of a processor. */
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { interrupted } from '../concurrency/interrupted.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { HostError } from '../model/errors.ts';
import type { StepResult } from '../shell/command.ts';
import { feedCommand } from './feed.ts';
import { openWhole } from './hand-over.ts';
import type { KeyRing } from './key-ring.ts';
import { openSsh } from './open-ssh.ts';
import { explainSsh } from './rsync-failure.ts';
import type { FeedRequest, TransportSettings } from './transport.ts';

/** From so many bytes on a connection of its own pays. */
export const LARGE = 4 * 2 ** 20;

/** Status with which ssh says that it was itself that failed. */
const SSH_FAILED = 255;

/**
 * The same as `feedScript`, over a connection of its own.
 * @throws UnreachableError, InterruptedError, HostError (no ssh here), and what the input throws
 */
export async function feedBySsh(
  name: string,
  endpoint: Endpoint,
  request: FeedRequest,
  settings: TransportSettings,
  keys: KeyRing,
): Promise<StepResult> {
  const { step, input, signal } = request;
  if (signal?.aborted) throw interrupted(signal);
  const { command, env } = await openSsh(name, endpoint, settings, keys);
  const [program, ...args] = command;
  const { execa } = await import('execa');
  await using file = request.file && (await openWhole(request.file));
  const started = performance.now();
  const child = execa(program, [...args, '--', `${endpoint.user}@${endpoint.address}`, feedCommand(endpoint, step)], {
    env,
    extendEnv: false,
    // Its type knows the first few only.
    stdin: (file?.fd as 3 | undefined) ?? 'pipe',
    reject: false,
    stripFinalNewline: false,
    ...(signal ? { cancelSignal: signal } : {}),
    forceKillAfterDelay: 2000,
  });
  // One that ends before its input does is no failure; what the input itself throws is.
  const broken: unknown[] = [];
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* input;
    } catch (error) {
      broken.push(error);
      child.kill();
    }
  }
  const { stdin } = child as { readonly stdin: Writable | null };
  const pouring = file || !stdin ? undefined : pipeline(watched, stdin).catch(() => undefined);
  const [result] = await Promise.all([child, pouring]);
  if (signal?.aborted) throw interrupted(signal);
  if (broken.length > 0) throw broken[0];
  if (result.code === 'ENOENT')
    throw new HostError('Cannot send a large stream as ssh is not installed on this machine', {
      hint: 'apt-get install openssh-client',
    });
  if (result.exitCode === undefined || result.exitCode === SSH_FAILED)
    throw explainSsh(name, endpoint, step.title, result);
  return {
    title: step.title,
    status: result.exitCode,
    stdout: result.stdout,
    stderr: result.stderr,
    ms: performance.now() - started,
  };
}

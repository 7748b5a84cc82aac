/** Runs a batch through a real shell of this machine, as sshd would: the program on stdin, which then stays open as the lifeline. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Batch, StepResult } from '../../../src/shell/command.ts';
import { parseBatch } from '../../../src/shell/parse-batch.ts';
import { renderBatch, shellCommand } from '../../../src/shell/render-batch.ts';

export const SHELLS = ['dash', 'busybox sh', 'bash --posix'];

/** A shell that waits for a program, in a session of its own. */
export function startLocally(shell: string): ChildProcessWithoutNullStreams {
  return spawn('sh', ['-c', shellCommand({ sudo: false, shell })], { detached: true });
}

export async function runLocally(batch: Batch, shell = 'sh'): Promise<readonly StepResult[]> {
  const nonce = randomBytes(12).toString('hex');
  const parser = parseBatch(batch, { nonce });
  const program = renderBatch(batch, { nonce });
  const child = startLocally(shell);
  let timer: NodeJS.Timeout | undefined;
  let armed = -1;
  const feed = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
    parser.feed(stream, chunk, performance.now());
    const current = parser.current();
    if (current?.index === armed) return;
    clearTimeout(timer);
    armed = current?.index ?? -1;
    if (!current) return;
    timer = setTimeout(() => {
      parser.expire();
      child.stdin.write(`${String(current.index)}\n`);
    }, current.limit);
  };
  child.stdout.on('data', feed('stdout'));
  child.stderr.on('data', feed('stderr'));
  child.stdin.on('error', () => undefined);
  child.stdin.write(program);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  if (parser.state() !== 'ended') throw new Error(`the shell ended early: ${parser.noise()}`);
  return parser.results();
}

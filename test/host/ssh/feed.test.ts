/** Streams to scripts on a real sshd: over ssh2, and, where they are large, over the system's ssh. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HostError, InterruptedError } from '../../../src/model/errors.ts';
import { script } from '../../../src/shell/command.ts';
import { LARGE } from '../../../src/ssh/feed-by-ssh.ts';
import { generateHostKey } from '../../../src/ssh/key-pair.ts';
import { sshTransport } from '../../../src/ssh/ssh-transport.ts';
import type { Transport } from '../../../src/ssh/transport.ts';
import { startSshd, type LocalSshd } from './local-sshd.ts';

const MB = 1024 * 1024;
const CONTENT = randomBytes(9 * MB);
let sshd: LocalSshd;
let dir = '';
let ssh: Transport;

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stratos-feed-'));
  ssh = sshTransport({ directory: join(dir, 'a project', 'ssh'), env: { PATH: process.env.PATH } });
});
afterEach(async () => {
  await ssh.close();
  rmSync(dir, { recursive: true, force: true });
});

async function* pieces(pause = 0): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < CONTENT.length; at += MB / 4) {
    if (pause > 0) await sleep(pause);
    yield CONTENT.subarray(at, at + MB / 4);
  }
}
const step = (text: string, ...args: string[]) => script({ name: 'take', text }, 'take it', args);

describe.each([
  ['ssh2', 0],
  ['the system’s ssh', LARGE],
])('feed by %s', (_, size) => {
  const feed = (text: string, input: AsyncIterable<Uint8Array>, more: object = {}) =>
    ssh.feed('vm', sshd.endpoint, { step: step(text, "it's $(id)"), input, size, ...more });

  test('hands over every byte, the arguments as they are, and gives status and both outputs', async () => {
    const result = await feed('sha256sum; echo "$1"; echo trouble >&2; exit 3', pieces());
    const sum = createHash('sha256').update(CONTENT).digest('hex');
    expect(result).toMatchObject({ status: 3, stdout: `${sum}  -\nit's $(id)\n`, stderr: 'trouble\n' });
  });

  test('a script may end before its input does', async () => {
    expect(await feed('head -c 4 | wc -c; exit 4', pieces())).toMatchObject({ status: 4, stdout: '4\n' });
  });

  test('throws what the input throws', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* [await Promise.resolve(CONTENT.subarray(0, MB))];
      throw new Error('the disk is gone');
    }
    await expect(feed('cat >/dev/null', broken())).rejects.toThrow('the disk is gone');
  });

  test('ends there too when it is interrupted', async () => {
    const abort = new AbortController();
    const ended = join(dir, 'ended');
    const running = feed(`cat >/dev/null; echo >'${ended}'`, pieces(50), { signal: abort.signal });
    const outcome = expect(running).rejects.toBeInstanceOf(InterruptedError);
    await sleep(600);
    abort.abort();
    await outcome;
    // The script sees the end of its input, as it would where the connection is lost.
    await expect.poll(() => existsSync(ended), { timeout: 20_000 }).toBe(true);
  });

  test('a lost connection is named', async () => {
    const started = join(dir, 'started');
    const running = feed(`echo >'${started}'; cat >/dev/null`, pieces(50));
    const outcome = expect(running).rejects.toMatchObject({ reason: 'connection-lost', target: 'vm' });
    await expect.poll(() => existsSync(started), { timeout: 20_000 }).toBe(true);
    sshd.cut();
    await outcome;
  });

  test('a server with another key is given nothing', async () => {
    const endpoint = { ...sshd.endpoint, hostKeys: [generateHostKey().publicKey] };
    const input = pieces();
    const fed = ssh.feed('vm', endpoint, { step: step(`cat >'${join(dir, 'got')}'`), input, size });
    await expect(fed).rejects.toMatchObject({ reason: 'host-key-changed' });
    expect(existsSync(join(dir, 'got'))).toBe(false);
  });
});

test('a file is handed over as it is, and told how far it was read', async () => {
  const file = join(dir, 'large');
  writeFileSync(file, CONTENT);
  const read: number[] = [];
  async function* unread(): AsyncGenerator<Uint8Array> {
    yield await Promise.reject(new Error('the stream was read too'));
  }
  const result = await ssh.feed('vm', sshd.endpoint, {
    step: step('sha256sum'),
    input: unread(),
    size: LARGE,
    file: { path: file, onRead: (bytes) => read.push(bytes) },
  });
  expect(result.stdout).toBe(`${createHash('sha256').update(CONTENT).digest('hex')}  -\n`);
  expect(read.at(-1)).toBe(CONTENT.length);
});

test('a large stream needs ssh on this machine, and says so', async () => {
  const bare = sshTransport({ directory: join(dir, 'state'), env: { PATH: dir } });
  const fed = bare.feed('vm', sshd.endpoint, { step: step('cat'), input: pieces(), size: LARGE });
  await expect(fed).rejects.toBeInstanceOf(HostError);
});

/** The transport against a real sshd: what only OpenSSH, sudo and real processes can show. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { InterruptedError, UnreachableError } from '../../../src/model/errors.ts';
import { millis } from '../../../src/model/quantity.ts';
import { Secret } from '../../../src/model/secret.ts';
import { command, script, type Batch, type Step } from '../../../src/shell/command.ts';
import { generateHostKey } from '../../../src/ssh/key-pair.ts';
import { sshTransport } from '../../../src/ssh/ssh-transport.ts';
import type { Transport, TransportSettings } from '../../../src/ssh/transport.ts';
import { startSshd, type LocalSshd } from './local-sshd.ts';

const sh = (title: string, text: string, args: readonly string[] = [], options = {}): Step =>
  script({ name: 'text', text }, title, args, options);
const hello: Batch = { steps: [command('hello', ['echo', 'hello'])] };

let sshd: LocalSshd;
let dir = '';
const opened: Transport[] = [];

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stratos-ssh-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  rmSync(dir, { recursive: true, force: true });
});

function transport(more: Partial<TransportSettings> = {}): Transport {
  const made = sshTransport({ directory: join(dir, 'ssh'), env: { PATH: process.env.PATH }, ...more });
  opened.push(made);
  return made;
}

describe('run', () => {
  test('gives status, streams and time of each step', async () => {
    const results = await transport().run('vm', sshd.endpoint, {
      steps: [
        command('ok', ['printf', 'no newline']),
        sh('both', 'echo out; echo err >&2; exit 42'),
        command('slow', ['sleep', 0.3]),
        command('missing', ['/no/such/program']),
      ],
    });
    expect(results.map((r) => [r.title, r.status, r.stdout])).toEqual([
      ['ok', 0, 'no newline'],
      ['both', 42, 'out\n'],
      ['slow', 0, ''],
      ['missing', 127, ''],
    ]);
    expect(results[1]?.stderr).toBe('err\n');
    expect(results[2]?.ms).toBeGreaterThan(290);
    expect(results[2]?.ms).toBeLessThan(1500);
  });

  test('runs 200 steps in one batch', async () => {
    const steps = Array.from({ length: 200 }, (_, i) => command(`n${String(i)}`, ['expr', i, '+', 1000]));
    const results = await transport().run('vm', sshd.endpoint, { steps });
    expect(results.map((r) => r.stdout)).toEqual(steps.map((_, i) => `${String(i + 1000)}\n`));
  });

  test('passes 5 MB of output and large input exactly', async () => {
    const stdin = new Secret('päss\0word\n'.repeat(100_000));
    const [big, echo] = await transport().run('vm', sshd.endpoint, {
      steps: [sh('big', 'head -c 5000000 /dev/zero | tr "\\0" x; echo end >&2'), command('echo', ['cat'], { stdin })],
    });
    expect(big?.stdout).toHaveLength(5_000_000);
    expect(big?.stderr).toBe('end\n');
    expect(echo?.stdout === stdin.reveal()).toBe(true);
  });

  test('a secret never stands in an argument list', async () => {
    const text =
      'word=$(cat); for file in /proc/[0-9]*/cmdline; do case $(tr "\\0" " " <"$file") in *"$word"*) echo "$file" ;; esac; done';
    const step = sh('look', text, [], { stdin: new Secret('hunter2-hunter2') });
    const [seen] = await transport().run('vm', sshd.endpoint, { steps: [step] });
    expect(seen).toMatchObject({ status: 0, stdout: '' });
  });

  test('ends a step at its limit and goes on; stops at a failure when told to', async () => {
    const slow = command('slow', ['sleep', 47], { timeout: millis(200) });
    const results = await transport().run('vm', sshd.endpoint, { steps: [slow, command('next', ['true'])] });
    expect(results.map((r) => r.status)).toEqual([124, 0]);
    const stopped = await transport().run('vm', sshd.endpoint, {
      steps: [command('bad', ['false']), command('next', ['true'])],
      stopOnFailure: true,
    });
    expect(stopped.map((r) => r.status)).toEqual([1, undefined]);
  });

  test('an abort ends the remote processes', async () => {
    const abort = new AbortController();
    const pids = join(dir, 'pids');
    const running = transport().run('vm', sshd.endpoint, { steps: [sleeper(pids)] }, { signal: abort.signal });
    const started = await pidsIn(pids);
    expect(started.map(isAlive)).toEqual([true, true]);
    abort.abort();
    await expect(running).rejects.toBeInstanceOf(InterruptedError);
    await expect.poll(() => started.some(isAlive), { timeout: 20_000 }).toBe(false);
  });

  test('a cut connection ends the remote processes, and the next run connects anew', async () => {
    const ssh = transport();
    const pids = join(dir, 'pids');
    const after = join(dir, 'after');
    const steps = [sleeper(pids), command('after', ['touch', after])];
    const running = ssh.run('vm', sshd.endpoint, { steps });
    const outcome = expect(running).rejects.toMatchObject({ reason: 'connection-lost', target: 'vm' });
    const started = await pidsIn(pids);
    sshd.cut();
    await outcome;
    await expect.poll(() => started.some(isAlive), { timeout: 20_000 }).toBe(false);
    expect(existsSync(after)).toBe(false);
    expect((await ssh.run('vm', sshd.endpoint, hello))[0]?.stdout).toBe('hello\n');
  });

  test('what a step leaves running stays when the connection is closed', async () => {
    const pid = join(dir, 'pid');
    const ssh = transport();
    await ssh.run('vm', sshd.endpoint, { steps: [sh('daemon', 'sleep 48 >/dev/null 2>&1 & echo $! >"$1"', [pid])] });
    await ssh.close();
    await sleep(300);
    const daemon = Number(readFileSync(pid, 'utf8'));
    expect(isAlive(daemon)).toBe(true);
    process.kill(daemon);
  });

  test('a step that leaves something on its output does not hold the batch', async () => {
    const started = performance.now();
    const results = await transport().run('vm', sshd.endpoint, {
      steps: [sh('leaves', 'sleep 5 & echo ok'), command('next', ['echo', 'ok'])],
    });
    expect(results.map((r) => r.stdout)).toEqual(['ok\n', 'ok\n']);
    expect(performance.now() - started).toBeLessThan(4000);
  });
});

describe('trust and keys', () => {
  test('a changed host key is refused, by run and by copy', async () => {
    const other: Endpoint = { ...sshd.endpoint, hostKeys: [generateHostKey().publicKey] };
    await expect(transport().run('vm', other, hello)).rejects.toMatchObject({ reason: 'host-key-changed' });
    const copied = transport().copy('vm', other, { from: [sshd.identityFile], to: join(dir, 'to') });
    await expect(copied).rejects.toMatchObject({ reason: 'host-key-changed' });
    expect(existsSync(join(dir, 'to'))).toBe(false);
  });

  test('a kept connection does not hide a reinstalled machine', async () => {
    const ssh = transport();
    await ssh.run('vm', sshd.endpoint, hello);
    const hostKey = await sshd.replaceHostKey();
    await expect(ssh.run('vm', sshd.endpoint, hello)).rejects.toMatchObject({ reason: 'host-key-changed' });
    const pinnedAnew = { ...sshd.endpoint, hostKeys: [...sshd.endpoint.hostKeys, hostKey.publicKey] };
    expect((await ssh.run('vm', pinnedAnew, hello))[0]?.status).toBe(0);
    await sshd.stop();
    sshd = await startSshd();
  });

  test('a key that is not authorised is refused, by run and by copy', async () => {
    const identityFile = join(dir, 'other');
    writeFileSync(identityFile, generateHostKey().privateKey.reveal(), { mode: 0o600 });
    const endpoint = { ...sshd.endpoint, identityFile };
    await expect(transport().run('vm', endpoint, hello)).rejects.toMatchObject({ reason: 'authentication' });
    const copied = transport().copy('vm', endpoint, { from: [sshd.identityFile], to: dir });
    await expect(copied).rejects.toMatchObject({ reason: 'authentication' });
  });

  test('an encrypted key is unlocked by the environment or by asking once', async () => {
    const identityFile = join(dir, 'locked');
    writeFileSync(identityFile, readFileSync(sshd.identityFile), { mode: 0o600 });
    execFileSync('ssh-keygen', ['-q', '-p', '-N', 'correct horse', '-f', identityFile]);
    const endpoint = { ...sshd.endpoint, identityFile };
    const env = { PATH: process.env.PATH, STRATOS_SSH_PASSPHRASE: 'correct horse' };
    const byEnv = transport({ env });
    expect((await byEnv.run('vm', endpoint, hello))[0]?.status).toBe(0);
    await byEnv.copy('vm', endpoint, { from: [sshd.identityFile], to: join(dir, 'to') });
    expect(existsSync(join(dir, 'to/id'))).toBe(true);

    const asked: string[] = [];
    const askPassphrase = (file: string): Promise<string> => {
      asked.push(file);
      return sleep(50).then(() => 'correct horse');
    };
    const byAsking = transport({ askPassphrase, connectTimeout: millis(5000) });
    await Promise.all([
      byAsking.run('vm', endpoint, hello),
      byAsking.copy('vm', endpoint, { from: [identityFile], to: dir }),
    ]);
    expect(asked).toEqual([identityFile]);

    const none = await transport()
      .run('vm', endpoint, hello)
      .catch((error: unknown) => error);
    expect(none).toBeInstanceOf(UnreachableError);
    expect((none as UnreachableError).message).toContain('is encrypted and STRATOS_SSH_PASSPHRASE is not set');
    expect((none as UnreachableError).hint).toBe(`ssh-add ${identityFile}`);
    const wrong = transport({ env: { ...env, STRATOS_SSH_PASSPHRASE: 'wrong' } }).run('vm', endpoint, hello);
    await expect(wrong).rejects.toMatchObject({ reason: 'authentication' });
  });

  test('the agent is used', async () => {
    const { SSH_AUTH_SOCK = '', SSH_AGENT_PID = '' } = Object.fromEntries(
      [...execFileSync('ssh-agent', ['-s'], { encoding: 'utf8' }).matchAll(/(SSH_\w+)=([^;]+)/g)].map((m) => [
        m[1],
        m[2],
      ]),
    ) as Record<string, string>;
    try {
      execFileSync('ssh-add', ['-q', sshd.identityFile], { env: { ...process.env, SSH_AUTH_SOCK } });
      const { identityFile: _none, ...endpoint } = sshd.endpoint;
      const ssh = transport({ env: { PATH: process.env.PATH, SSH_AUTH_SOCK } });
      expect((await ssh.run('vm', endpoint, hello))[0]?.status).toBe(0);
      await ssh.copy('vm', endpoint, { from: [sshd.identityFile], to: join(dir, 'to') });
    } finally {
      process.kill(Number(SSH_AGENT_PID));
    }
  });

  test('a jump host carries run and copy, each with its own pinned key', async () => {
    const jump = await startSshd();
    try {
      const endpoint: Endpoint = { ...sshd.endpoint, jump: jump.endpoint };
      const ssh = transport();
      const both = await Promise.all([ssh.run('vm', endpoint, hello), ssh.run('vm', endpoint, hello)]);
      expect(both.map((r) => r[0]?.stdout)).toEqual(['hello\n', 'hello\n']);
      await ssh.copy('vm', endpoint, { from: [sshd.identityFile], to: join(dir, `it's 100%`) });
      expect(existsSync(join(dir, `it's 100%`, 'id'))).toBe(true);

      const wrongJump = { ...endpoint, jump: { ...jump.endpoint, hostKeys: [generateHostKey().publicKey] } };
      await expect(transport().run('vm', wrongJump, hello)).rejects.toMatchObject({ reason: 'jump-failed' });
      await expect(transport().copy('vm', wrongJump, { from: [sshd.identityFile], to: dir })).rejects.toMatchObject({
        code: 'UNREACHABLE',
      });
      const dead = await transport({ connectRetries: 0 })
        .run('vm', { ...endpoint, port: 1 }, hello)
        .catch((error: unknown) => error);
      expect(dead).toMatchObject({ reason: 'refused' });
    } finally {
      await jump.stop();
    }
  });
});

describe('a user who is not root', () => {
  const user = 'stratos-test-user';
  const sudoers = `/etc/sudoers.d/${user}`;
  beforeAll(() => {
    execFileSync('sh', ['-c', 'command -v sudo'], { stdio: 'ignore' });
    execFileSync('useradd', ['--system', '--create-home', '--shell', '/bin/sh', user]);
    execFileSync('usermod', ['-p', '*', user]);
  });
  afterAll(() => {
    rmSync(sudoers, { force: true });
    execFileSync('userdel', ['--remove', user], { stdio: 'ignore' });
  });

  test('works through sudo: batch, limits, abort, copy, interactive', async () => {
    writeFileSync(sudoers, `${user} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
    const endpoint = { ...sshd.endpoint, user };
    const stdout = new PassThrough();
    const ssh = transport({ streams: { stdin: new PassThrough(), stdout, stderr: new PassThrough() } });
    const steps = [
      command('who', ['id', '-u'], { stdin: 'x' }),
      command('slow', ['sleep', 49], { timeout: millis(200) }),
      command('next', ['echo', 'ok']),
    ];
    const results = await ssh.run('vm', endpoint, { steps });
    expect(results.map((r) => [r.status, r.stdout, r.stderr.includes('sudo')])).toEqual([
      [0, '0\n', false],
      [124, '', false],
      [0, 'ok\n', false],
    ]);

    const pids = join(dir, 'pids');
    const abort = new AbortController();
    const running = ssh.run('vm', endpoint, { steps: [sleeper(pids)] }, { signal: abort.signal });
    const outcome = expect(running).rejects.toBeInstanceOf(InterruptedError);
    const started = await pidsIn(pids);
    abort.abort();
    await outcome;
    await expect.poll(() => started.some(isAlive), { timeout: 20_000 }).toBe(false);

    await ssh.copy('vm', endpoint, { from: [sshd.identityFile], to: join(dir, 'deep/to') });
    expect(execFileSync('stat', ['-c', '%U', join(dir, 'deep/to/id')], { encoding: 'utf8' })).toBe('root\n');
    expect(await ssh.interactive('vm', endpoint, { argv: ['sh', '-c', 'id -un; exit 3'], tty: false })).toBe(3);
    expect(String(stdout.read())).toBe('root\n');
  });

  test('a refused sudo is named, with the line that is missing', async () => {
    rmSync(sudoers, { force: true });
    const endpoint = { ...sshd.endpoint, user };
    const error = await transport()
      .run('vm', endpoint, hello)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: 'sudo-refused', target: 'vm' });
    expect((error as UnreachableError).message).toContain('password is required');
    expect((error as UnreachableError).hint).toContain(`${user} ALL=(ALL) NOPASSWD: ALL`);
    const copied = transport().copy('vm', endpoint, { from: [sshd.identityFile], to: dir });
    await expect(copied).rejects.toMatchObject({ reason: 'sudo-refused' });
  });
});

test('interactive gives a terminal of the right size and restores the local one', async () => {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (mode: boolean) => modes.push(mode) });
  const stdout = Object.assign(new PassThrough(), { columns: 91, rows: 33 });
  const ssh = transport({ streams: { stdin, stdout, stderr: new PassThrough() } });
  const argv = [
    'sh',
    '-c',
    'stty size; while [ "$(stty size)" = "33 91" ]; do sleep 0.1; done; stty size; read -r line; echo "$line"; exit 5',
  ] as const;
  const running = ssh.interactive('vm', sshd.endpoint, { argv, tty: true });
  const shown: string[] = [];
  stdout.on('data', (chunk: Buffer) => shown.push(String(chunk)));
  await expect.poll(() => shown.join(''), { timeout: 20_000 }).toContain('33 91');
  Object.assign(stdout, { columns: 120, rows: 40 }).emit('resize');
  await expect.poll(() => shown.join(''), { timeout: 20_000 }).toContain('40 120');
  stdin.write('typed\r');
  expect(await running).toBe(5);
  expect(shown.join('')).toContain('typed');
  expect(modes).toEqual([true, false]);
  expect(await ssh.interactive('vm', sshd.endpoint, { argv: ['sh', '-c', 'kill -9 $$'], tty: false })).toBe(137);

  const abort = new AbortController();
  const aborted = ssh.interactive('vm', sshd.endpoint, { argv: ['sleep', '50'], tty: true, signal: abort.signal });
  const outcome = expect(aborted).rejects.toBeInstanceOf(InterruptedError);
  setTimeout(() => {
    abort.abort();
  }, 200);
  await outcome;
  expect(modes).toEqual([true, false, true, false]);
});

function sleeper(pids: string): Step {
  return sh('sleeper', '(sleep 51 & echo $! >"$1.new"); sleep 52 & echo $! >>"$1.new"; mv "$1.new" "$1"; wait', [pids]);
}

async function pidsIn(file: string): Promise<readonly number[]> {
  await expect.poll(() => existsSync(file), { timeout: 20_000 }).toBe(true);
  return readFileSync(file, 'utf8').trim().split('\n').map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

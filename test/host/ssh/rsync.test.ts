/** Copies by the real rsync and ssh to a real sshd. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { HostError, InterruptedError, RemoteCommandError } from '../../../src/model/errors.ts';
import { sshTransport } from '../../../src/ssh/ssh-transport.ts';
import type { Transport } from '../../../src/ssh/transport.ts';
import { startSshd, type LocalSshd } from './local-sshd.ts';

const MB = 1024 * 1024;
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
  dir = mkdtempSync(join(tmpdir(), 'stratos-rsync-'));
  ssh = sshTransport({ directory: join(dir, 'a project', 'ssh'), env: { PATH: process.env.PATH } });
});
afterEach(async () => {
  await ssh.close();
  rmSync(dir, { recursive: true, force: true });
});

test('copy makes the directory, copies files and trees, and says what it sent', async () => {
  mkdirSync(join(dir, 'tree/inner'), { recursive: true });
  writeFileSync(join(dir, 'tree/inner/file'), 'inner');
  writeFileSync(join(dir, 'single'), randomBytes(MB));
  const request = { from: [join(dir, 'single'), join(dir, 'tree/')], to: join(dir, 'to/deeper') };
  const first = await ssh.copy('vm', sshd.endpoint, request);
  expect(readFileSync(join(dir, 'to/deeper/inner/file'), 'utf8')).toBe('inner');
  expect(readFileSync(join(dir, 'to/deeper/single')).equals(readFileSync(join(dir, 'single')))).toBe(true);
  expect(first.sent).toBeGreaterThan(MB);
  expect(first.ms).toBeGreaterThan(0);
  expect((await ssh.copy('vm', sshd.endpoint, request)).sent).toBeLessThan(10_000);
});

test('copy takes any file name and any directory', async () => {
  const names = [`it's`, '$(touch x)', 'a b', '-rf', '*', 'é\u{1f600}', 'new\nline', '"q"', '%h', '\\', 'a:b', '#'];
  for (const name of names) writeFileSync(join(dir, name), name);
  for (const to of names) {
    await ssh.copy('vm', sshd.endpoint, { from: names.map((name) => join(dir, name)), to: join(dir, 'to', to) });
    expect(readdirSync(join(dir, 'to', to)).sort()).toEqual([...names].sort());
  }
});

test('copy reports progress up to the whole', async () => {
  writeFileSync(join(dir, 'big'), randomBytes(20 * MB));
  const seen: (readonly [number, number])[] = [];
  await ssh.copy('vm', sshd.endpoint, {
    from: [join(dir, 'big')],
    to: join(dir, 'to'),
    limit: 40 * MB,
    onProgress: (done, total) => seen.push([done, total]),
  });
  expect(seen.at(-1)).toEqual([20 * MB, 20 * MB]);
  expect(seen.every(([done, total]) => done <= total)).toBe(true);
  expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
});

test('an aborted copy keeps its part, and the next one sends only the rest', async () => {
  writeFileSync(join(dir, 'big'), randomBytes(30 * MB));
  const abort = new AbortController();
  const request = { from: [join(dir, 'big')], to: join(dir, 'to') };
  const cut = ssh.copy('vm', sshd.endpoint, {
    ...request,
    limit: 10 * MB,
    signal: abort.signal,
    onProgress: (done) => {
      if (done > 8 * MB) abort.abort();
    },
  });
  await expect(cut).rejects.toBeInstanceOf(InterruptedError);
  const part = join(dir, 'to/.stratos-partial/big');
  await expect.poll(() => existsSync(part), { timeout: 20_000 }).toBe(true);
  expect(existsSync(join(dir, 'to/big'))).toBe(false);
  const kept = statSync(part).size;
  expect(kept).toBeGreaterThan(4 * MB);
  const { sent } = await ssh.copy('vm', sshd.endpoint, request);
  expect(sent).toBeLessThan(31 * MB - kept);
  expect(readFileSync(join(dir, 'to/big')).equals(readFileSync(join(dir, 'big')))).toBe(true);
  expect(existsSync(part)).toBe(false);
});

test('a copy whose connection is cut fails as lost and goes on later', async () => {
  writeFileSync(join(dir, 'big'), randomBytes(20 * MB));
  const request = { from: [join(dir, 'big')], to: join(dir, 'to') };
  let done = false;
  const cut = ssh.copy('vm', sshd.endpoint, {
    ...request,
    limit: 5 * MB,
    onProgress: (bytes) => {
      if (bytes < MB || done) return;
      done = true;
      sshd.cut();
    },
  });
  await expect(cut).rejects.toMatchObject({ reason: 'connection-lost', target: 'vm' });
  await ssh.copy('vm', sshd.endpoint, request);
  expect(readFileSync(join(dir, 'to/big')).equals(readFileSync(join(dir, 'big')))).toBe(true);
});

test('a full disk is named', async () => {
  const to = join(dir, 'full');
  mkdirSync(to);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'stratos-test', to]);
  try {
    writeFileSync(join(dir, 'big'), randomBytes(5 * MB));
    const copied = ssh.copy('vm', sshd.endpoint, { from: [join(dir, 'big')], to });
    await expect(copied).rejects.toBeInstanceOf(RemoteCommandError);
    await expect(copied).rejects.toThrow(/no space left on the device/);
  } finally {
    execFileSync('umount', [to]);
  }
});

test('copies side by side share what they are told about the host', async () => {
  writeFileSync(join(dir, 'file'), 'x');
  const copies = Array.from({ length: 4 }, (_, i) =>
    ssh.copy('vm', sshd.endpoint, { from: [join(dir, 'file')], to: join(dir, `to${String(i)}`) }),
  );
  await Promise.all(copies);
  const written = readdirSync(join(dir, 'a project/ssh'));
  expect(written).toHaveLength(1);
  expect(statSync(join(dir, 'a project/ssh', written[0] ?? '')).mode & 0o777).toBe(0o600);
});

test('copy of a file that is not there fails with its name; a dead port is refused', async () => {
  const missing = join(dir, 'missing');
  await expect(ssh.copy('vm', sshd.endpoint, { from: [missing], to: join(dir, 'to') })).rejects.toThrow(missing);
  const dead = ssh.copy('vm', { ...sshd.endpoint, port: 1 }, { from: [sshd.identityFile], to: dir });
  await expect(dead).rejects.toMatchObject({ reason: 'refused' });
});

test('copy says what is missing on this machine', async () => {
  const bare = sshTransport({ directory: join(dir, 'ssh'), env: { PATH: dir } });
  const copied = bare.copy('vm', sshd.endpoint, { from: [sshd.identityFile], to: join(dir, 'to') });
  await expect(copied).rejects.toBeInstanceOf(HostError);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { InterruptedError, RemoteCommandError, UnreachableError } from '../../../src/model/errors.ts';
import { millis } from '../../../src/model/quantity.ts';
import { Secret } from '../../../src/model/secret.ts';
import { command, script, type Batch } from '../../../src/shell/command.ts';
import { ensureKeyPair, generateHostKey } from '../../../src/ssh/key-pair.ts';
import { sshTransport } from '../../../src/ssh/ssh-transport.ts';
import type { Transport, TransportSettings } from '../../../src/ssh/transport.ts';
import { startServer, type InProcessServer, type ServerOptions } from './in-process-server.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const hello: Batch = { steps: [command('hello', ['echo', 'hello'])] };
const cleanup: (() => Promise<unknown>)[] = [];
let dir = '';
let settings: TransportSettings;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stratos-ssh-'));
  const { privateKeyFile } = await ensureKeyPair(join(dir, 'keys'));
  settings = { directory: join(dir, 'ssh'), identityFile: privateKeyFile, env: {} };
});
afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end();
  rmSync(dir, { recursive: true, force: true });
});

async function server(options: ServerOptions = {}): Promise<InProcessServer> {
  const started = await startServer(options);
  cleanup.push(started.close);
  return started;
}

function transport(more: Partial<TransportSettings> = {}): Transport {
  const made = sshTransport({ ...settings, ...more });
  cleanup.push(() => made.close());
  return made;
}

async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      expect(condition()).toBe(true);
    },
    { timeout: 20_000, interval: 10 },
  );
}

async function failure(promise: Promise<unknown>): Promise<UnreachableError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UnreachableError);
  return error as UnreachableError;
}

test('run keeps one connection for all batches to an endpoint', async () => {
  const { endpoint, connections, commands } = await server();
  const ssh = transport();
  const all = await Promise.all(Array.from({ length: 12 }, () => ssh.run('web-1', endpoint, hello)));
  await ssh.run('web-1', endpoint, hello);
  expect(all.map((results) => results[0]?.stdout)).toEqual(Array.from({ length: 12 }, () => 'hello\n'));
  expect([connections(), commands()]).toEqual([1, 13]);
});

test('run opens at most four channels of a connection at one time', async () => {
  let open = 0;
  let most = 0;
  const { endpoint } = await server({
    onExec: (_command, channel) => {
      most = Math.max(most, (open += 1));
      channel.on('close', () => (open -= 1));
      setTimeout(() => {
        channel.exit(9);
        channel.end();
      }, 30);
    },
  });
  const ssh = transport();
  await Promise.allSettled(Array.from({ length: 12 }, () => ssh.run('web-1', endpoint, hello)));
  expect(most).toBe(4);
});

test('open has a shell ready for the next run, one at a time', async () => {
  const { endpoint, connections, commands } = await server();
  const ssh = transport();
  ssh.open('web-1', endpoint);
  ssh.open('web-1', endpoint);
  await until(() => commands() > 0);
  // Long enough that it is asked whether it is there.
  await sleep(1100);
  expect(commands()).toBe(1);
  expect((await ssh.run('web-1', endpoint, hello))[0]?.stdout).toBe('hello\n');
  expect(commands()).toBe(1);
  const batches = await Promise.all([ssh.run('web-1', endpoint, hello), ssh.run('web-1', endpoint, hello)]);
  expect(batches.map((results) => results[0]?.stdout)).toEqual(['hello\n', 'hello\n']);
  expect([connections(), commands()]).toEqual([1, 3]);
});

test('run opens a shell of its own where the one that waits is gone', async () => {
  const { endpoint, commands, endCommands } = await server();
  const ssh = transport();
  ssh.open('web-1', endpoint);
  await until(() => commands() > 0);
  await endCommands();
  expect((await ssh.run('web-1', endpoint, hello))[0]?.stdout).toBe('hello\n');
  expect(commands()).toBe(2);
});

test('run connects anew where the connection of the shell that waits is dead', async () => {
  let answers = true;
  const { endpoint, connections, commands, cut } = await server({ isHeard: () => answers });
  const ssh = transport();
  ssh.open('web-1', endpoint);
  await until(() => commands() > 0);
  await sleep(1100);
  answers = false;
  const result = ssh.run('web-1', endpoint, hello);
  await sleep(100);
  answers = true;
  cut();
  expect((await result)[0]?.stdout).toBe('hello\n');
  expect([connections(), commands()]).toEqual([2, 2]);
});

test('an abort while the shell is asked ends the run, and the shell', async () => {
  const { endpoint, commands, running } = await server({ isHeard: () => false });
  const ssh = transport();
  ssh.open('web-1', endpoint);
  await until(() => commands() > 0);
  await sleep(1100);
  const controller = new AbortController();
  const result = ssh.run('web-1', endpoint, hello, { signal: controller.signal });
  await sleep(50);
  controller.abort();
  await expect(result).rejects.toBeInstanceOf(InterruptedError);
  await until(() => running() === 0);
});

test('run reports steps as they end, in order', async () => {
  const { endpoint } = await server();
  const seen: string[] = [];
  const batch: Batch = {
    steps: [command('one', ['true']), command('wait', ['sleep', 0.3]), command('three', ['false'])],
  };
  const running = transport().run('web-1', endpoint, batch, {
    onStep: (result, index) => seen.push(`${String(index)} ${result.title} ${String(result.status)}`),
  });
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['0 one 0']);
  expect((await running).map((result) => result.status)).toEqual([0, 0, 1]);
  expect(seen).toEqual(['0 one 0', '1 wait 0', '2 three 1']);
});

test('run keeps the time limit of a step', async () => {
  const { endpoint } = await server();
  const steps = [command('slow', ['sleep', 30], { timeout: millis(150) }), command('next', ['echo', 'ok'])];
  const results = await transport().run('web-1', endpoint, { steps });
  expect(results.map((result) => [result.status, result.stdout])).toEqual([
    [124, ''],
    [0, 'ok\n'],
  ]);
});

test('run tells each batch, secrets masked', async () => {
  const { endpoint } = await server();
  const told: string[] = [];
  const onBatch = (name: string, text: string): void => void told.push(`${name}\n${text}`);
  const steps = [command('write', ['cat'], { stdin: new Secret('hunter2') })];
  const [result] = await transport({ onBatch }).run('web-1', endpoint, { steps });
  expect(result?.stdout).toBe('hunter2');
  expect(told).toEqual(['web-1\n1 write: cat (input: [secret])']);
});

test('run of no steps opens no connection', async () => {
  const { endpoint, connections } = await server();
  expect(await transport().run('web-1', endpoint, { steps: [] })).toEqual([]);
  expect(connections()).toBe(0);
});

test('run refuses another host key and shows both fingerprints', async () => {
  const { endpoint, commands } = await server();
  const other = { ...endpoint, hostKeys: [generateHostKey().publicKey] };
  const error = await failure(transport().run('web-1', other, hello));
  expect(error.reason).toBe('host-key-changed');
  expect(error.message).toMatch(/^Cannot reach web-1 \(root@127\.0\.0\.1:\d+\) as its host key is not the pinned one/);
  expect(new Set(error.message.match(/SHA256:[A-Za-z0-9+/]{43}/g)).size).toBe(2);
  expect(error.hint).toContain('ssh-keyscan');
  expect(commands()).toBe(0);
});

test('run refuses a server that has no key of the pinned type', async () => {
  const { endpoint } = await server();
  const ecdsa =
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=';
  expect((await failure(transport().run('web-1', { ...endpoint, hostKeys: [ecdsa] }, hello))).reason).toBe(
    'host-key-changed',
  );
});

test('run refuses to connect without a pinned key', async () => {
  const { endpoint, connections } = await server();
  expect((await failure(transport().run('web-1', { ...endpoint, hostKeys: [] }, hello))).reason).toBe(
    'host-key-changed',
  );
  expect((await failure(transport().run('web-1', { ...endpoint, hostKeys: ['junk'] }, hello))).reason).toBe(
    'host-key-changed',
  );
  expect(connections()).toBe(0);
});

test('run names each key that was refused', async () => {
  const { endpoint, connections } = await server({ authorizedKey: generateHostKey().publicKey });
  const missing = join(dir, 'missing');
  const error = await failure(transport().run('web-1', { ...endpoint, identityFile: missing }, hello));
  expect(error.reason).toBe('authentication');
  expect(error.message).toContain(
    `key ${missing} cannot be read: ENOENT; key ${String(settings.identityFile)} is refused`,
  );
  expect(connections()).toBe(1);
});

test('run says so when there is no key at all, or a broken one', async () => {
  const { endpoint } = await server();
  const none = sshTransport({ directory: dir, env: {} });
  expect((await failure(none.run('web-1', endpoint, hello))).message).toContain('there is no key to offer');
  const broken = join(dir, 'broken');
  writeFileSync(broken, 'not a key');
  const error = await failure(none.run('web-1', { ...endpoint, identityFile: broken }, hello));
  expect(error.reason).toBe('authentication');
  expect(error.message).toContain(`key ${broken} is not a private key`);
});

test('run survives an agent that is not there', async () => {
  const { endpoint } = await server();
  const ssh = transport({ env: { SSH_AUTH_SOCK: join(dir, 'no-agent') } });
  expect((await ssh.run('web-1', endpoint, hello))[0]?.stdout).toBe('hello\n');
});

test('run tries again when a connection is dropped before the handshake', async () => {
  const { endpoint, connections } = await server({ dropFirst: 2 });
  expect((await transport().run('web-1', endpoint, hello))[0]?.status).toBe(0);
  expect(connections()).toBe(3);
});

test('run gives up on a port where nothing listens', async () => {
  const { endpoint, close } = await startServer();
  await close();
  const error = await failure(transport({ connectRetries: 1 }).run('web-1', endpoint, hello));
  expect([error.reason, error.target]).toEqual(['refused', 'web-1']);
  expect(error.message).toContain(`nothing listens on port ${String(endpoint.port)}`);
});

test('run gives up on a name that does not resolve', async () => {
  const endpoint: Endpoint = {
    address: 'no-such-host.invalid',
    port: 22,
    user: 'root',
    hostKeys: [generateHostKey().publicKey],
  };
  expect((await failure(transport({ connectRetries: 0 }).run('web-1', endpoint, hello))).reason).toBe('unresolved');
});

test('run waits for a silent server no longer than the connect time-out, attempts together', async () => {
  const silent = createServer((socket) => {
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => new Promise((resolve) => silent.close(resolve)));
  const { port } = silent.address() as AddressInfo;
  const started = performance.now();
  const endpoint: Endpoint = { address: '127.0.0.1', port, user: 'root', hostKeys: [generateHostKey().publicKey] };
  const error = await failure(transport({ connectTimeout: millis(300) }).run('web-1', endpoint, hello));
  expect(error.reason).toBe('timeout');
  expect(performance.now() - started).toBeLessThan(1000);
});

test('run names the step that was running when the connection was lost, and the next run connects anew', async () => {
  const { endpoint, cut, connections } = await server();
  const ssh = transport();
  const steps = [command('first', ['true']), command('long work', ['sleep', 30]), command('never', ['true'])];
  const done: string[] = [];
  const running = ssh.run('web-1', endpoint, { steps }, { onStep: (result) => done.push(result.title) });
  await expect.poll(() => done, { timeout: 20_000 }).toEqual(['first']);
  cut();
  const error = await failure(running);
  expect(error.reason).toBe('connection-lost');
  expect(error.message).toContain('while "long work" was running');
  expect((await ssh.run('web-1', endpoint, hello))[0]?.stdout).toBe('hello\n');
  expect(connections()).toBe(2);
});

test('run says what the remote side said when no shell comes up', async () => {
  const { endpoint } = await server({
    onExec: (_command, channel) => {
      channel.stderr.write('This account is \u001b[31mclosed\n');
      channel.exit(1);
      channel.end();
    },
  });
  const refused = transport().run('web-1', endpoint, hello);
  await expect(refused).rejects.toBeInstanceOf(RemoteCommandError);
  await expect(refused).rejects.toThrow(/ended with status 1: This account is/);
  const sudo = await failure(transport().run('web-1', { ...endpoint, user: 'deploy' }, hello));
  expect(sudo.reason).toBe('sudo-refused');
  expect(sudo.message).toContain('This account is \\u001b[31mclosed');
  expect(sudo.hint).toContain('deploy ALL=(ALL) NOPASSWD: ALL');
});

test('an abort ends the run at every stage', async () => {
  const { endpoint } = await server();
  const ssh = transport();
  const before = ssh.run('web-1', endpoint, hello, { signal: AbortSignal.abort() });
  await expect(before).rejects.toBeInstanceOf(InterruptedError);
  for (const ms of [0, 1, 5, 20, 200]) {
    const steps = [command('sleep', ['sleep', 30])];
    const signal = AbortSignal.timeout(ms);
    await expect(ssh.run('web-1', endpoint, { steps }, { signal })).rejects.toBeInstanceOf(InterruptedError);
  }
  expect((await ssh.run('web-1', endpoint, hello))[0]?.status).toBe(0);
});

test('close ends what is being opened and what runs', async () => {
  const { endpoint } = await server();
  const ssh = sshTransport(settings);
  const opening = ssh.run('web-1', endpoint, { steps: [command('sleep', ['sleep', 30])] });
  const outcome = expect(opening).rejects.toThrow();
  await sleep(1);
  await ssh.close();
  await outcome;
});

test('run keeps binary-looking output and text that looks like a marker', async () => {
  const { endpoint } = await server();
  const text = 'printf "deadbeefdeadbeef 0 0\\n\\0\\001 no newline"; printf "\\xff" >&2';
  const [result] = await transport().run('web-1', endpoint, { steps: [script({ name: 'noise', text }, 'noise')] });
  expect(result?.stdout).toBe('deadbeefdeadbeef 0 0\n\0\u0001 no newline');
});

test('interactive joins the streams and gives the exit status', async () => {
  const { endpoint } = await server();
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const ssh = transport({ streams: { stdin, stdout, stderr } });
  const argv = ['sh', '-c', 'read -r line; echo "got $line $1"; echo err >&2; exit 7', 'sh', `it's`] as const;
  const running = ssh.interactive('web-1', endpoint, { argv, tty: false });
  stdin.write('a line\n');
  expect(await running).toBe(7);
  expect(String(stdout.read())).toBe(`got a line it's\n`);
  expect(String(stderr.read())).toBe('err\n');
});

test('100 servers are asked side by side over 8 openings at a time', async () => {
  const servers = await Promise.all(
    Array.from({ length: 100 }, () =>
      server({
        onExec: (_command, channel) => {
          channel.exit(3);
          channel.end();
        },
      }),
    ),
  );
  const ssh = transport({ parallel: 8, connectTimeout: millis(30_000) });
  const results = await Promise.allSettled(
    servers.map(({ endpoint }, i) => ssh.run(`vm-${String(i)}`, endpoint, hello)),
  );
  expect(results.every((r) => r.status === 'rejected' && r.reason instanceof RemoteCommandError)).toBe(true);
  expect(servers.map((one) => one.connections())).toEqual(Array.from({ length: 100 }, () => 1));
}, 30_000);

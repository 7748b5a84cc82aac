/** A real OpenSSH server on 127.0.0.1 for a test, with a key and files of its own; needs root, as logins become users. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { generateHostKey, type KeyPair } from '../../../src/ssh/key-pair.ts';

export interface LocalSshd {
  /** As root, by the identity below. */
  readonly endpoint: Endpoint;
  readonly identityFile: string;
  /** Public key of the identity. */
  readonly publicKey: string;
  /** Programs in its `bin` are found first. */
  readonly directory: string;
  /** Restarts the server with another host key at the same port. */
  readonly replaceHostKey: () => Promise<KeyPair>;
  /** Ends all its sessions without a goodbye: kills the processes that serve them. */
  readonly cut: () => void;
  readonly stop: () => Promise<void>;
}

/** @param by words that it is started by: `nsenter` and where to */
export async function startSshd(by: readonly string[] = []): Promise<LocalSshd> {
  const directory = mkdtempSync(join(tmpdir(), 'stratos-sshd-'));
  const port = await freePort();
  const identity = generateHostKey();
  const identityFile = join(directory, 'id');
  const hostKeyFile = join(directory, 'host_key');
  let hostKey = generateHostKey();
  let daemon: ChildProcess | undefined;
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  writeFileSync(identityFile, identity.privateKey.reveal(), { mode: 0o600 });
  execFileSync('chmod', ['755', directory]);
  writeFileSync(join(directory, 'authorized_keys'), `${identity.publicKey}\n`);
  const config = [
    `Port ${String(port)}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKeyFile}`,
    `AuthorizedKeysFile ${directory}/authorized_keys`,
    'PidFile none',
    'StrictModes no',
    // The login shell must not read the start-up files of whoever runs the tests: they may print, or wait.
    `SetEnv HOME=${directory} PATH=${directory}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'AllowTcpForwarding yes',
    'MaxStartups 100',
  ];
  writeFileSync(join(directory, 'sshd_config'), `${config.join('\n')}\n`);

  const start = async (): Promise<void> => {
    writeFileSync(hostKeyFile, hostKey.privateKey.reveal(), { mode: 0o600 });
    const [file, ...args] = [...by, '/usr/sbin/sshd', '-D', '-e', '-f', join(directory, 'sshd_config')];
    daemon = spawn(file, args, { stdio: 'ignore' });
    for (let i = 0; i < 100 && !(await answers(port)); i += 1) await sleep(50);
  };
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => daemon?.once('exit', resolve));
    cut();
    daemon?.kill('SIGTERM');
    await ended;
  };
  const cut = (): void => {
    for (const pid of childrenOf(daemon?.pid ?? -1)) {
      for (const inner of childrenOf(pid).filter(isSshd)) kill(inner);
      kill(pid);
    }
  };
  await start();
  return {
    endpoint: { address: '127.0.0.1', port, user: 'root', hostKeys: [hostKey.publicKey], identityFile },
    identityFile,
    publicKey: identity.publicKey,
    directory,
    cut,
    async replaceHostKey() {
      await stop();
      hostKey = generateHostKey();
      await start();
      return hostKey;
    },
    async stop() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => {
      resolve(false);
    });
  });
}

/** Process ids of the children of a process, from /proc. */
export function childrenOf(pid: number): readonly number[] {
  const text = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return rows.filter(([, parent]) => parent === pid).map(([child]) => child ?? -1);
}

function isSshd(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('sshd');
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

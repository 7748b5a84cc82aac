/** A real docker-registry on this machine for the time of a test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DockerRegistryOptions {
  /** Basic authentication, as this one. */
  readonly user?: { readonly name: string; readonly password: string };
  readonly tls?: boolean;
  /** With TLS: clients must show a certificate. */
  readonly clients?: boolean;
  /** Where tokens are given. */
  readonly realm?: string;
}

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  readonly directory: string;
  /** Certificate to trust; only there with `tls`. */
  readonly ca: string;
}

const SCRIPT = resolve(import.meta.dirname, '../peers/docker-registry.sh');

/** Starts one on a free port, with nothing in it. */
export async function dockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'docker-registry-'));
  const port = await freePort();
  const { user, tls = false, realm } = options;
  const args = [
    ...(user ? ['--user', `${user.name}:${user.password}`] : []),
    ...(tls ? ['--tls'] : []),
    ...(options.clients === true ? ['--clients'] : []),
    ...(realm === undefined ? [] : ['--token', realm]),
  ];
  const child = spawn(SCRIPT, ['serve', directory, String(port), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'exit');
  await listening(port, () => (child.exitCode === null ? undefined : said));
  return {
    host: `127.0.0.1:${String(port)}`,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${String(port)}`,
    directory,
    ca: join(directory, 'ca.crt'),
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** An environment whose Docker configuration is this and no other. */
export async function dockerConfig(directory: string, config: object): Promise<Record<string, string>> {
  const folder = join(directory, 'docker');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  return { DOCKER_CONFIG: folder, PATH: `${directory}/bin:${process.env.PATH ?? ''}` };
}

/** The password as Docker keeps it. */
export function auth(user: string, password: string): { readonly auth: string } {
  return { auth: Buffer.from(`${user}:${password}`).toString('base64') };
}

/** Key and certificate that tokens are signed with. */
export async function tokenKey(directory: string): Promise<{ readonly key: string; readonly certificate: string }> {
  const [key, certificate] = await Promise.all([
    readFile(join(directory, 'token.key'), 'utf8'),
    readFile(join(directory, 'token.crt'), 'utf8'),
  ]);
  return { key, certificate };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, dead: () => string | undefined): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const why = dead();
    if (why !== undefined) throw new Error(`docker-registry ended: ${why}`);
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await sleep(50);
  }
  throw new Error('docker-registry does not listen');
}

/** A real Glance on this machine for the time of a test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Glance extends AsyncDisposable {
  readonly url: string;
  readonly directory: string;
}

const PEERS = resolve(import.meta.dirname, '../peers');

/** Starts one on a free port, with nothing in it; `quota` is what all images together may have, in bytes. */
export async function glance({ quota = 0 } = {}): Promise<Glance> {
  const port = await freePort();
  return serve('glance', port, 300, ['--quota', String(quota)]);
}

export interface Cloud extends AsyncDisposable {
  /** Of Keystone, with the version. */
  readonly authUrl: string;
  readonly glance: string;
}

/** Keystone and a Glance behind it; user, project and region are `admin` of `RegionOne`, with the password `secret`. */
export async function cloud(): Promise<Cloud> {
  const [identity, image] = [await freePort(), await freePort()];
  const keystone = await serve('keystone', identity, 300, [`http://127.0.0.1:${String(image)}`]);
  const authUrl = `${keystone.url}/v3`;
  const server = await serve('glance', image, 300, ['--keystone', authUrl]);
  return {
    authUrl,
    glance: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await keystone[Symbol.asyncDispose]();
    },
  };
}

/** Starts one of the peers, and waits until it answers its root with a status. */
async function serve(name: string, port: number, ready: number, more: readonly string[]): Promise<Glance> {
  const directory = await mkdtemp(join(tmpdir(), `${name}-`));
  const args = ['serve', directory, String(port), ...more];
  const child = spawn(join(PEERS, `${name}.sh`), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)));
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${String(port)}`;
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 1200) throw new Error(`${name} does not answer: ${said}`);
    const status = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === ready) break;
    await sleep(50);
  }
  return {
    url,
    directory,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** All that Glance has, whatever its status. */
export async function imagesIn(url: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const answer = await fetch(`${url}/v2/images?visibility=all&limit=1000`);
  return ((await answer.json()) as { images: Record<string, unknown>[] }).images;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

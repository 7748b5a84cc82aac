/** A real OpenStack control plane on this machine for the time of a test. Its servers run nothing; what they would do, tests do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

type Document = Readonly<Record<string, unknown>>;
export type ServiceName = 'compute' | 'network' | 'image';

export interface Openstack extends AsyncDisposable {
  /** Addresses, with the version where the catalogue has it. */
  readonly urls: Readonly<Record<ServiceName | 'identity', string>>;
  /** How to enter as admin of the project admin, by variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Asks a service as admin, past what is under test. @throws Error for any status that is none of success */
  ask(service: ServiceName, path: string, method?: string, body?: unknown): Promise<Document>;
  /** Asks Keystone. */
  identity(path: string, body: unknown): Promise<Document>;
  /** Holds the machines that servers run on: new ones stay in the making, until the returned function is called. */
  hold(): () => void;
}

const SCRIPT = resolve(import.meta.dirname, '../peers/openstack.sh');
/** Ports that it takes. */
const PORTS = 9;

/** Starts one; the first start on a machine takes 20 s longer than the next. */
export async function openstack(): Promise<Openstack> {
  const directory = await mkdtemp(join(tmpdir(), 'openstack-'));
  const port = await freePorts(PORTS);
  const child = spawn(SCRIPT, ['serve', directory, String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)));
  await Promise.race([
    once(child.stdout, 'data'),
    exited.then(() => {
      throw new Error(`OpenStack does not start: ${said}`);
    }),
  ]);
  const at = (offset: number, path = ''): string => `http://127.0.0.1:${String(port + offset)}${path}`;
  const urls = { identity: at(0, '/v3'), image: at(2), compute: at(3, '/v2.1'), network: at(4) };
  const { token, user } = await enter(urls.identity);
  const request = async (url: string, method: string, body: unknown): Promise<Document> => {
    const isBytes = body instanceof Uint8Array;
    const types: Readonly<Record<string, string>> = { PATCH: 'application/openstack-images-v2.1-json-patch' };
    const headers = {
      ...{ 'x-auth-token': token, 'openstack-api-version': 'compute 2.90' },
      'content-type': isBytes ? 'application/octet-stream' : (types[method] ?? 'application/json'),
    };
    const payload = isBytes ? Buffer.from(body) : JSON.stringify(body);
    const answer = await fetch(url, { method, headers, ...(body !== undefined && { body: payload }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${url}: ${String(answer.status)} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Document);
  };
  return {
    urls,
    env: {
      ...{ OS_AUTH_URL: urls.identity, OS_USERNAME: 'admin', OS_PASSWORD: 'secret', OS_PROJECT_NAME: 'admin' },
      ...{ OS_USER_DOMAIN_ID: 'default', OS_PROJECT_DOMAIN_ID: 'default', OS_REGION_NAME: 'RegionOne' },
    },
    ask: (service, path, method = 'GET', body) => request(`${urls[service]}/${path}`, method, body),
    identity: (path, body) => request(`${urls.identity}/${path.replace('ME', user)}`, 'POST', body),
    hold() {
      const group = -Number(readFileSync(join(directory, 'run/nova-compute'), 'utf8'));
      process.kill(group, 'SIGSTOP');
      return () => {
        process.kill(group, 'SIGCONT');
      };
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function enter(url: string): Promise<{ readonly token: string; readonly user: string }> {
  const user = { name: 'admin', domain: { id: 'default' }, password: 'secret' };
  const scope = { project: { name: 'admin', domain: { id: 'default' } } };
  const body = JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/auth/tokens`, { method: 'POST', headers, body });
  const known = (await answer.json()) as { token: { user: { id: string } } };
  return { token: answer.headers.get('x-subject-token') ?? '', user: known.token.user.id };
}

/** The first of so many neighbours that are free, below those that connections get. */
async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const first = 20_000 + count * Math.floor(Math.random() * 1000);
    const ports = Array.from({ length: count }, (_, n) => first + n);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error(`There are no ${String(count)} free ports in a row`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const bound = new Promise<boolean>((done) => {
    server.once('error', () => {
      done(false);
    });
    server.once('listening', () => {
      done(true);
    });
  });
  server.listen(port, '127.0.0.1');
  const free = await bound;
  if (free) await new Promise((done) => server.close(done));
  return free;
}

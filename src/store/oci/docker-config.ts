/**
 * Who we are to a registry, as `docker login` keeps it: in `config.json` of `DOCKER_CONFIG` or `~/.docker`, or with a credential
 * helper that it names (github.com/docker/docker-credential-helpers). Read at the moment of use, never copied elsewhere.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { atomicWrite } from '../../host/atomic-file.ts';
import { codeOf } from '../../host/code-of.ts';
import { HostError } from '../../model/errors.ts';
import { Secret } from '../../model/secret.ts';
import { askHelper, tellHelper } from './credential-helper.ts';
import type { Credentials } from './credentials.ts';

type Env = Readonly<Record<string, string | undefined>>;

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string } | null>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

/** Docker's own registry is kept under the address it had at first. */
const DOCKER_HUB = 'https://index.docker.io/v1/';

/** What is kept for a registry's `host[:port]`; undefined where nothing is. @throws HostError when the file or a helper is broken */
export async function credentialsFor(host: string, env: Env): Promise<Credentials | undefined> {
  const path = configPath(env);
  const config = await readConfig(path);
  const helper = config.credHelpers?.[host] ?? config.credsStore;
  if (helper !== undefined) {
    const found = await askHelper(helper, keyOf(host), env);
    if (found) return found;
  }
  for (const key of [keyOf(host), host, `https://${host}`, `https://${host}/v1/`, `https://${host}/v2/`]) {
    const entry = config.auths?.[key];
    if (entry) return decode(entry, host, path);
  }
  return undefined;
}

/** Keeps a password for a registry; says where. @throws HostError when it cannot be kept */
export async function keepCredentials(host: string, user: string, password: Secret, env: Env): Promise<string> {
  const path = configPath(env);
  const config = await readConfig(path);
  const helper = config.credHelpers?.[host] ?? config.credsStore;
  if (helper !== undefined) {
    await tellHelper(helper, { url: keyOf(host), user, password }, env);
    return `docker-credential-${helper}`;
  }
  const auth = Buffer.from(`${user}:${password.reveal()}`).toString('base64');
  const next = { ...config, auths: { ...config.auths, [keyOf(host)]: { auth } } };
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await atomicWrite(path, `${JSON.stringify(next, null, '\t')}\n`, { mode: 0o600 });
  } catch (error) {
    throw new HostError(`Cannot keep the password as the file cannot be written (${codeOf(error)}): ${path}`, {
      hint: `ls -ld ${dirname(path)}`,
      cause: error,
    });
  }
  return path;
}

function configPath(env: Env): string {
  return join(env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker'), 'config.json');
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new HostError(`Cannot read the passwords of registries (${codeOf(error)}): ${path}`, { cause: error });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below; the parser's message would show a part of the file.
  }
  throw new HostError(`Cannot read the passwords of registries as the file is no JSON object: ${path}`);
}

function decode(
  entry: { readonly auth?: string; readonly identitytoken?: string },
  host: string,
  path: string,
): Credentials | undefined {
  // Docker writes an empty entry where a helper has the password.
  if (entry.auth === undefined && entry.identitytoken === undefined) return undefined;
  const [, user = '', password = ''] =
    /^([^:]*):([^]*)$/.exec(Buffer.from(entry.auth ?? '', 'base64').toString()) ?? [];
  const token = entry.identitytoken ?? '';
  if (token !== '') return { user, secret: new Secret(token), identity: true };
  if (user === '')
    throw new HostError(`Cannot read the password of ${host} as it is not base64 of user:password: ${path}`);
  return { user, secret: new Secret(password.replace(/\0+$/, '')), identity: false };
}

function keyOf(host: string): string {
  return host === 'registry-1.docker.io' || host === 'docker.io' ? DOCKER_HUB : host;
}

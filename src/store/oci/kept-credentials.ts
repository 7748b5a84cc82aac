/**
 * Who we are to a registry, as other programs keep it: in the files of {@link authPaths}, or with a credential helper that one of
 * them names (github.com/docker/docker-credential-helpers). Read at the moment of use, never copied elsewhere.
 */
import { HostError } from '../../model/errors.ts';
import { Secret } from '../../model/secret.ts';
import { authPaths, readAuthFile, writeAuthFile } from './auth-files.ts';
import type { AuthConfig, AuthEntry, Env } from './auth-files.ts';
import { askHelper, eraseFromHelper, tellHelper } from './credential-helper.ts';
import type { ChooseCredentials, Credentials } from './credentials.ts';

/** Docker's own registry is kept under the address it had at first; Podman keeps it under the name that images have. */
const DOCKER_HUB = ['https://index.docker.io/v1/', 'docker.io', 'registry-1.docker.io'];

/**
 * What is kept for a registry's `host[:port]`: the first file that has something decides, and in it the entry of the most of a
 * repository's path, as `host/team` is for `team/php`. Where no repository is named any of its entries will do.
 * @throws HostError when a file or a helper is broken
 */
export async function keptCredentials(host: string, env: Env): Promise<ChooseCredentials> {
  const found: ChooseCredentials[] = [];
  for (const path of authPaths(env)) {
    const config = await readAuthFile(path);
    const helper = helperOf(config, host);
    const told = helper === undefined ? undefined : await askHelper(helper, keyOf(host), env);
    if (told) found.push(() => told);
    else found.push((repository) => entryFor(config, host, repository, path));
    // What comes later is never asked for.
    if (told ?? usable(config, keysOf(host))) break;
  }
  return (repository) => {
    for (const choose of found) {
      const credentials = choose(repository);
      if (credentials) return credentials;
    }
    return undefined;
  };
}

/** Keeps a password for a registry; says where. @throws HostError when it cannot be kept */
export async function keepCredentials(host: string, user: string, password: Secret, env: Env): Promise<string> {
  const [path] = authPaths(env);
  const config = await readAuthFile(path);
  const helper = helperOf(config, host);
  if (helper !== undefined) {
    await tellHelper(helper, { url: keyOf(host), user, password }, env);
    return nameOf(helper);
  }
  const auth = Buffer.from(`${user}:${password.reveal()}`).toString('base64');
  await writeAuthFile(path, { ...config, auths: { ...config.auths, [keyOf(host)]: { auth } } });
  return path;
}

/** Where the password of a registry was taken away, and which other files still have one, which are not ours to write. */
export interface Forgotten {
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

/** Takes away what {@link keepCredentials} or another program kept at the same place. @throws HostError when that fails */
export async function forgetCredentials(host: string, env: Env): Promise<Forgotten> {
  const [path, ...others] = authPaths(env);
  const config = await readAuthFile(path);
  const removed: string[] = [];
  const helper = helperOf(config, host);
  if (helper !== undefined && (await askHelper(helper, keyOf(host), env))) {
    await eraseFromHelper(helper, keyOf(host), env);
    removed.push(nameOf(helper));
  }
  const keys = keysOf(host);
  const gone = keys.filter((key) => config.auths?.[key] !== undefined);
  if (gone.length > 0) {
    const auths = Object.fromEntries(Object.entries(config.auths ?? {}).filter(([key]) => !keys.includes(key)));
    await writeAuthFile(path, { ...config, auths });
    // An empty entry only says that a helper has the password.
    if (usable(config, gone)) removed.push(path);
  }
  const left: string[] = [];
  for (const other of others) if (await has(other, host, env)) left.push(other);
  return { removed, left };
}

async function has(path: string, host: string, env: Env): Promise<boolean> {
  const config = await readAuthFile(path);
  if (entryFor(config, host, undefined, path)) return true;
  const helper = helperOf(config, host);
  return helper !== undefined && (await askHelper(helper, keyOf(host), env)) !== undefined;
}

function entryFor(
  { auths = {} }: AuthConfig,
  host: string,
  repository: string | undefined,
  path: string,
): Credentials | undefined {
  const whole = usable({ auths }, keysOf(host));
  const parts = repository?.split('/') ?? [];
  const names = namesOf(host);
  // `host/team/php`, then `host/team`: the most of the path first.
  const below = parts.flatMap((_, at) => names.map((name) => [name, ...parts.slice(0, parts.length - at)].join('/')));
  const any = Object.keys(auths).filter((key) => names.some((name) => key.startsWith(`${name}/`)));
  const entry = repository === undefined ? (whole ?? usable({ auths }, any)) : (usable({ auths }, below) ?? whole);
  return entry && decode(entry, host, path);
}

/** The first of these entries that has a password. */
function usable({ auths }: AuthConfig, keys: readonly string[]): AuthEntry | undefined {
  for (const key of keys) {
    const entry = auths?.[key];
    // Docker writes an empty entry where a helper has the password.
    if (entry && (entry.auth !== undefined || entry.identitytoken !== undefined)) return entry;
  }
  return undefined;
}

function decode(entry: AuthEntry, host: string, path: string): Credentials {
  const [, user = '', password = ''] =
    /^([^:]*):([^]*)$/.exec(Buffer.from(entry.auth ?? '', 'base64').toString()) ?? [];
  const token = entry.identitytoken ?? '';
  if (token !== '') return { user, secret: new Secret(token), identity: true };
  if (user === '')
    throw new HostError(`Cannot read the password of ${host} as it is not base64 of user:password: ${path}`);
  return { user, secret: new Secret(password.replace(/\0+$/, '')), identity: false };
}

function helperOf({ credHelpers, credsStore }: AuthConfig, host: string): string | undefined {
  for (const name of namesOf(host)) if (credHelpers?.[name] !== undefined) return credHelpers[name];
  return credsStore;
}

/** What files call the registry, with what old versions of Docker wrote. */
function keysOf(host: string): readonly string[] {
  return namesOf(host).flatMap((name) => [name, `https://${name}`, `https://${name}/v1/`, `https://${name}/v2/`]);
}

function namesOf(host: string): readonly string[] {
  return DOCKER_HUB.includes(host) ? DOCKER_HUB : [host];
}

/** Under which it is written. */
function keyOf(host: string): string {
  return namesOf(host)[0] ?? host;
}

function nameOf(helper: string): string {
  return `docker-credential-${helper}`;
}

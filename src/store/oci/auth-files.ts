/** Files in which `docker login`, `podman login` and `skopeo login` keep passwords of registries: where they are, and what is in them. */
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { atomicWrite } from '../../host/atomic-file.ts';
import { codeOf } from '../../host/code-of.ts';
import { HostError } from '../../model/errors.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** One password as it stands in a file: `user:password` by base64, or a token that is exchanged for others. */
export interface AuthEntry {
  readonly auth?: string;
  readonly identitytoken?: string;
}

/** What is known of such a file; the rest of it is kept as it is. Docker's and Podman's have one form. */
export interface AuthConfig {
  readonly auths?: Readonly<Record<string, AuthEntry | null>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

/**
 * The files in the order in which they are looked into; the first is also the one that is written. `REGISTRY_AUTH_FILE` is one that
 * somebody chose (skopeo-login(1)); then Docker's, which is ours too; then Podman's in their own order (containers-auth.json(5)).
 */
export function authPaths(env: Env): readonly [string, ...string[]] {
  const home = env.HOME ?? homedir();
  const docker = join(env.DOCKER_CONFIG ?? join(home, '.docker'), 'config.json');
  const podman = [env.XDG_RUNTIME_DIR, env.XDG_CONFIG_HOME ?? join(home, '.config')]
    .filter((folder = '') => folder !== '')
    .map((folder = '') => join(folder, 'containers/auth.json'));
  const chosen = env.REGISTRY_AUTH_FILE ?? '';
  return chosen === '' ? [docker, ...podman] : [chosen, docker, ...podman];
}

/** What is in a file; nothing where there is none. @throws HostError when it cannot be read, without a word of its content */
export async function readAuthFile(path: string): Promise<AuthConfig> {
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

/** Writes a file that only its owner reads, in one step. @throws HostError */
export async function writeAuthFile(path: string, config: AuthConfig): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await atomicWrite(path, `${JSON.stringify(config, null, '\t')}\n`, { mode: 0o600 });
  } catch (error) {
    throw new HostError(`Cannot keep passwords as the file cannot be written (${codeOf(error)}): ${path}`, {
      hint: `ls -ld ${dirname(path)}`,
      cause: error,
    });
  }
}

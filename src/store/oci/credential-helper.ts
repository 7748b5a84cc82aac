/** The protocol of docker-credential-* programs: a verb as argument, JSON on standard input and output. */
import { HostError } from '../../model/errors.ts';
import { Secret } from '../../model/secret.ts';
import type { Env } from './auth-files.ts';
import type { Credentials } from './credentials.ts';

/** User name under which a helper gives a token instead of a password. */
const TOKEN_USER = '<token>';

/** What the helper has for a registry; undefined when it has nothing. @throws HostError when it fails */
export async function askHelper(helper: string, url: string, env: Env): Promise<Credentials | undefined> {
  const { exitCode, stdout } = await run(helper, 'get', url, env);
  if (exitCode !== 0) {
    // The words are part of the protocol: helpers say so, and nothing else says it.
    if (/credentials not found/i.test(stdout)) return undefined;
    throw broken(helper, `it ends with ${String(exitCode)} for ${url}: ${stdout.trim().slice(0, 200)}`);
  }
  let value: { readonly Username?: unknown; readonly Secret?: unknown };
  try {
    value = JSON.parse(stdout) as typeof value;
  } catch {
    throw broken(helper, 'its answer is not JSON');
  }
  if (typeof value.Username !== 'string' || typeof value.Secret !== 'string')
    throw broken(helper, 'its answer has no Username and Secret');
  const identity = value.Username === TOKEN_USER;
  return { user: identity ? '' : value.Username, secret: new Secret(value.Secret), identity };
}

/** Has the helper keep a password. @throws HostError when it does not */
export async function tellHelper(
  helper: string,
  { url, user, password }: { readonly url: string; readonly user: string; readonly password: Secret },
  env: Env,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: url, Username: user, Secret: password.reveal() });
  const { exitCode, stdout } = await run(helper, 'store', input, env);
  if (exitCode !== 0) throw broken(helper, `it ends with ${String(exitCode)}: ${stdout.trim().slice(0, 200)}`);
}

/** Has the helper forget a password. @throws HostError when it does not */
export async function eraseFromHelper(helper: string, url: string, env: Env): Promise<void> {
  const { exitCode, stdout } = await run(helper, 'erase', url, env);
  if (exitCode !== 0) throw broken(helper, `it ends with ${String(exitCode)}: ${stdout.trim().slice(0, 200)}`);
}

async function run(
  helper: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  env: Env,
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const { execa } = await import('execa');
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) throw broken(helper, 'its name is not one of a program');
  const { exitCode, stdout, failed, code } = await execa(`docker-credential-${helper}`, [verb], {
    input,
    env: { ...env },
    extendEnv: false,
    reject: false,
    timeout: 60_000,
    stderr: 'ignore',
  });
  if (failed && exitCode === undefined) throw broken(helper, `it does not run (${code ?? 'timeout'})`);
  return { exitCode: exitCode ?? 1, stdout };
}

function broken(helper: string, why: string): HostError {
  return new HostError(`Cannot use the credential helper docker-credential-${helper} as ${why}`, {
    hint: `docker-credential-${helper} list`,
  });
}

/** Which key signs: the one that is asked for, else the agent's only one, else the operator's own. */
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../model/errors.ts';
import { openssh } from './ssh-keygen.ts';
import type { KeygenOptions } from './ssh-keygen.ts';

export type SigningKey =
  /** A private key, or a public key or certificate whose private part the agent has. */
  | { readonly kind: 'file'; readonly path: string }
  /** A key of the agent, as `ssh-add -L` prints it. */
  | { readonly kind: 'agent'; readonly publicKey: string };

const OWN_KEYS = ['id_ed25519', 'id_ed25519_sk', 'id_ecdsa', 'id_rsa'];

/**
 * Chooses the key. `asked` comes first, then `STRATOS_SIGNING_KEY`: a file, or a comment of a key of the agent.
 * @throws UsageError when there is none, or when the agent has several to choose from
 */
export async function signingKey(asked: string | undefined, options: KeygenOptions): Promise<SigningKey> {
  const wanted = asked ?? options.env.STRATOS_SIGNING_KEY;
  if (wanted !== undefined && wanted !== '') return named(wanted, options);
  const keys = await agentKeys(options);
  if (keys.length > 1)
    throw new UsageError(
      `Cannot choose a key to sign with as the agent has several: ${keys.map(commentOf).join(', ')}`,
      {
        hint: 'ssh-add -l',
      },
    );
  if (keys[0] !== undefined) return { kind: 'agent', publicKey: keys[0] };
  const home = options.env.HOME ?? homedir();
  for (const name of OWN_KEYS) {
    const path = join(home, '.ssh', name);
    if (await exists(path)) return { kind: 'file', path };
  }
  throw new UsageError('Cannot sign as there is no key: none in the SSH agent and none in ~/.ssh', {
    hint: 'ssh-keygen -t ed25519',
  });
}

async function named(wanted: string, options: KeygenOptions): Promise<SigningKey> {
  if (await exists(wanted)) return { kind: 'file', path: wanted };
  const found = (await agentKeys(options)).filter((key) => commentOf(key) === wanted);
  if (found.length === 1 && found[0] !== undefined) return { kind: 'agent', publicKey: found[0] };
  throw new UsageError(`Cannot sign as neither a file nor a key of the SSH agent has this name: ${wanted}`, {
    hint: 'ssh-add -l',
  });
}

/** Public keys of the agent; none where there is no agent. */
async function agentKeys(options: KeygenOptions): Promise<readonly string[]> {
  if (!options.env.SSH_AUTH_SOCK) return [];
  const { status, stdout } = await openssh('ssh-add', ['-L'], { env: options.env, signal: options.signal });
  return status === 0 ? stdout.split('\n').filter((line) => /^\S+ AAAA/.test(line)) : [];
}

/** `alice@example.org` of `ssh-ed25519 AAAA… alice@example.org`. */
function commentOf(key: string): string {
  return key.split(' ').slice(2).join(' ');
}

/** Whether it can be used is OpenSSH's answer. */
async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

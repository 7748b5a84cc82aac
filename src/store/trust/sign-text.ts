/** An SSH signature over a text. */
import { StoreError } from '../../model/errors.ts';
import { openssh, withPrivateFiles } from './ssh-keygen.ts';
import type { KeygenOptions } from './ssh-keygen.ts';
import type { SigningKey } from './signing-key.ts';

/** Says the passphrase that is in the environment, and so in no argument list and no file. */
const ASKPASS = '#!/bin/sh\nprintf \'%s\\n\' "$STRATOS_SSH_PASSPHRASE"\n';

/**
 * Signs `text` in a namespace and returns the armoured signature. An encrypted key that the agent does not have is unlocked by
 * `STRATOS_SSH_PASSPHRASE`, else OpenSSH asks on the terminal.
 * @throws StoreError when the key cannot be used, HostError without OpenSSH, InterruptedError
 */
export async function signText(
  text: string,
  namespace: string,
  key: SigningKey,
  options: Omit<KeygenOptions, 'input'>,
): Promise<string> {
  const files = {
    askpass: { text: ASKPASS, mode: 0o700 },
    ...(key.kind === 'agent' ? { 'key.pub': { text: `${key.publicKey}\n` } } : {}),
  };
  return withPrivateFiles(files, async (path) => {
    const file = key.kind === 'agent' ? path('key.pub') : key.path;
    const passphrase = options.env.STRATOS_SSH_PASSPHRASE;
    const env =
      passphrase === undefined
        ? options.env
        : { ...options.env, SSH_ASKPASS: path('askpass'), SSH_ASKPASS_REQUIRE: 'force' };
    const args = ['-Y', 'sign', '-q', '-n', namespace, '-f', file];
    const result = await openssh('ssh-keygen', args, { ...options, env, input: text, patient: true });
    if (result.status === 0 && result.stdout !== '') return result.stdout;
    const name = key.kind === 'agent' ? key.publicKey.split(' ').slice(2).join(' ') : key.path;
    throw new StoreError(`Cannot sign with ${name} as OpenSSH refuses: ${result.complaints.at(-1) ?? ''}`, {
      hint: key.kind === 'file' ? `ssh-add ${key.path}` : 'ssh-add -l',
    });
  });
}

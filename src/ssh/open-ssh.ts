/** The system's ssh, for what is large: a program to start, with the transport's identity and pinned keys. */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../model/endpoint.ts';
import type { KeyRing } from './key-ring.ts';
import { sshArguments } from './ssh-arguments.ts';
import type { TransportSettings } from './transport.ts';

export interface OpenSsh {
  /** Program and arguments, up to the destination. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @throws UnreachableError when no usable host key is pinned */
export async function openSsh(
  name: string,
  endpoint: Endpoint,
  settings: TransportSettings,
  keys: KeyRing,
): Promise<OpenSsh> {
  const passphrase = await passphraseFor(endpoint, settings, keys);
  const command = await sshArguments({
    name,
    endpoint,
    directory: settings.directory,
    identityFile: settings.identityFile,
    connectTimeout: (settings.connectTimeout ?? 10_000) / 1000,
    passphrase: passphrase !== undefined,
  });
  const env = {
    ...settings.env,
    LC_ALL: 'C',
    ...(passphrase === undefined ? {} : await askpassEnvironment(settings.directory, passphrase)),
  };
  return { command, env };
}

/** The passphrase of the key that will be used, when it needs one and can be unlocked; else the agent has to help. */
async function passphraseFor(
  endpoint: Endpoint,
  settings: TransportSettings,
  keys: KeyRing,
): Promise<string | undefined> {
  for (const file of [endpoint.identityFile, endpoint.jump?.identityFile, settings.identityFile]) {
    if (file === undefined) continue;
    const loaded = await keys.load(file);
    if (loaded.status === 'ready' && loaded.passphrase !== undefined) return loaded.passphrase;
  }
  return undefined;
}

/** ssh takes a passphrase from a program alone; ours repeats a variable, which only this user can read. */
async function askpassEnvironment(directory: string, passphrase: string): Promise<Readonly<Record<string, string>>> {
  const file = join(directory, 'askpass.sh');
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(temporary, '#!/bin/sh\nprintf \'%s\\n\' "$STRATOS_SSH_PASSPHRASE"\n', { mode: 0o700, flag: 'wx' });
  await rename(temporary, file);
  return { SSH_ASKPASS: file, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0', STRATOS_SSH_PASSPHRASE: passphrase };
}

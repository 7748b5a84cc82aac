/** Pinned host keys as files for the system's ssh, which knows no other way to be told. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../model/endpoint.ts';
import { fingerprint, pinnedKeys } from './host-keys.ts';

/**
 * Writes an endpoint's pinned keys under the alias `stratos` (for ssh's HostKeyAlias) and returns the file's path. The name
 * follows from the keys, the content is replaced as a whole, mode 0600: any number of copies may do so at one time.
 * @throws UnreachableError when no usable key is pinned
 */
export async function writeKnownHosts(directory: string, name: string, endpoint: Endpoint): Promise<string> {
  const keys = pinnedKeys(name, endpoint);
  const lines = keys.map(({ type, blob }) => `${HOST_KEY_ALIAS} ${type} ${blob.toString('base64')}\n`).join('');
  const id = createHash('sha256')
    .update(keys.map(({ blob }) => fingerprint(blob)).join())
    .digest('hex')
    .slice(0, 16);
  const file = join(directory, `known_hosts-${id}`);
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(temporary, lines, { mode: 0o600, flag: 'wx' });
  await rename(temporary, file);
  return file;
}

/** The name under which {@link writeKnownHosts} lists the keys: an address may have any form, this has one. */
export const HOST_KEY_ALIAS = 'stratos';

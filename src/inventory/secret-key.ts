/** The project's own key for fingerprints of secrets: never shown, never sent, in no file that is shared. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import { quote } from '../shell/quote.ts';
import { createProjectFile, makeDirectory } from './project-file.ts';

/** Name of the file in the project's state directory. */
export const SECRET_KEY_FILE = 'secret.key';

/**
 * Gives the key in `secret.key` of `directory`, 32 random bytes in hex; made the first time, mode 0600. Two runs at once agree
 * on one.
 * @throws ProjectFileError when it cannot be read or written, or what is there is not such a key
 */
export async function ensureSecretKey(directory: string): Promise<string> {
  const path = join(directory, SECRET_KEY_FILE);
  const known = await readKey(path);
  if (known !== undefined) return known;
  await makeDirectory(directory);
  await createProjectFile(path, `${randomBytes(32).toString('hex')}\n`);
  // Whoever came first made the key that counts.
  return (await readKey(path)) ?? refuse(path, 'it is gone since it was made');
}

async function readKey(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT') return undefined;
    return refuse(path, `the system refuses it (${code})`, cause);
  }
  const key = text.trim();
  return /^[0-9a-f]{64}$/.test(key) ? key : refuse(path, 'it is not 64 hexadecimal digits');
}

function refuse(path: string, reason: string, cause?: unknown): never {
  throw new ProjectFileError(`Cannot read the key for fingerprints of secrets as ${reason}: ${path}`, {
    // Without it a new one is made; processes that have secrets are then replaced once.
    hint: `mv ${quote(path)} ${quote(`${path}.broken`)}`,
    cause,
  });
}

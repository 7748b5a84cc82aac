/** Key pairs in OpenSSH's form: the project's own identity, and host keys for new VMs. */
import { createPublicKey, generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../host/code-of.ts';
import { ProjectFileError } from '../model/errors.ts';
import { Secret } from '../model/secret.ts';

export interface KeyPair {
  /** The text of an OpenSSH private key file. */
  readonly privateKey: Secret;
  /** `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
}

/** Makes an ed25519 key pair for a VM's sshd. */
export function generateHostKey(): KeyPair {
  return generateKeyPair('stratos-host-key');
}

/**
 * Gives the project's own key pair, `id_ed25519` in `directory`; made the first time, mode 0600. Two runs at once agree on one.
 * @throws ProjectFileError when it cannot be written, or what is there is not such a key
 */
export async function ensureKeyPair(
  directory: string,
): Promise<{ readonly privateKeyFile: string; readonly publicKey: string }> {
  const privateKeyFile = join(directory, 'id_ed25519');
  try {
    const known = await readPublicKey(privateKeyFile);
    if (known !== undefined) return { privateKeyFile, publicKey: known };
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { privateKey } = generateKeyPair('stratos');
    const temporary = `${privateKeyFile}.${randomBytes(6).toString('hex')}`;
    await writeFile(temporary, privateKey.reveal(), { mode: 0o600, flag: 'wx' });
    // A link, unlike a rename, leaves the key of whoever came first.
    await link(temporary, privateKeyFile).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await rm(temporary);
    const publicKey = (await readPublicKey(privateKeyFile)) ?? '';
    await writeFile(`${privateKeyFile}.pub`, `${publicKey}\n`, { mode: 0o644 });
    return { privateKeyFile, publicKey };
  } catch (error) {
    if (error instanceof ProjectFileError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ProjectFileError(`Cannot make the key pair ${privateKeyFile} as it cannot be written: ${code}`, {
      cause: error,
    });
  }
}

/** The public part of a private key file that this module wrote; undefined if there is no file. */
async function readPublicKey(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const body = Buffer.from(/-{5}BEGIN OPENSSH PRIVATE KEY-{5}([^-]*)-{5}END/.exec(text)?.[1] ?? '', 'base64');
  const at = HEADER.length;
  if (!body.subarray(0, at).equals(HEADER)) {
    throw new ProjectFileError(
      `Cannot use ${file} as it is not an unencrypted OpenSSH key: ${text.slice(0, 36).trim()}`,
    );
  }
  const blob = body.subarray(at + 4, at + 4 + body.readUInt32BE(at));
  return `ssh-ed25519 ${blob.toString('base64')} stratos`;
}

/** Before the public key: magic, cipher, key derivation and its options, number of keys (PROTOCOL.key of OpenSSH). */
const HEADER = Buffer.concat([
  Buffer.from('openssh-key-v1\0'),
  field('none'),
  field('none'),
  field(''),
  Buffer.from([0, 0, 0, 1]),
]);

/** Makes an ed25519 key pair. */
export function generateKeyPair(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = Buffer.from(String(privateKey.export({ format: 'jwk' }).d), 'base64url');
  const point = Buffer.from(String(createPublicKey(privateKey).export({ format: 'jwk' }).x), 'base64url');
  const blob = Buffer.concat([field('ssh-ed25519'), field(point)]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(randomInt(2 ** 32));
  const secret = Buffer.concat([check, check, blob, field(Buffer.concat([seed, point])), field(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1));
  const body = Buffer.concat([HEADER, field(blob), field(Buffer.concat([secret, padding]))]).toString('base64');
  const lines = body.match(/.{1,70}/g) ?? [];
  return {
    privateKey: new Secret(
      ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    ),
    publicKey: `ssh-ed25519 ${blob.toString('base64')} ${comment}`,
  };
}

/** A length and the bytes: SSH's string. */
function field(value: string | Buffer): Buffer {
  const data = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}

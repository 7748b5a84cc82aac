/** Private keys of this machine, each read and unlocked once. */
import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { codeOf } from '../host/code-of.ts';
import type { TransportSettings } from './transport.ts';

/** A key that can sign, or why it cannot; `hint` is a command that helps. */
export type LoadedKey =
  | { readonly status: 'ready'; readonly key: ParsedKey; readonly passphrase?: string }
  | { readonly status: 'unusable'; readonly why: string; readonly hint?: string };

export interface KeyRing {
  /** Reads a key file; an encrypted one is unlocked by STRATOS_SSH_PASSPHRASE, else by asking, once for all connections. */
  load(file: string): Promise<LoadedKey>;
}

type KeyRingSettings = Pick<TransportSettings, 'askPassphrase' | 'env'>;

/** Makes an empty key ring. */
export function keyRing(settings: KeyRingSettings): KeyRing {
  const keys = new Map<string, Promise<LoadedKey>>();
  return {
    load(file) {
      const known = keys.get(file) ?? loadKey(file, settings);
      keys.set(file, known);
      return known;
    },
  };
}

async function loadKey(file: string, settings: KeyRingSettings): Promise<LoadedKey> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    return { status: 'unusable', why: `key ${file} cannot be read: ${codeOf(error)}` };
  }
  const { utils } = (await import('ssh2')).default;
  const plain = asKey(utils.parseKey(text));
  if (!(plain instanceof Error)) return { status: 'ready', key: plain };
  if (!isEncrypted(text, plain))
    return { status: 'unusable', why: `key ${file} is not a private key: ${plain.message}` };

  const fromEnv = settings.env.STRATOS_SSH_PASSPHRASE;
  const passphrase = fromEnv ?? (await settings.askPassphrase?.(file));
  const hint = `ssh-add ${file}`;
  if (passphrase === undefined) {
    return { status: 'unusable', why: `key ${file} is encrypted and STRATOS_SSH_PASSPHRASE is not set`, hint };
  }
  const key = asKey(utils.parseKey(text, passphrase));
  if (!(key instanceof Error)) return { status: 'ready', key, passphrase };
  const source = fromEnv === undefined ? 'the passphrase given' : 'STRATOS_SSH_PASSPHRASE';
  return { status: 'unusable', why: `key ${file} is not unlocked by ${source}`, hint };
}

/** ssh2 answers with a list for OpenSSH's form, whatever its types say. */
function asKey(parsed: ParsedKey | ParsedKey[] | Error): ParsedKey | Error {
  if (parsed instanceof Error) return parsed;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key?.isPrivateKey() ? key : new Error('it has no private part');
}

/** By the file's own form where it says so; OpenSSH's form says it inside, where only the parser looks. */
function isEncrypted(text: Buffer, error: Error): boolean {
  return text.includes('ENCRYPTED') || /encrypted/i.test(error.message);
}

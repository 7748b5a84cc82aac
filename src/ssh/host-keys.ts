/** Pinned host keys: the only ones a server may present. There is no trust on first use. */
import { createHash } from 'node:crypto';
import type { Endpoint } from '../model/endpoint.ts';
import { unreachable } from './unreachable.ts';

/** One OpenSSH public key. */
export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`. */
  readonly type: string;
  /** The key in SSH's wire form. */
  readonly blob: Buffer;
}

/**
 * Reads the pinned keys of an endpoint.
 * @throws UnreachableError `host-key-changed` when there is none or one is not an OpenSSH public key.
 */
export function pinnedKeys(name: string, endpoint: Endpoint): readonly HostKey[] {
  const keys = endpoint.hostKeys.map((line) => {
    const key = parsePublicKey(line);
    if (!key) {
      const why = `its pinned host key is not an OpenSSH public key: ${line.slice(0, 80)}`;
      throw unreachable(name, endpoint, 'host-key-changed', why);
    }
    return key;
  });
  if (keys.length === 0) throw unreachable(name, endpoint, 'host-key-changed', 'no host key is pinned for it');
  return keys;
}

/** Reads `ssh-ed25519 AAAA… comment`; undefined if it is something else, or the type does not match the key. */
export function parsePublicKey(line: string): HostKey | undefined {
  const [type = '', base64 = ''] = line.trim().split(/\s+/);
  const blob = Buffer.from(base64, 'base64');
  if (!/^[a-z0-9@.-]+$/.test(type) || blob.length < 4 + type.length) return undefined;
  return keyType(blob) === type ? { type, blob } : undefined;
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The type that stands at the beginning of every key in wire form. */
export function keyType(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
}

/** Signature algorithms to offer, so that a server with several keys presents one that is pinned. */
export function hostKeyAlgorithms(keys: readonly HostKey[]): readonly string[] {
  return [...new Set(keys.flatMap(({ type }) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type])))];
}

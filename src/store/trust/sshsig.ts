/** Reads the armoured signatures that `ssh-keygen -Y sign` writes (PROTOCOL.sshsig of OpenSSH). Checks nothing of them. */
import { createHash } from 'node:crypto';

export interface SignatureFacts {
  /** Of the public key that is in the signature, as `ssh-keygen -l` shows it: `SHA256:…`. */
  readonly fingerprint: string;
  /** `ssh-ed25519`. */
  readonly keyType: string;
  readonly namespace: string;
}

/** Largest signature that is looked at, in bytes; one with a certificate of many principals has some thousands. */
export const MAX_SIGNATURE = 32_768;
const ARMOUR = /^-{5}BEGIN SSH SIGNATURE-{5}\r?\n([A-Za-z0-9+/=\r\n]+)-{5}END SSH SIGNATURE-{5}\r?\n?$/;
const MAGIC = Buffer.from('SSHSIG');

/** What a signature says of itself; undefined for what is none. */
export function readSignature(armoured: string): SignatureFacts | undefined {
  if (armoured.length > MAX_SIGNATURE) return undefined;
  const body = Buffer.from(ARMOUR.exec(armoured)?.[1] ?? '', 'base64');
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  // A number says which version of the format it is; then the key and the namespace as strings of SSH.
  const key = stringAt(body, MAGIC.length + 4);
  const namespace = key && stringAt(body, key.end);
  const keyType = key && stringAt(key.value, 0);
  if (!namespace || !keyType) return undefined;
  const fingerprint = createHash('sha256').update(key.value).digest('base64').replace(/=+$/, '');
  return {
    fingerprint: `SHA256:${fingerprint}`,
    keyType: keyType.value.toString('latin1'),
    namespace: namespace.value.toString('utf8'),
  };
}

/** A length of four bytes and as many bytes; undefined when the buffer is too short. */
function stringAt(buffer: Buffer, at: number): { readonly value: Buffer; readonly end: number } | undefined {
  if (at + 4 > buffer.length) return undefined;
  const end = at + 4 + buffer.readUInt32BE(at);
  return end > buffer.length ? undefined : { value: buffer.subarray(at + 4, end), end };
}

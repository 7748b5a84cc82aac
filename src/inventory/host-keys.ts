/** OpenSSH host keys: as they stand in the spec, and in known_hosts files. */
import { createHmac } from 'node:crypto';

/** `type base64` without comment; undefined when it is not a public key, cut ones included. */
export function parsePublicKey(text: string): string | undefined {
  const [type, blob] = text.trim().split(/\s+/);
  if (type === undefined || blob === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return undefined;
  if (
    !/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/.test(
      type,
    )
  )
    return undefined;
  const fields = sshFields(Buffer.from(blob, 'base64'));
  return fields !== undefined && fields.length > 1 && fields[0]?.toString() === type ? `${type} ${blob}` : undefined;
}

/** Keys that a known_hosts file has for an address and port, revoked ones left out. Reads hashed names, patterns and `[address]:port`. */
export function knownHostKeys(text: string, address: string, port: number): readonly string[] {
  const wanted = (port === 22 ? address : `[${address}]:${String(port)}`).toLowerCase();
  const keys = new Set<string>();
  const revoked = new Set<string>();
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
    const [names, ...rest] = fields;
    if (names === undefined || names === '' || names.startsWith('#')) continue;
    // A certificate authority is not a key a server presents.
    if (marker !== undefined && marker !== '@revoked') continue;
    const key = parsePublicKey(rest.join(' '));
    if (key !== undefined && matches(names, wanted)) (marker ? revoked : keys).add(key);
  }
  return [...keys].filter((key) => !revoked.has(key));
}

/** The fields of an SSH wire blob; undefined when it ends in the middle of one. */
function sshFields(blob: Buffer): readonly Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function matches(names: string, wanted: string): boolean {
  if (names.startsWith('|1|')) {
    const [, , salt, hash] = names.split('|');
    return (
      salt !== undefined && createHmac('sha1', Buffer.from(salt, 'base64')).update(wanted).digest('base64') === hash
    );
  }
  const patterns = names.toLowerCase().split(',');
  if (patterns.some((each) => each.startsWith('!') && glob(each.slice(1), wanted))) return false;
  return patterns.some((each) => !each.startsWith('!') && glob(each, wanted));
}

function glob(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}

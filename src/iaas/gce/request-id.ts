/** What makes a request of GCE the same request when it is repeated. */
import { createHash } from 'node:crypto';

/**
 * A UUID (version 8, RFC 9562) of what is asked for. GCE takes a second request with it for the first one, for an hour or more: so
 * everything that tells two wishes apart must be in it, the host key of a machine that is made anew too.
 */
export function requestId(...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

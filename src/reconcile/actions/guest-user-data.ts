/** User data of a machine that is a process, with what is made for that machine alone in it. Pure. */
import { Secret } from '../../model/secret.ts';

/** What the places in user data are filled with. */
export interface GuestKeys {
  readonly hostKey: { readonly privateKey: Secret; readonly publicKey: string };
  /** Public key that the project logs in with. */
  readonly authorizedKey: string;
}

/** The place of the private host key: without it nobody could know the machine. */
export const HOST_KEY_PLACE = '{{hostKey}}';

/**
 * Fills `{{hostKey}}` (the private key file in base 64), `{{hostKeyPublic}}` and `{{authorizedKey}}` (`ssh-ed25519 AAAA…`). The values are of
 * letters that no script or configuration takes apart inside quotes; whatever else is in braces stays. Undefined where the host key has no place.
 */
export function fillUserData(template: Secret, { hostKey, authorizedKey }: GuestKeys): Secret | undefined {
  const text = template.reveal();
  if (!text.includes(HOST_KEY_PLACE)) return undefined;
  const values: Readonly<Record<string, string>> = {
    hostKey: Buffer.from(hostKey.privateKey.reveal()).toString('base64'),
    hostKeyPublic: withoutComment(hostKey.publicKey),
    authorizedKey: withoutComment(authorizedKey),
  };
  return new Secret(
    text.replaceAll(/\{\{(hostKey|hostKeyPublic|authorizedKey)\}\}/g, (place, name: string) => values[name] ?? place),
  );
}

/** Type and key: a comment is text of somebody's. */
export function withoutComment(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(' ');
}

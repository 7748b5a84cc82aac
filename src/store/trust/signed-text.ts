/** What a signature of an image says. */
import { isDigest } from '../reference.ts';

/** Namespace of the signatures: `ssh-keygen -n`, and `namespaces=` of an allowed-signers file. A signature for git or mail is none for an image. */
export const SIGNATURE_NAMESPACE = 'stratos-cartridge';

/**
 * The text that is signed: `stratos-cartridge 1`, then the digest of the manifest, each on a line. It follows from the digest
 * alone, so whoever checks a signature writes it himself and reads nothing that could have been forged.
 */
export function signedText(digest: string): string {
  if (!isDigest(digest)) throw new TypeError('a whole digest is signed');
  return `${SIGNATURE_NAMESPACE} 1\n${digest}\n`;
}

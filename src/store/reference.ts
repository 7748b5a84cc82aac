/** How an image is named: `name:tag`, `name` (tag `latest`) or a digest, whole or by a prefix. */
import { UsageError } from '../model/errors.ts';

export type Reference =
  | { readonly kind: 'name'; readonly name: string; readonly tag: string }
  | { readonly kind: 'digest'; readonly prefix: string };

const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{12,64}$/;
/** A full digest. */
const FULL_DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Tag of a reference that names none. */
export const DEFAULT_TAG = 'latest';

/**
 * Reads a reference. `prefix` of a digest is `sha256:` and 12 to 64 hexadecimal digits.
 * @throws UsageError
 */
export function parseReference(text: string): Reference {
  if (text.startsWith('sha256:')) {
    if (!DIGEST.test(text)) throw invalid(text, 'a digest has 12 to 64 hexadecimal digits');
    return { kind: 'digest', prefix: text };
  }
  const colon = text.lastIndexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const tag = colon === -1 ? DEFAULT_TAG : text.slice(colon + 1);
  if (name.length === 0 || name.length > 255 || !NAME.test(name)) {
    throw invalid(text, 'a name has lower-case letters, digits, and single . _ - / between them');
  }
  if (!TAG.test(tag)) throw invalid(text, 'a tag has up to 128 letters, digits, _ . and -');
  return { kind: 'name', name, tag };
}

/** Reads a reference that must be a name, and writes it as `name:tag`. @throws UsageError */
export function parseName(text: string): string {
  const reference = parseReference(text);
  if (reference.kind === 'digest') throw invalid(text, 'a name is needed here, not a digest');
  return `${reference.name}:${reference.tag}`;
}

/** Whether a text is a whole sha256 digest. */
export const isDigest = (text: unknown): text is string => typeof text === 'string' && FULL_DIGEST.test(text);

/** The hexadecimal digits of a digest. */
export const hexOf = (digest: string): string => digest.slice('sha256:'.length);

function invalid(text: string, why: string): UsageError {
  return new UsageError(`Cannot read the image reference as ${why}: ${JSON.stringify(text.slice(0, 300))}`, {
    hint: 'stratos cartridge ls',
  });
}

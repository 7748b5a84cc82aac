/** Signatures of images: made here, kept beside the image, and checked against the allowed signers. */
import { NotFoundError } from '../../model/errors.ts';
import { attach, attached } from '../artifact.ts';
import type { Repository } from '../artifact.ts';
import { SIGNATURE_NAMESPACE, signedText } from './signed-text.ts';
import type { SigningKey } from './signing-key.ts';
import { signText } from './sign-text.ts';
import type { KeygenOptions } from './ssh-keygen.ts';
import { MAX_SIGNATURE, readSignature } from './sshsig.ts';
import { verifyText } from './verify-text.ts';
import type { SignerFiles, Verdict } from './verify-text.ts';

/** `artifactType` of a signature, and media type of its only layer: what `ssh-keygen -Y sign` writes. */
export const SIGNATURE_TYPE = 'application/vnd.stratos.cartridge.signature.v1';
const SIGNATURE_MEDIA = 'application/vnd.stratos.cartridge.signature.v1+ssh';
/** Annotation of a signature: fingerprint of its key, so that a list is readable. Nothing trusts it. */
const KEY = 'io.stratos.signature.key';

type Options = Omit<KeygenOptions, 'input'>;

/**
 * Signs the image with this digest and hangs the signature on it; returns the fingerprint of the key.
 * @throws NotFoundError, RegistryError, StoreError when the key cannot be used
 */
export async function signImage(
  { registry, repository }: Repository,
  digest: string,
  key: SigningKey,
  options: Options,
): Promise<string> {
  const subject = await registry.resolve(repository, digest, options.signal);
  if (!subject) throw new NotFoundError(`Cannot sign what is not in ${registry.name}: ${repository}@${digest}`);
  const armoured = await signText(signedText(digest), SIGNATURE_NAMESPACE, key, options);
  const fingerprint = readSignature(armoured)?.fingerprint ?? '';
  const content = { mediaType: SIGNATURE_MEDIA, bytes: new TextEncoder().encode(armoured) };
  const artifact = { artifactType: SIGNATURE_TYPE, content, annotations: { [KEY]: fingerprint } };
  await attach({ registry, repository }, subject, artifact, options.signal);
  return fingerprint;
}

/** Checks all signatures of an image, those that count first. @throws RegistryError, HostError without OpenSSH */
export async function checkSignatures(
  place: Repository,
  digest: string,
  files: SignerFiles,
  options: Options,
): Promise<readonly Verdict[]> {
  const found = await attached(place, digest, {
    artifactType: SIGNATURE_TYPE,
    maxSize: MAX_SIGNATURE,
    ...(options.signal && { signal: options.signal }),
  });
  const verdicts: Verdict[] = [];
  for (const { text } of found)
    verdicts.push(await verifyText(signedText(digest), SIGNATURE_NAMESPACE, text, files, options));
  return verdicts.toSorted((a, b) => Number(b.ok) - Number(a.ok));
}

/** Why no signature of an image counts, in one line; undefined when one does. */
export function refusalOf(verdicts: readonly Verdict[]): string | undefined {
  if (verdicts.some((verdict) => verdict.ok)) return undefined;
  if (verdicts.length === 0) return 'it is not signed';
  const reasons = [...new Set(verdicts.flatMap((verdict) => (verdict.ok ? [] : [verdict.why])))];
  const more = reasons.length > 3 ? ` and ${String(reasons.length - 3)} more` : '';
  return `none of its signatures counts: ${reasons.slice(0, 3).join('; ')}${more}`;
}

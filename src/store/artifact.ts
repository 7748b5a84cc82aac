/**
 * Documents that hang on an image, in whatever registry it is: each the only layer of a manifest whose `subject` is the image's
 * (image-spec 1.1, "Guidelines for Artifact Usage"). Signatures, SBOMs and provenance are kept so.
 */
import { createHash } from 'node:crypto';
import { RegistryError, StoreError } from '../model/errors.ts';
import { MEDIA } from './oci.ts';
import type { Descriptor } from './oci.ts';
import { parseDocument } from './oci-document.ts';
import type { ImagePlace } from './copy-image.ts';

export interface Artifact {
  /** What kind of document it is. */
  readonly artifactType: string;
  readonly content: { readonly mediaType: string; readonly bytes: Uint8Array };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A repository of a registry. */
export type Repository = Pick<ImagePlace, 'registry' | 'repository'>;

/** The configuration of what needs none: `{}` (image-spec 1.1, "Guidance for an Empty Descriptor"). */
const EMPTY = new TextEncoder().encode('{}');
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';

/** The manifest of an artifact. The same artifact of the same image is the same manifest: to attach it twice is to attach it once. */
export function artifactManifest(subject: Descriptor, artifact: Artifact): Uint8Array {
  const { mediaType, digest, size } = subject;
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: artifact.artifactType,
    config: blobOf(EMPTY_TYPE, EMPTY),
    layers: [blobOf(artifact.content.mediaType, artifact.content.bytes)],
    subject: { mediaType, digest, size },
    ...(artifact.annotations && { annotations: artifact.annotations }),
  };
  return new TextEncoder().encode(JSON.stringify(manifest));
}

/** Hangs a document on an image of `repository`. @throws RegistryError */
export async function attach(
  { registry, repository }: Repository,
  subject: Descriptor,
  artifact: Artifact,
  signal?: AbortSignal,
): Promise<Descriptor> {
  const { mediaType, bytes } = artifact.content;
  for (const content of [EMPTY, bytes]) {
    const options = signal ? { signal } : {};
    await registry.writeBlob(repository, blobOf(mediaType, content), (from) => once(content.subarray(from)), options);
  }
  const manifest = artifactManifest(subject, artifact);
  const { digest } = blobOf(MEDIA.manifest, manifest);
  return registry.putManifest(repository, digest, { mediaType: MEDIA.manifest, bytes: manifest }, signal);
}

export interface ReadOptions {
  readonly artifactType: string;
  /** Documents larger than this, in bytes, are left out. */
  readonly maxSize: number;
  /** At most so many, the newest; default 100. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** A document as it is in the registry; whoever may write there may have written it. */
export interface Attached {
  /** Digest of its manifest. */
  readonly digest: string;
  readonly mediaType: string;
  readonly text: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Most documents of one kind that are looked at: more than people make, few enough that nobody can stop a run with them. */
const LIMIT = 100;

/** Documents of one kind that hang on an image. What is listed and is none is left out. @throws RegistryError */
export async function attached(place: Repository, subject: string, options: ReadOptions): Promise<readonly Attached[]> {
  const { artifactType, signal } = options;
  const listed = await place.registry.referrers(place.repository, subject, artifactType, signal);
  const found: Attached[] = [];
  for (const { digest } of listed.slice(-(options.limit ?? LIMIT))) {
    const read = await readArtifact(place, digest, options).catch(skipDamaged);
    if (read?.subject === subject) found.push(read.attached);
  }
  return found;
}

async function readArtifact(
  { registry, repository }: Repository,
  digest: string,
  { artifactType, maxSize, signal }: ReadOptions,
): Promise<{ readonly subject: string | undefined; readonly attached: Attached } | undefined> {
  const { bytes } = await registry.manifest(repository, digest, signal);
  const document = parseDocument(bytes, digest);
  if (document.kind !== 'manifest' || document.artifactType !== artifactType) return undefined;
  const [layer] = document.layers;
  if (!layer || layer.size > maxSize) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of registry.readBlob(repository, layer, signal ? { signal } : {})) chunks.push(chunk);
  const { mediaType } = layer;
  const text = Buffer.concat(chunks).toString('utf8');
  const annotations = document.annotations ?? {};
  return { subject: document.subject?.digest, attached: { digest, mediaType, text, annotations } };
}

/** What cannot be read hides nothing else; a registry that does not answer is another matter. */
function skipDamaged(error: unknown): undefined {
  if (error instanceof StoreError) return undefined;
  if (error instanceof RegistryError && ['not-found', 'damaged'].includes(error.failure)) return undefined;
  throw error;
}

function blobOf(mediaType: string, content: Uint8Array): Descriptor {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { mediaType, digest, size: content.length };
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}

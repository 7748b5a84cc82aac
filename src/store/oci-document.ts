/**
 * What a manifest or an index refers to, whatever it is a manifest of: an image, a signature, an SBOM. For moving things from
 * registry to registry; how an image runs is read by `oci.ts`.
 */
import { damaged, MEDIA, parseDescriptor, parseObject } from './oci.ts';
import type { Descriptor } from './oci.ts';

/** Media types that Docker gives to what OCI calls index and manifest. */
const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\b/;
/** Layers that a registry need not have: image-spec 1.1 "Non-Distributable Layers", and Docker's. */
const FOREIGN = /^application\/vnd\.(oci\.image\.layer\.nondistributable\.|docker\.image\.rootfs\.foreign\.)/;

/** All media types of documents, as a client says that it can read them. */
export const DOCUMENT_TYPES: readonly string[] = [MEDIA.manifest, MEDIA.index, DOCKER_MANIFEST, DOCKER_INDEX];

export type OciDocument = {
  readonly mediaType: string;
  /** What the thing is, where it says: `artifactType`, else the configuration's media type (image-spec 1.1). */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The manifest that this one is about. */
  readonly subject?: Descriptor;
} & (
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] }
  | { readonly kind: 'manifest'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
);

/** Whether a media type is that of an index of manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA.index || mediaType === DOCKER_INDEX;
}

/**
 * Reads a document. `mediaType` is what the registry says that it is; without, the document says it itself.
 * @throws StoreError naming `where`: schema 1, foreign layers, another type than the registry says, or no document at all
 */
export function parseDocument(bytes: Uint8Array, where: string, mediaType?: string): OciDocument {
  const value = parseObject(Buffer.from(bytes).toString('utf8'), where);
  const type = typeOf(value, where, mediaType);
  const common = {
    mediaType: type,
    ...(isTexts(value.annotations) && { annotations: value.annotations }),
    ...(value.subject !== undefined && value.subject !== null && { subject: parseDescriptor(value.subject, where) }),
  };
  if (isIndexType(type)) {
    const manifests = listOf(value.manifests, where, 'manifests');
    return { kind: 'index', ...common, ...artifactType(value.artifactType), manifests };
  }
  const config = parseDescriptor(value.config, where);
  const layers = listOf(value.layers, where, 'layers');
  const foreign = layers.find((layer) => FOREIGN.test(layer.mediaType) || (layer.urls?.length ?? 0) > 0);
  if (foreign)
    throw damaged(
      where,
      `a layer is to be had elsewhere only (a foreign layer, ${foreign.mediaType}): ${foreign.digest}`,
    );
  return { kind: 'manifest', ...common, ...artifactType(value.artifactType ?? config.mediaType), config, layers };
}

/** The blobs that must be there before a manifest may be stored, each once. */
export function blobsOf(document: OciDocument): readonly Descriptor[] {
  if (document.kind === 'index') return [];
  const byDigest = new Map([document.config, ...document.layers].map((blob) => [blob.digest, blob]));
  return [...byDigest.values()];
}

function typeOf(value: Record<string, unknown>, where: string, said: string | undefined): string {
  const own = typeof value.mediaType === 'string' ? value.mediaType : undefined;
  if (value.schemaVersion === 1 || SCHEMA_1.test(said ?? own ?? ''))
    throw damaged(where, 'it has the old format "schema 1", which has no digests of layers that could be trusted');
  const type = own ?? (said !== undefined && DOCUMENT_TYPES.includes(said) ? said : undefined) ?? guess(value);
  // One text must not be an image to one reader and an index to another (image-spec 1.1, "mediaType").
  if (said !== undefined && DOCUMENT_TYPES.includes(said) && said !== type)
    throw damaged(where, `its type is not the one the registry says (${said}): ${type}`);
  if (!DOCUMENT_TYPES.includes(type)) throw damaged(where, `it is neither a manifest nor an index: ${type}`);
  if (isIndexType(type) ? 'layers' in value : 'manifests' in value)
    throw damaged(where, 'it is a manifest and an index at once');
  return type;
}

function guess(value: Record<string, unknown>): string {
  return Array.isArray(value.manifests) ? MEDIA.index : MEDIA.manifest;
}

function listOf(value: unknown, where: string, key: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw damaged(where, `it has no list of ${key}`);
  return value.map((entry: unknown) => parseDescriptor(entry, where));
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string')
  );
}

function artifactType(value: unknown): { readonly artifactType?: string } {
  return typeof value === 'string' && value !== '' ? { artifactType: value } : {};
}

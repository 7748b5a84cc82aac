/** The index of what is attached to an image, kept under a tag where there is no referrers API (distribution-spec 1.1). */
import { MEDIA } from './oci.ts';
import type { Descriptor } from './oci.ts';
import { parseDocument } from './oci-document.ts';
import type { OciDocument } from './oci-document.ts';

/** The entries of an index; none where there is no index yet. @throws StoreError naming `where` */
export function readReferrers(bytes: Uint8Array | undefined, where: string): readonly Descriptor[] {
  if (!bytes) return [];
  const document = parseDocument(bytes, where);
  return document.kind === 'index' ? document.manifests : [];
}

/** An index with one more entry at its end; the same manifest is listed once. */
export function withReferrer(entries: readonly Descriptor[], added: Descriptor): readonly Descriptor[] {
  return [...entries.filter((entry) => entry.digest !== added.digest), added];
}

/** The document of an index. */
export function referrersIndex(manifests: readonly Descriptor[]): Uint8Array {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests }));
}

/** How a manifest is listed among referrers: with what it is and its annotations. */
export function referrerOf(target: Descriptor, document: OciDocument): Descriptor {
  return {
    mediaType: target.mediaType,
    digest: target.digest,
    size: target.size,
    ...(document.artifactType !== undefined && { artifactType: document.artifactType }),
    ...(document.annotations && { annotations: document.annotations }),
  };
}

/** Those of one type, or all. */
export function ofType(entries: readonly Descriptor[], artifactType: string | undefined): readonly Descriptor[] {
  return artifactType === undefined ? entries : entries.filter((entry) => entry.artifactType === artifactType);
}

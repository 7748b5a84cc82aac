/** How images of the OCI kind are laid out in Glance (docs/decisions/0010-images-in-glance.md). */
import type { Descriptor } from '../oci.ts';

/**
 * What a Glance image is here. `upload`: a blob whose bytes are under way or not compared yet; nobody sees it. `blob`: layers and
 * configurations, shared by all repositories. `manifest`: a document of a repository by its digest. `tag`: the same by a name.
 */
export type GlanceKind = 'upload' | 'blob' | 'manifest' | 'tag';

export interface GlanceImage {
  readonly id: string;
  readonly status: string;
  readonly size: number | null;
  readonly protected: boolean;
  /** RFC 3339, by the second. */
  readonly created_at: string;
  readonly updated_at: string;
  /** `sha512`, where the service says. */
  readonly os_hash_algo?: string | null;
  readonly os_hash_value?: string | null;
  readonly stratos_kind?: string;
  readonly stratos_digest?: string;
  readonly stratos_repository?: string;
  readonly stratos_tag?: string;
  readonly stratos_media_type?: string;
  readonly stratos_artifact_type?: string;
  /** Digest of the manifest that this one is attached to. */
  readonly stratos_subject?: string;
  /** Hexadecimal digits of the blobs that a manifest needs, with commas between them. */
  readonly stratos_blobs?: string;
}

/** Who may see images, as Glance calls it. */
export type Visibility = 'private' | 'shared' | 'community' | 'public';

/** Fields of a new image. A root file system is no disk: `raw` and `bare` say that Glance shall not look inside. */
export function newImage(
  kind: GlanceKind,
  name: string,
  properties: Readonly<Record<`stratos_${string}`, string>>,
  visibility: Visibility,
): Readonly<Record<string, unknown>> {
  return {
    name: name.slice(0, 255),
    disk_format: 'raw',
    container_format: 'bare',
    visibility,
    tags: ['stratos'],
    stratos_kind: kind,
    ...properties,
  };
}

/** What a manifest's or a tag's image says of the document in it. */
export function descriptorOf(image: GlanceImage): Descriptor {
  return {
    mediaType: image.stratos_media_type ?? '',
    digest: image.stratos_digest ?? '',
    size: image.size ?? 0,
  };
}

/** Oldest first; those of one second by their id, so that all see the same order. */
export function byAge(a: GlanceImage, b: GlanceImage): number {
  return order(a.created_at, b.created_at) || order(a.id, b.id);
}

/** By the order of their code units, whatever the locale. */
export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

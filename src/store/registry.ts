/**
 * What Stratos asks of a registry of images, whatever keeps it: nine verbs, and whether it can be used at all. An adapter translates
 * what its server answers to {@link RegistryError} at its edge, repeats by itself what may be repeated, and goes on where a
 * connection was cut. Whoever calls compares no digest again: what `manifest` and `readBlob` give is verified.
 */
import type { Descriptor } from './oci.ts';

/** Bytes by their digest. */
export interface BlobKey {
  readonly digest: string;
  readonly size: number;
}

/** A manifest or an index, as the bytes that its digest is of. */
export interface StoredManifest {
  /** Media type, digest and size; `artifactType` and annotations where the document has them. */
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** A name in a registry. */
export interface RegistryEntry {
  readonly repository: string;
  readonly tag: string;
  /** Of the manifest or index; undefined where the registry does not say it in a list. */
  readonly digest?: string;
}

export interface ListFilter {
  /** This repository alone. */
  readonly repository?: string;
  /** Repositories that have this in their name. */
  readonly search?: string;
  readonly signal?: AbortSignal;
}

export interface ReadBlobOptions {
  /** First byte that is wanted; default 0. Only a read from 0 to the end is verified. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

export interface WriteBlobOptions {
  /** Repositories of the same registry that may have the blob: taken from there, where the registry can. */
  readonly mountFrom?: readonly string[];
  /** Bytes that are safely there so far; falls where a part had to be given up. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** How a blob came to be there. */
export type BlobArrival = 'present' | 'mounted' | 'sent';

/** `repository` is without a tag, `reference` a tag or a whole digest. Every verb throws {@link RegistryError}. */
export interface ImageRegistry {
  /** Name of the store in the spec, or the host: for messages. */
  readonly name: string;
  readonly kind: 'directory' | 'oci' | 'glance';
  /** What a name points at now, by one cheap question; undefined when there is no such name. */
  resolve(repository: string, reference: string, signal?: AbortSignal): Promise<Descriptor | undefined>;
  /** The document behind a name, its digest verified. @throws RegistryError not-found, damaged */
  manifest(repository: string, reference: string, signal?: AbortSignal): Promise<StoredManifest>;
  hasBlob(repository: string, digest: string, signal?: AbortSignal): Promise<boolean>;
  /** Streams a blob; takes up again where the connection was cut. @throws RegistryError not-found, damaged */
  readBlob(repository: string, blob: BlobKey, options?: ReadBlobOptions): AsyncIterable<Uint8Array>;
  /**
   * Stores a blob. `open` is called with the first byte that is still missing, again after a cut; nothing of the blob can be seen
   * before all of it is there and verified. No effect when it is there already.
   * @throws RegistryError damaged when what `open` gives is not the blob
   */
  writeBlob(
    repository: string,
    blob: BlobKey,
    open: (from: number) => AsyncIterable<Uint8Array>,
    options?: WriteBlobOptions,
  ): Promise<BlobArrival>;
  /**
   * Stores a manifest whose blobs are there, under a tag or its digest; a tag moves. A manifest with a `subject` is listed by
   * {@link referrers} from then on.
   * @throws RegistryError refused when `reference` is a digest and not that of `bytes`
   */
  putManifest(
    repository: string,
    reference: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    signal?: AbortSignal,
  ): Promise<Descriptor>;
  /** Names, sorted by repository and tag; those of {@link fallbackTag} are left out. */
  list(filter?: ListFilter): Promise<readonly RegistryEntry[]>;
  /** Removes a tag, or with a digest the manifest with all its tags. @throws RegistryError not-found, refused where it is not allowed */
  remove(repository: string, reference: string, signal?: AbortSignal): Promise<void>;
  /** Manifests whose `subject` is this digest, such as signatures and SBOMs; the newest last where the registry knows. */
  referrers(
    repository: string,
    digest: string,
    artifactType?: string,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[]>;
  /** Whether it answers and knows us. Changes nothing. @throws RegistryError with a hint */
  check(signal?: AbortSignal): Promise<void>;
}

/**
 * The tag under which referrers of a digest are listed where the server has no referrers API
 * (distribution-spec 1.1, "Referrers Tag Schema").
 */
export function fallbackTag(digest: string): string {
  return digest.replace(':', '-').slice(0, 128);
}

/** Whether a tag is one of {@link fallbackTag}: no name that people gave. */
export function isFallbackTag(tag: string): boolean {
  return /^sha256-[0-9a-f]{64}$/.test(tag);
}

/** The part of the OCI image specification that is used here: its documents as types, and readers that check them. */
import { StoreError } from '../model/errors.ts';
import type { Image, ImageBlob } from '../model/image.ts';
import { bytes } from '../model/quantity.ts';
import { isDigest } from './reference.ts';

export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/** Annotation of a descriptor in `index.json` that holds its name. */
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** Annotation of a layer: bytes of its tar when uncompressed. */
export const UNPACKED_SIZE = 'io.stratos.layer.unpacked-size';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture?: string; readonly os?: string; readonly variant?: string };
  /** What kind of thing a manifest is that is no image: a signature, an SBOM. */
  readonly artifactType?: string;
  /** Where a foreign layer may be had. */
  readonly urls?: readonly string[];
}

export interface OciIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
}

export interface OciManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface OciHistory {
  readonly created?: string;
  readonly created_by?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

export interface OciConfig {
  readonly architecture: string;
  readonly os: string;
  readonly created?: string;
  readonly config?: {
    readonly User?: string;
    readonly ExposedPorts?: Readonly<Record<string, object>> | null;
    readonly Env?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Volumes?: Readonly<Record<string, object>> | null;
    readonly StopSignal?: string;
  };
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] };
  readonly history?: readonly OciHistory[];
}

/** How a layer is compressed; undefined for a media type that is no layer of a file system. */
export function compressionOf(mediaType: string): 'zstd' | 'gzip' | 'tar' | undefined {
  if (/[+.]zstd$/.test(mediaType)) return 'zstd';
  if (/[+.]gzip$/.test(mediaType)) return 'gzip';
  return mediaType.endsWith('.tar') ? 'tar' : undefined;
}

/** Reads an `index.json` or an image index. @throws StoreError naming `where` */
export function parseIndex(text: string, where: string): OciIndex {
  const value = parseObject(text, where);
  if (!Array.isArray(value.manifests)) throw damaged(where, 'it has no list of manifests');
  const manifests = value.manifests.map((entry: unknown) => parseDescriptor(entry, where));
  return { schemaVersion: 2, mediaType: MEDIA.index, manifests };
}

/** Reads an image manifest. @throws StoreError naming `where` */
export function parseManifest(text: string, where: string): OciManifest {
  const value = parseObject(text, where);
  if (!Array.isArray(value.layers)) throw damaged(where, 'it is not an image manifest');
  const layers = value.layers.map((entry: unknown) => parseDescriptor(entry, where));
  for (const layer of layers) {
    if (compressionOf(layer.mediaType) === undefined)
      throw damaged(where, `a layer has an unknown type: ${layer.mediaType}`);
  }
  return { schemaVersion: 2, mediaType: MEDIA.manifest, config: parseDescriptor(value.config, where), layers };
}

/** Reads an image configuration. @throws StoreError naming `where` */
export function parseConfig(text: string, where: string): OciConfig {
  const value = parseObject(text, where) as Partial<OciConfig>;
  const ids: unknown = value.rootfs?.diff_ids;
  if (!Array.isArray(ids) || !ids.every(isDigest)) throw damaged(where, 'it has no list of diff_ids');
  return { ...value, architecture: value.architecture ?? 'unknown', os: value.os ?? 'linux' } as OciConfig;
}

/** Puts manifest and configuration together. @throws StoreError when they do not belong together */
export function imageOf(digest: string, manifest: OciManifest, config: OciConfig): Image {
  if (manifest.layers.length !== config.rootfs.diff_ids.length) {
    throw damaged(digest, 'its manifest and its configuration count different layers');
  }
  const run = config.config ?? {};
  return {
    digest,
    layers: manifest.layers.map((layer, i) => {
      const unpacked = Number(layer.annotations?.[UNPACKED_SIZE] ?? Number.NaN);
      return {
        ...blobOf(layer),
        diffId: config.rootfs.diff_ids[i] ?? '',
        ...(Number.isSafeInteger(unpacked) && unpacked >= 0 && { unpackedSize: bytes(unpacked) }),
      };
    }),
    config: blobOf(manifest.config),
    run: {
      argv: [...(run.Entrypoint ?? []), ...(run.Cmd ?? [])],
      env: Object.fromEntries((run.Env ?? []).map(splitEnv)),
      user: run.User ?? '',
      workingDir: run.WorkingDir === undefined || run.WorkingDir === '' ? '/' : run.WorkingDir,
      ports: Object.keys(run.ExposedPorts ?? {})
        .map((port) => /^(\d+)(?:\/tcp)?$/.exec(port)?.[1])
        .filter((port) => port !== undefined)
        .map(Number)
        .sort((a, b) => a - b),
      ...(run.Volumes && { volumes: Object.keys(run.Volumes).sort() }),
      ...(run.StopSignal !== undefined && run.StopSignal !== '' && { stopSignal: run.StopSignal }),
    },
    architecture: config.architecture,
    ...(config.created !== undefined && { created: config.created }),
    labels: run.Labels ?? {},
  };
}

/** The error for a document or blob that is not what it should be. `where` is the path of a file, or the name of an image elsewhere. */
export function damaged(where: string, why: string, cause?: unknown): StoreError {
  if (!where.startsWith('/')) return new StoreError(`Cannot read the image as ${why}: ${where}`, { cause });
  return new StoreError(`Cannot read the cartridge store as ${why}: ${where}`, {
    // A blob that is gone comes back with the next build or import of its image.
    hint: where.includes('/blobs/') ? `rm ${where}` : `cat ${where}`,
    cause,
  });
}

/** A document that must be a JSON object. @throws StoreError naming `where` */
export function parseObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(where, 'a document is not JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw damaged(where, 'a document is not an object');
  return value as Record<string, unknown>;
}

/** A descriptor with digest, media type and size. @throws StoreError naming `where` */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  const entry = (value ?? {}) as Partial<Descriptor>;
  if (!isDigest(entry.digest)) throw damaged(where, 'a descriptor has no sha256 digest');
  if (typeof entry.mediaType !== 'string' || !Number.isSafeInteger(entry.size) || (entry.size ?? -1) < 0) {
    throw damaged(where, 'a descriptor has no media type or size');
  }
  return entry as Descriptor;
}

function blobOf(entry: Descriptor): ImageBlob {
  return { mediaType: entry.mediaType, digest: entry.digest, size: bytes(entry.size) };
}

function splitEnv(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at === -1 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** Small images of random content, as bytes. */
import { createHash, randomBytes } from 'node:crypto';
import { MEDIA } from '../../src/store/oci.ts';
import type { Descriptor } from '../../src/store/oci.ts';
import type { BlobKey, ImageRegistry } from '../../src/store/registry.ts';

export interface Blob extends BlobKey {
  readonly bytes: Uint8Array;
}

export interface SampleImage {
  readonly config: Blob;
  readonly layers: readonly Blob[];
  readonly manifest: Blob & { readonly mediaType: string };
}

/** A blob of these bytes, or of random ones. */
export function blobOf(content: string | Uint8Array | number): Blob {
  const bytes = typeof content === 'number' ? randomBytes(content) : Buffer.from(content);
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}

/** What a blob is called in a manifest. */
export function descriptorOf(blob: BlobKey, mediaType: string): Descriptor {
  return { mediaType, digest: blob.digest, size: blob.size };
}

/** An image with layers of these sizes; nobody unpacks it. */
export function sampleImage(sizes: readonly number[], more: object = {}): SampleImage {
  const layers = sizes.map((size) => blobOf(size));
  const config = blobOf(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    }),
  );
  const manifest = blobOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: descriptorOf(config, MEDIA.config),
      layers: layers.map((layer) => descriptorOf(layer, MEDIA.layer)),
      ...more,
    }),
  );
  return { config, layers, manifest: { ...manifest, mediaType: MEDIA.manifest } };
}

/** Something attached to an image: a manifest with a subject and one small layer. */
export function attachment(subject: Descriptor, artifactType: string, text: string): SampleImage {
  const config = blobOf('{}');
  const layer = blobOf(text);
  const manifest = blobOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      artifactType,
      config: descriptorOf(config, 'application/vnd.oci.empty.v1+json'),
      layers: [descriptorOf(layer, 'text/plain')],
      subject,
      annotations: { 'org.example.text': text },
    }),
  );
  return { config, layers: [layer], manifest: { ...manifest, mediaType: MEDIA.manifest } };
}

/** The bytes from `from` on, in pieces. */
export async function* streamOf({ bytes }: Blob, from = 0): AsyncGenerator<Uint8Array> {
  for (let at = from; at < bytes.length; at += 65_536) yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}

/** All of a stream. */
export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Stores blobs and manifest. */
export async function store(
  registry: ImageRegistry,
  repository: string,
  image: SampleImage,
  reference = image.manifest.digest,
): Promise<Descriptor> {
  for (const blob of [...image.layers, image.config])
    await registry.writeBlob(repository, blob, (from) => streamOf(blob, from));
  return registry.putManifest(repository, reference, image.manifest);
}

/** The default cartridge store: an OCI image layout in a local directory. */
import { NotFoundError, StoreError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import type { StoredBlob } from './blob-folder.ts';
import type { CartridgeStore, ImageEntry } from './cartridge-store.ts';
import { NO_TARS, type BlobAndTar, type KnownTars } from './known-tars.ts';
import { imageOf, MEDIA, parseConfig, parseIndex, parseManifest, UNPACKED_SIZE } from './oci.ts';
import type { Descriptor, OciConfig, OciManifest } from './oci.ts';
import { isIndexType } from './oci-document.ts';
import { isAttachment, nameOf, ociLayout } from './oci-layout.ts';
import { chooseFrom, ociArchitecture } from './platform.ts';
import { formatName, parseName, parseReference } from './reference.ts';
import type { ImageName } from './reference.ts';

/** A layer to be made part of an image; its blob is in the store already. */
export interface NewLayer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
  readonly unpackedSize?: number;
}

/** A store on a local disk, that images can be added to. */
export interface DirectoryStore extends CartridgeStore {
  /** Absolute. */
  readonly directory: string;
  /** Stores a blob. @throws StoreError when its digest is not `expected` */
  addBlob(source: AsyncIterable<Uint8Array>, expected?: string): Promise<StoredBlob>;
  /** Copies a file of known digest into the store. */
  addBlobFile(path: string, digest: string): Promise<void>;
  /** Keeps that a layer was seen to be this tar; only for who has made or expanded it on this machine. */
  noteTar(layer: BlobAndTar): Promise<void>;
  /** Size of a blob in bytes; undefined when it is not there. */
  blobSize(digest: string): Promise<number | undefined>;
  /** Writes manifest and configuration over layers that are in the store, and names the image. @throws StoreError when a layer is missing */
  addImage(reference: string, layers: readonly NewLayer[], config: Omit<OciConfig, 'rootfs'>): Promise<Image>;
  /** Names a manifest whose blobs are all in the store already. @throws StoreError when one is missing */
  adopt(reference: string, digest: string): Promise<Image>;
  /** Removes names that still point where it says, and what no name reaches any more. Returns the bytes freed. */
  removeEntries(entries: readonly ImageEntry[]): Promise<number>;
  /** The configuration as it stands in the store. @throws StoreError */
  config(image: Image): Promise<OciConfig>;
}

/** Opens the store in `path`, which is made with the first image; `tars`: what this machine has seen of layers. */
export function directoryStore(path: string, tars: KnownTars = NO_TARS): DirectoryStore {
  const layout = ociLayout(path);
  const { directory, blobs } = layout;

  async function load(descriptor: Descriptor, what: string): Promise<Image> {
    const digest = await manifestDigest(descriptor, what);
    const manifest = parseManifest(await blobs.read(digest, what), blobs.path(digest));
    const config = parseConfig(await blobs.read(manifest.config.digest, what), blobs.path(manifest.config.digest));
    return imageOf(digest, manifest, config);
  }

  /** Other tools may store an index of manifests for several architectures under one name. */
  async function manifestDigest(descriptor: Descriptor, what: string): Promise<string> {
    if (!isIndexType(descriptor.mediaType)) return descriptor.digest;
    const nested = parseIndex(await blobs.read(descriptor.digest, what), blobs.path(descriptor.digest));
    return chooseFrom(nested.manifests, ociArchitecture(), what).digest;
  }

  async function lookUp(reference: string): Promise<Descriptor | undefined> {
    const wanted = parseReference(reference);
    const { manifests } = await layout.read();
    if (wanted.kind === 'name') return byName(manifests, wanted.name);
    const found = manifests.filter((entry) => entry.digest.startsWith(wanted.prefix));
    if (new Set(found.map((entry) => entry.digest)).size > 1) {
      throw new StoreError(`Cannot choose an image as several digests begin so: ${reference}`, {
        hint: 'stratos cartridge ls',
      });
    }
    return found[0];
  }

  return {
    directory,
    blobPath: (digest) => blobs.path(digest),
    addBlob: (source, expected) => blobs.add(source, expected),
    addBlobFile: (file, digest) => blobs.addFile(file, digest),
    blobSize: (digest) => blobs.size(digest),
    knowsTar: (layer) => tars.has(layer),
    noteTar: (layer) => tars.note(layer),
    async find(reference) {
      const descriptor = await lookUp(reference);
      return descriptor && (await load(descriptor, reference));
    },
    async list() {
      const { manifests } = await layout.read();
      return manifests
        .flatMap((entry) => {
          const reference = nameOf(entry);
          return reference === undefined || isAttachment(entry) ? [] : [{ reference, digest: entry.digest }];
        })
        .sort((a, b) => (a.reference < b.reference ? -1 : 1));
    },
    async tag(reference, digest) {
      const descriptor = await lookUp(digest);
      if (!descriptor) {
        throw new NotFoundError(`Cannot tag ${reference} as no such image is in the store: ${digest}`, {
          hint: 'stratos cartridge ls',
        });
      }
      const { annotations: _, ...target } = descriptor;
      await layout.put(parseName(reference), target);
    },
    async remove(reference) {
      const wanted = parseReference(reference);
      const target = await lookUp(reference);
      if (!target) {
        throw new NotFoundError(`Cannot remove the image as it is not in the store: ${reference}`, {
          hint: 'stratos cartridge ls',
        });
      }
      return layout.remove((entry) =>
        wanted.kind === 'digest' ? entry.digest === target.digest : nameOf(entry) === wanted.text,
      );
    },
    removeEntries(entries) {
      const gone = new Set(entries.map(({ reference, digest }) => `${reference} ${digest}`));
      return layout.remove((entry) => gone.has(`${nameOf(entry) ?? ''} ${entry.digest}`));
    },
    async verify(image) {
      await load({ mediaType: MEDIA.manifest, digest: image.digest, size: 0 }, image.digest);
      for (const layer of image.layers) await blobs.verify(layer.digest, image.digest);
    },
    async addImage(reference, layers, config) {
      const full: OciConfig = { ...config, rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) } };
      const configBlob = await blobs.add(once(JSON.stringify(full)));
      const manifest: OciManifest = {
        schemaVersion: 2,
        mediaType: MEDIA.manifest,
        config: { mediaType: MEDIA.config, ...configBlob },
        layers: layers.map(({ mediaType, digest, size, unpackedSize }) => ({
          mediaType,
          digest,
          size,
          ...(unpackedSize !== undefined && { annotations: { [UNPACKED_SIZE]: String(unpackedSize) } }),
        })),
      };
      const blob = await blobs.add(once(JSON.stringify(manifest)));
      const platform = { architecture: config.architecture, os: config.os };
      await layout.put(parseName(reference), { mediaType: MEDIA.manifest, ...blob, platform });
      return imageOf(blob.digest, manifest, full);
    },
    async adopt(reference, digest) {
      const image = await load({ mediaType: MEDIA.manifest, digest, size: 0 }, reference);
      const size = (await blobs.size(digest)) ?? 0;
      await layout.put(parseName(reference), {
        mediaType: MEDIA.manifest,
        digest,
        size,
        platform: { architecture: image.architecture, os: 'linux' },
      });
      return image;
    },
    async config(image) {
      const { digest } = image.config;
      return parseConfig(await blobs.read(digest, image.digest), blobs.path(digest));
    },
  };
}

/** The entry of a name; a pin is also what has the digest, under whatever name. @throws StoreError when tag and digest disagree */
function byName(manifests: readonly Descriptor[], name: ImageName): Descriptor | undefined {
  const named = (wanted: ImageName): Descriptor | undefined =>
    manifests.find((entry) => nameOf(entry) === formatName(wanted));
  const found = named(name);
  const { digest, ...unpinned } = name;
  if (found ?? digest === undefined) return found;
  const tagged = name.tag === undefined ? undefined : named(unpinned);
  if (tagged && tagged.digest !== digest)
    throw new StoreError(
      `Cannot use ${formatName(name)} as tag and digest disagree: the tag is ${tagged.digest} in the store`,
    );
  return manifests.find((entry) => entry.digest === digest);
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

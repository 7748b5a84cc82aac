/**
 * The default cartridge store: an OCI image layout in a local directory, readable by skopeo and umoci. Writers take a lock for
 * the moment they change `index.json`; readers take none, since the file is only ever replaced whole.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { arch as machineArch } from 'node:os';
import { join, resolve } from 'node:path';
import { atomicWrite } from '../host/atomic-file.ts';
import { codeOf } from '../host/code-of.ts';
import { withKernelLock } from '../host/kernel-lock.ts';
import { NotFoundError, StoreError, StratosError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import { blobFolder } from './blob-folder.ts';
import type { StoredBlob } from './blob-folder.ts';
import type { CartridgeStore } from './cartridge-store.ts';
import { imageOf, MEDIA, parseConfig, parseIndex, parseManifest, REF_NAME, UNPACKED_SIZE } from './oci.ts';
import type { Descriptor, OciConfig, OciIndex, OciManifest } from './oci.ts';
import { DEFAULT_TAG, parseName, parseReference } from './reference.ts';

/** Age in ms from which a blob that no name reaches is swept even though it never had one: younger ones may be an image in the making. */
const ORPHAN_AGE = 3_600_000;

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
  /** Size of a blob in bytes; undefined when it is not there. */
  blobSize(digest: string): Promise<number | undefined>;
  /** Writes manifest and configuration over layers that are in the store, and names the image. @throws StoreError when a layer is missing */
  addImage(reference: string, layers: readonly NewLayer[], config: Omit<OciConfig, 'rootfs'>): Promise<Image>;
  /** Names a manifest whose blobs are all in the store already. @throws StoreError when one is missing */
  adopt(reference: string, digest: string): Promise<Image>;
  /** The configuration as it stands in the store. @throws StoreError */
  config(image: Image): Promise<OciConfig>;
}

/** Opens the store in `path`, which is made with the first image. */
export function directoryStore(path: string): DirectoryStore {
  const directory = resolve(path);
  const blobs = blobFolder(directory);
  const indexPath = join(directory, 'index.json');

  async function readIndex(): Promise<OciIndex> {
    let text: string;
    try {
      text = await readFile(indexPath, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { schemaVersion: 2, manifests: [] };
      throw new StoreError(`Cannot read the cartridge store as its index is not readable: ${indexPath}`, {
        cause: error,
      });
    }
    return parseIndex(text, indexPath);
  }

  function writeIndex(manifests: readonly Descriptor[]): Promise<void> {
    const text = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests }, null, 1);
    return atomicWrite(indexPath, text, { mode: 0o644 });
  }

  /** Replaces the list of manifests under the lock. */
  async function update(change: (index: OciIndex) => Promise<readonly Descriptor[]>): Promise<void> {
    try {
      await mkdir(blobs.folder, { recursive: true });
      await withKernelLock(join(directory, '.lock'), async () => {
        const layout = join(directory, 'oci-layout');
        if (!(await stat(layout).catch(() => undefined))) {
          await atomicWrite(layout, JSON.stringify({ imageLayoutVersion: '1.0.0' }), { mode: 0o644 });
        }
        const manifests = await change(await readIndex());
        await writeIndex(manifests);
      });
    } catch (error) {
      const code = codeOf(error);
      if (code === '' || error instanceof StratosError) throw error;
      throw new StoreError(`Cannot write the cartridge store as the system refuses (${code}): ${directory}`, {
        cause: error,
      });
    }
  }

  async function load(descriptor: Descriptor, what: string): Promise<Image> {
    const digest = await manifestDigest(descriptor, what);
    const manifest = parseManifest(await blobs.read(digest, what), blobs.path(digest));
    const config = parseConfig(await blobs.read(manifest.config.digest, what), blobs.path(manifest.config.digest));
    return imageOf(digest, manifest, config);
  }

  /** Other tools may store an index of manifests for several architectures under one name. */
  async function manifestDigest(descriptor: Descriptor, what: string): Promise<string> {
    if (!/index|manifest\.list/.test(descriptor.mediaType)) return descriptor.digest;
    const nested = parseIndex(await blobs.read(descriptor.digest, what), blobs.path(descriptor.digest));
    const mine = nested.manifests.find((entry) => entry.platform?.architecture === ociArchitecture());
    const chosen = mine ?? (nested.manifests.length === 1 ? nested.manifests[0] : undefined);
    if (!chosen) {
      throw new StoreError(`Cannot use ${what} as it has no image for this architecture: ${ociArchitecture()}`);
    }
    return chosen.digest;
  }

  async function lookUp(reference: string): Promise<Descriptor | undefined> {
    const wanted = parseReference(reference);
    const { manifests } = await readIndex();
    if (wanted.kind === 'name') return manifests.find((entry) => nameOf(entry) === `${wanted.name}:${wanted.tag}`);
    const found = manifests.filter((entry) => entry.digest.startsWith(wanted.prefix));
    if (new Set(found.map((entry) => entry.digest)).size > 1) {
      throw new StoreError(`Cannot choose an image as several digests begin so: ${reference}`, {
        hint: 'stratos cartridge ls',
      });
    }
    return found[0];
  }

  /** Every blob a manifest needs, itself included; a damaged one is left out rather than hiding the others. */
  async function reach(descriptor: Descriptor): Promise<readonly string[]> {
    try {
      if (/index|manifest\.list/.test(descriptor.mediaType)) {
        const nested = parseIndex(await blobs.read(descriptor.digest, ''), '');
        return [descriptor.digest, ...(await Promise.all(nested.manifests.map(reach))).flat()];
      }
      const manifest = parseManifest(await blobs.read(descriptor.digest, ''), '');
      return [descriptor.digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
    } catch {
      return [descriptor.digest];
    }
  }

  async function name(reference: string, target: Omit<Descriptor, 'annotations'>): Promise<void> {
    const full = parseName(reference);
    await update(async ({ manifests }) => {
      for (const digest of await reach(target)) {
        if ((await blobs.size(digest)) === undefined) {
          throw new StoreError(`Cannot name ${full} as a blob of it was removed meanwhile: ${digest}`);
        }
      }
      const others = manifests.filter((entry) => nameOf(entry) !== full);
      const kept = others.filter((entry) => nameOf(entry) !== undefined || entry.digest !== target.digest);
      return [...kept, { ...target, annotations: { [REF_NAME]: full } }];
    });
  }

  async function sweep(removed: readonly string[], manifests: readonly Descriptor[]): Promise<number> {
    const kept = new Set((await Promise.all(manifests.map(reach))).flat());
    const gone = new Set(removed);
    let freed = 0;
    for (const blob of await blobs.all()) {
      if (kept.has(blob.digest) || (!gone.has(blob.digest) && blob.age < ORPHAN_AGE)) continue;
      if (await blobs.drop(blob.digest)) freed += blob.size;
    }
    return freed;
  }

  return {
    directory,
    blobPath: (digest) => blobs.path(digest),
    addBlob: (source, expected) => blobs.add(source, expected),
    addBlobFile: (file, digest) => blobs.addFile(file, digest),
    blobSize: (digest) => blobs.size(digest),
    async find(reference) {
      const descriptor = await lookUp(reference);
      return descriptor && (await load(descriptor, reference));
    },
    async list() {
      const { manifests } = await readIndex();
      return manifests
        .flatMap((entry) => {
          const reference = nameOf(entry);
          return reference === undefined ? [] : [{ reference, digest: entry.digest }];
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
      await name(reference, target);
    },
    async remove(reference) {
      const wanted = parseReference(reference);
      const target = await lookUp(reference);
      if (!target) {
        throw new NotFoundError(`Cannot remove the image as it is not in the store: ${reference}`, {
          hint: 'stratos cartridge ls',
        });
      }
      let freed = 0;
      await update(async ({ manifests }) => {
        const leaves = (entry: Descriptor): boolean =>
          wanted.kind === 'digest' ? entry.digest === target.digest : nameOf(entry) === `${wanted.name}:${wanted.tag}`;
        const rest = manifests.filter((entry) => !leaves(entry));
        const removed = (await Promise.all(manifests.filter(leaves).map(reach))).flat();
        // The names go first: a crash in between leaves blobs that nobody names, never names without blobs.
        await writeIndex(rest);
        freed = await sweep(removed, rest);
        return rest;
      });
      return freed;
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
      await name(reference, { mediaType: MEDIA.manifest, ...blob, platform });
      return imageOf(blob.digest, manifest, full);
    },
    async adopt(reference, digest) {
      const image = await load({ mediaType: MEDIA.manifest, digest, size: 0 }, reference);
      const size = (await blobs.size(digest)) ?? 0;
      await name(reference, {
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

/** This machine's architecture as OCI names it. */
export function ociArchitecture(): string {
  const name = machineArch();
  return name === 'x64' ? 'amd64' : name;
}

/** What an entry of the index is called; names of other tools without a tag get the default one. */
function nameOf(entry: Descriptor): string | undefined {
  const text = entry.annotations?.[REF_NAME];
  if (text === undefined || text === '') return undefined;
  return text.lastIndexOf(':') > text.lastIndexOf('/') ? text : `${text}:${DEFAULT_TAG}`;
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

/** Images that are not on this machine: looked at where they are, and pulled when they are needed. */
import type { Image } from '../model/image.ts';
import { copyImage } from './copy-image.ts';
import type { CopyOptions, CopyResult, ImagePlace } from './copy-image.ts';
import { directoryRegistry } from './directory-registry.ts';
import { openPlace, readReference, whereIs } from './find-place.ts';
import type { OpenStore, Stores } from './find-place.ts';
import { imageOf, parseConfig, parseManifest } from './oci.ts';
import { parseDocument } from './oci-document.ts';
import { chooseFrom, ociArchitecture } from './platform.ts';

export interface RemoteOptions {
  /** Digest that is known to be meant: a tag that has moved since is not followed. */
  readonly pin?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where an image of the spec is; undefined where only this machine could have it. @throws UsageError, RegistryError, HostError */
export async function remotePlace(
  text: string,
  stores: Stores,
  open: OpenStore,
  { pin, signal }: RemoteOptions = {},
): Promise<ImagePlace | undefined> {
  const reference = readReference(text, stores);
  const at = reference.kind === 'name' ? whereIs(reference.name, stores) : undefined;
  if (!at) return undefined;
  const place = await openPlace(at, open, signal);
  return pin === undefined || at.name.digest !== undefined ? place : { ...place, reference: pin };
}

/** The image for this machine's architecture, without its layers. @throws RegistryError, StoreError */
export async function lookAt(place: ImagePlace, signal?: AbortSignal): Promise<Image> {
  const { registry, repository, reference } = place;
  const where = `${registry.name}: ${repository}`;
  const { bytes, descriptor } = await registry.manifest(repository, reference, signal);
  const document = parseDocument(bytes, where, descriptor.mediaType);
  if (document.kind === 'index') {
    const chosen = chooseFrom(document.manifests, ociArchitecture(), where);
    return lookAt({ ...place, reference: chosen.digest }, signal);
  }
  const manifest = parseManifest(Buffer.from(bytes).toString('utf8'), where);
  const chunks: Uint8Array[] = [];
  for await (const chunk of registry.readBlob(repository, manifest.config, signal ? { signal } : {}))
    chunks.push(chunk);
  return imageOf(descriptor.digest, manifest, parseConfig(Buffer.concat(chunks).toString('utf8'), where));
}

/** Digests of the layers that its registry lacks; none is read. @throws RegistryError */
export async function missingLayers(
  { registry, repository }: Omit<ImagePlace, 'reference'>,
  { layers }: Image,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const there = await Promise.all(layers.map(({ digest }) => registry.hasBlob(repository, digest, signal)));
  return layers.filter((_, at) => there[at] !== true).map(({ digest }) => digest);
}

/**
 * Takes an image into the local store under the name that the spec or the command line has for it.
 * @throws RegistryError, StoreError
 */
export async function pullImage(
  place: ImagePlace,
  text: string,
  { store }: Stores,
  options: Omit<CopyOptions, 'architecture'>,
): Promise<CopyResult> {
  // The last part of a name is what a layout takes for the tag; of a pin, that is its digits.
  const at = text.lastIndexOf(':');
  const target = {
    registry: directoryRegistry('local', store.path),
    repository: text.slice(0, at),
    reference: text.slice(at + 1),
  };
  return copyImage(place, target, { ...options, architecture: ociArchitecture() });
}

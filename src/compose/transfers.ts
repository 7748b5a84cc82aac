/** Pushing, pulling and copying: one image from one place to another. */
import type { Transfer, TransferOptions } from '../commands/registry-use-cases.ts';
import { UsageError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import type { Spec } from '../model/spec.ts';
import type { Deps } from '../reconcile/deps.ts';
import { transferSteps } from '../reconcile/transfer-steps.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import { ALL_ARCHITECTURES, copyImage } from '../store/copy-image.ts';
import type { ImagePlace } from '../store/copy-image.ts';
import { directoryRegistry } from '../store/directory-registry.ts';
import { openPlace, readReference, whereIs } from '../store/find-place.ts';
import { ociArchitecture } from '../store/platform.ts';
import { formatName } from '../store/reference.ts';
import type { ImageName } from '../store/reference.ts';
import { findNamed } from './find-named.ts';

/** An end of a transfer, and how people call it. */
interface End {
  readonly place: ImagePlace;
  readonly text: string;
}

/** Brings an image of the local store to a registry. @throws NotFoundError, UsageError, RegistryError */
export async function push(
  deps: Deps,
  text: string,
  target: string | undefined,
  options: TransferOptions,
): Promise<Transfer> {
  const spec = await deps.loadSpec();
  const store = await deps.storeOf(spec);
  const { image } = await findNamed(store, text);
  const from = { place: localPlace(spec, '', image.digest), text };
  const to = await remoteEnd(deps, spec, target ?? text, options.signal);
  return transfer(deps, 'pushing', from, to, options, await shared(spec, store, image, to.place));
}

/** Brings an image of a registry to the local store, under the same name. @throws UsageError, RegistryError */
export async function pull(deps: Deps, text: string, options: TransferOptions): Promise<Transfer> {
  const spec = await deps.loadSpec();
  const from = await remoteEnd(deps, spec, text, options.signal, true);
  return transfer(deps, 'pulling', from, localEnd(spec, nameIn(text, spec)), options);
}

/** Brings an image from any place to any other. @throws NotFoundError, UsageError, RegistryError */
export async function copy(deps: Deps, source: string, target: string, options: TransferOptions): Promise<Transfer> {
  const spec = await deps.loadSpec();
  const reference = readReference(source, spec);
  const isHere = reference.kind === 'digest' || isLocal(reference.name);
  const from = isHere
    ? {
        place: localPlace(spec, '', (await findNamed(await deps.storeOf(spec), source)).image.digest),
        text: source,
      }
    : await remoteEnd(deps, spec, source, options.signal, true);
  const name = nameIn(target, spec);
  const to = isLocal(name) ? localEnd(spec, name) : await remoteEnd(deps, spec, target, options.signal);
  return transfer(deps, 'copying', from, to, options);
}

/** Names an image of a registry there once more. @throws UsageError, RegistryError */
export async function tagRemote(
  deps: Deps,
  spec: Spec,
  source: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const [from, to] = await Promise.all([
    remoteEnd(deps, spec, source, signal, true),
    remoteEnd(deps, spec, name, signal),
  ]);
  await copyImage(from.place, to.place, { architecture: ALL_ARCHITECTURES, signal });
}

/** Removes a name from a registry, or a manifest with all its names. @throws UsageError, RegistryError */
export async function removeRemote(deps: Deps, spec: Spec, text: string, signal: AbortSignal): Promise<void> {
  const { place } = await remoteEnd(deps, spec, text, signal, true);
  await place.registry.remove(place.repository, place.reference, signal);
}

/** Whether a name is one of the local store. */
export function isLocal({ store, host }: ImageName): boolean {
  return store === undefined && host === undefined;
}

async function transfer(
  deps: Deps,
  verb: string,
  from: End,
  to: End,
  { attached, all, dryRun, signal }: TransferOptions,
  mountFrom: readonly string[] = [],
): Promise<Transfer> {
  const { digest, unchanged, blobs, referrers } = await copyImage(from.place, to.place, {
    architecture: all ? ALL_ARCHITECTURES : ociArchitecture(),
    referrers: attached,
    mountFrom,
    dryRun,
    onProgress: transferSteps(deps.emit, `${verb} ${to.text}`),
    signal,
  });
  const { bytes, ...counts } = blobs;
  return { from: from.text, to: to.text, digest, unchanged, dryRun, blobs: counts, bytes, attached: referrers };
}

function localPlace({ store }: Spec, repository: string, reference: string): ImagePlace {
  return { registry: directoryRegistry('local', store.path), repository, reference };
}

function localEnd(spec: Spec, name: ImageName): End {
  const text = formatName(name);
  const at = text.lastIndexOf(':');
  return { place: localPlace(spec, text.slice(0, at), text.slice(at + 1)), text };
}

/** @throws UsageError where a name is none of a registry; what is written needs a tag */
async function remoteEnd(deps: Deps, spec: Spec, text: string, signal: AbortSignal, reads = false): Promise<End> {
  const name = nameIn(text, spec);
  const at = whereIs(name, spec);
  if (!at)
    throw new UsageError(`Cannot tell the registry as the name has none and the spec no default: ${text}`, {
      hint:
        Object.keys(spec.stores).length === 0 ? 'stratos store add hub https://registry.example' : 'stratos store ls',
    });
  if (!reads && name.digest !== undefined)
    throw new UsageError(`Cannot store an image under a digest as it has the one it has; a tag is needed: ${text}`);
  const shown = isLocal(name) ? formatName({ ...name, store: at.store.name }) : formatName(name);
  return { place: await openPlace(at, deps.openStore, signal), text: shown };
}

function nameIn(text: string, spec: Spec): ImageName {
  const reference = readReference(text, spec);
  if (reference.kind === 'name') return reference.name;
  throw new UsageError(`Cannot tell the registry as a digest alone has none: ${text}`, {
    hint: `stratos cartridge push ${text} STORE:NAME:TAG`,
  });
}

/** Repositories of the target that may have layers of the image, as other images here have them too. */
async function shared(spec: Spec, store: CartridgeStore, image: Image, to: ImagePlace): Promise<readonly string[]> {
  const layers = new Set(image.layers.map((layer) => layer.digest));
  const found = new Set<string>();
  for (const { reference } of await store.list()) {
    const read = readReference(reference, spec);
    if (read.kind === 'digest') continue;
    const at = whereIs(read.name, spec);
    // A local name was most likely pushed under the same one.
    if (at && at.store.name !== to.registry.name) continue;
    const other = await store.find(reference).catch(() => undefined);
    if (other?.layers.some((layer) => layers.has(layer.digest))) found.add(read.name.repository);
  }
  found.delete(to.repository);
  return [...found].slice(0, MOST_MOUNTS);
}

/** Repositories that are asked for one blob at most. */
const MOST_MOUNTS = 3;

/**
 * The images that the spec names: from the local store; where one is not there, from its registry. Its digest is pinned in the
 * inventory, so that another machine, or this one with an empty store, does not follow a tag that has moved since.
 */
import { StratosError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import type { ImagePin, Inventory } from '../model/inventory.ts';
import type { Spec } from '../model/spec.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import { readReference, whereIs } from '../store/find-place.ts';
import type { Deps } from './deps.ts';
import { sourceOf } from './fetch-image.ts';
import { transferSteps } from './transfer-steps.ts';

export interface SpecImages {
  /** By reference as the spec writes it; undefined where it is nowhere. */
  readonly references: Readonly<Record<string, Image | undefined>>;
  /** Why an image could not be had from its registry, by reference. */
  readonly missing: Readonly<Record<string, string>>;
}

export interface ImagesOptions {
  /** Whether what is not here is pulled; else it is only looked at. */
  readonly pull: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Finds all of them. One that cannot be had holds back who uses it, not the fleet. @throws InterruptedError, StoreError */
export async function imagesOf(
  deps: Pick<Deps, 'openStore' | 'emit'>,
  spec: Spec,
  inventory: Inventory,
  store: CartridgeStore,
  options: ImagesOptions,
): Promise<SpecImages> {
  const stored = Object.values(spec.cartridges).filter(({ runtime }) => runtime !== 'vm');
  const names = [...new Set(stored.map(({ image }) => image))];
  const missing: Record<string, string> = {};
  const find = async (name: string): Promise<Image | undefined> => {
    const here = await store.find(name);
    if (here) return here;
    const named = isRemote(name, spec) ? name : undefined;
    try {
      // That of a revision, named by its digest alone, is had where the revision had it.
      const source = named ?? sourceOf(name, spec, inventory);
      return source === undefined ? undefined : await fromRegistry(deps, spec, inventory, store, source, options);
    } catch (error) {
      if (!(error instanceof StratosError) || error.code === 'INTERRUPTED') throw error;
      missing[name] = error.message;
      return undefined;
    }
  };
  const references = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await find(name)] as const)),
  );
  return { references, missing };
}

/** The pins of images that come from a registry, as they are to stand in the inventory; undefined when they stand so already. */
export function changedPins(spec: Spec, inventory: Inventory, images: SpecImages): readonly ImagePin[] | undefined {
  const before = inventory.images ?? [];
  const next = Object.entries(images.references)
    .filter(([name]) => isRemote(name, spec))
    .flatMap(([name, image]) => {
      // What cannot be had just now stays what it was.
      const digest = image?.digest ?? before.find((pin) => pin.name === name)?.digest;
      return digest === undefined ? [] : [{ name, digest }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return JSON.stringify(next) === JSON.stringify(before) ? undefined : next;
}

async function fromRegistry(
  deps: Pick<Deps, 'openStore' | 'emit'>,
  spec: Spec,
  inventory: Inventory,
  store: CartridgeStore,
  name: string,
  { pull, signal }: ImagesOptions,
): Promise<Image | undefined> {
  const { lookAt, pullImage, remotePlace } = await import('../store/remote-images.ts');
  const pin = inventory.images?.find((each) => each.name === name)?.digest;
  const place = await remotePlace(name, spec, deps.openStore, { pin, signal });
  if (!place) return undefined;
  if (!pull) return lookAt(place, signal);
  const reference = readReference(name, spec);
  if (reference.kind === 'digest') return undefined;
  await pullImage(place, reference.text, spec, {
    referrers: true,
    onProgress: transferSteps(deps.emit, `pulling ${name}`),
    ...(signal && { signal }),
  });
  return store.find(name);
}

function isRemote(name: string, spec: Spec): boolean {
  const reference = readReference(name, spec);
  return reference.kind === 'name' && whereIs(reference.name, spec) !== undefined;
}

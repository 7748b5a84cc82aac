import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Inventory } from '../../../src/model/inventory.ts';
import type { Spec } from '../../../src/model/spec.ts';
import { changedPins, imagesOf } from '../../../src/reconcile/images-of.ts';
import { directoryStore } from '../../../src/store/directory-store.ts';
import { MEDIA } from '../../../src/store/oci.ts';
import { openRegistry } from '../../../src/store/open-registry.ts';
import { aSpec, anInventory } from '../../support/builders.ts';
import { blobOf, streamOf } from '../../support/sample-images.ts';

let directory: string;
const path = (name: string): string => join(directory, name);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'images-of-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const NAME = 'shelf:php:8.2';
const specOf = (image: string, more: Partial<Spec> = {}): Spec => {
  const base = aSpec();
  const [cartridge] = Object.values(base.cartridges);
  if (!cartridge) throw new Error('no cartridge to build on');
  return {
    ...base,
    cartridges: { php: { ...cartridge, name: 'php', image } },
    store: { kind: 'directory', path: path('local') },
    stores: { shelf: { kind: 'directory', name: 'shelf', path: path('shelf') } },
    ...more,
  };
};
const deps = { openStore: (store: Spec['stores'][string]) => openRegistry(store, { env: {} }), emit: () => undefined };

/** Puts an image into a store; its digest. */
async function put(store: string, reference: string, content: string): Promise<string> {
  const into = directoryStore(path(store));
  const layer = blobOf(content);
  await into.addBlob(streamOf(layer));
  const entry = { mediaType: MEDIA.layer, digest: layer.digest, size: layer.size, diffId: layer.digest };
  return (await into.addImage(reference, [entry], { architecture: 'amd64', os: 'linux' })).digest;
}

const find = async (spec: Spec, inventory: Inventory, pull: boolean) =>
  imagesOf(deps, spec, inventory, directoryStore(spec.store.path), { pull });

describe('imagesOf', () => {
  it('looks at an image where it is, and leaves the local store as it is', async () => {
    const digest = await put('shelf', 'php:8.2', 'one');
    const { references, missing } = await find(specOf(NAME), anInventory(), false);
    expect(references[NAME]?.digest).toBe(digest);
    expect(references[NAME]?.layers).toHaveLength(1);
    expect(missing).toEqual({});
    expect(await directoryStore(path('local')).list()).toEqual([]);
  });

  it('pulls it under its name when it is needed, and takes it from here the next time', async () => {
    const digest = await put('shelf', 'php:8.2', 'one');
    const spec = specOf(NAME);
    expect((await find(spec, anInventory(), true)).references[NAME]?.digest).toBe(digest);
    const local = directoryStore(path('local'));
    expect(await local.list()).toEqual([{ reference: NAME, digest }]);
    const image = await local.find(NAME);
    if (!image) throw new Error('not pulled');
    await local.verify(image);
    await rm(path('shelf'), { recursive: true });
    expect((await find(spec, anInventory(), true)).references[NAME]?.digest).toBe(digest);
  });

  it('follows the pin and not a tag that has moved', async () => {
    const [first, spec] = [await put('shelf', 'php:8.2', 'one'), specOf(NAME)];
    await put('shelf', 'php:first', 'one');
    const second = await put('shelf', 'php:8.2', 'two');
    const pinned = { ...anInventory(), images: [{ name: NAME, digest: first }] };
    for (const pull of [false, true]) expect((await find(spec, pinned, pull)).references[NAME]?.digest).toBe(first);
    expect(second).not.toBe(first);
  });

  it('has the image of a revision where the revision had it, and leaves the name that the spec has for another', async () => {
    const first = await put('shelf', 'php:8.2', 'one');
    await put('shelf', 'php:first', 'one');
    const [cartridge] = Object.values(specOf(NAME).cartridges);
    const inventory = { ...anInventory(), revisions: [{ image: first, cartridge }] } as unknown as Inventory;
    const second = await put('shelf', 'php:8.2', 'two');
    expect((await find(specOf(NAME), inventory, true)).references[NAME]?.digest).toBe(second);
    for (const pull of [false, true])
      expect((await find(specOf(first), inventory, pull)).references[first]?.digest).toBe(first);
    expect(await directoryStore(path('local')).list()).toEqual([
      { reference: NAME, digest: second },
      { reference: `shelf:php@${first}`, digest: first },
    ]);
    expect((await find(specOf(blobOf('x').digest), inventory, true)).references).toEqual({
      [blobOf('x').digest]: undefined,
    });
  });

  it('takes names without a store from the default one', async () => {
    const digest = await put('shelf', 'php:8.2', 'one');
    const spec = specOf('php:8.2', { defaultStore: 'shelf' });
    expect((await find(spec, anInventory(), true)).references['php:8.2']?.digest).toBe(digest);
    expect((await find(specOf('php:8.3'), anInventory(), true)).references).toEqual({ 'php:8.3': undefined });
  });

  it('refuses a tag that is not the digest beside it', async () => {
    const digest = await put('shelf', 'php:8.2', 'one');
    const right = `shelf:php:8.2@${digest}`;
    expect((await find(specOf(right), anInventory(), true)).references[right]?.digest).toBe(digest);
    const moved = await put('shelf', 'php:8.2', 'two');
    const { references, missing } = await find(specOf(`shelf:php:8.2@${digest}`), anInventory(), false);
    // It is here already, under this very name.
    expect(references[right]?.digest).toBe(digest);
    expect(missing).toEqual({});
    const wrong = `shelf:php:8.2@${blobOf('x').digest}`;
    expect((await find(specOf(wrong), anInventory(), true)).missing[wrong]).toMatch(
      `tag and digest disagree: the tag is ${moved}`,
    );
  });

  it('says why an image cannot be had', async () => {
    const { references, missing } = await find(specOf('shelf:php:none'), anInventory(), true);
    expect(references).toEqual({ 'shelf:php:none': undefined });
    expect(missing['shelf:php:none']).toMatch(/^Cannot find the image in the store shelf/);
  });
});

describe('changedPins', () => {
  it('pins what comes from a registry, keeps what cannot be had now, and forgets what nobody names', async () => {
    const digest = await put('shelf', 'php:8.2', 'one');
    const spec = specOf(NAME);
    const images = await find(spec, anInventory(), true);
    const pins = changedPins(spec, anInventory(), images);
    expect(pins).toEqual([{ name: NAME, digest }]);
    const pinned = { ...anInventory(), images: [{ name: NAME, digest }] };
    expect(changedPins(spec, pinned, images)).toBeUndefined();
    expect(changedPins(spec, pinned, { references: { [NAME]: undefined }, missing: {} })).toBeUndefined();
    expect(changedPins(specOf('php:8.2'), pinned, { references: { 'php:8.2': undefined }, missing: {} })).toEqual([]);
  });
});

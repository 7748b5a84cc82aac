/** Work on the cartridge store, as commands ask for it, on top of `store/`. */
import type { CartridgeUseCases, NamedImage } from '../commands/cartridge-use-cases.ts';
import { StoreError } from '../model/errors.ts';
import { bytes } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import type { Provenance } from '../store/provenance.ts';
import { findNamed, shownNames } from './find-named.ts';
import { isRevisionName } from '../store/revision-name.ts';

export const cartridgeUseCases: CartridgeUseCases = {
  addCartridge: async (deps, name, { image, partition }) => {
    const [found, { runValues }, { addCartridge }] = await Promise.all([
      openStore(deps).then((store) => findNamed(store, image)),
      import('../store/run-hints.ts'),
      import('../inventory/edit-spec.ts'),
    ]);
    const values = { image, partition, ...runValues(found.image) };
    const { file, changed } = await addCartridge(deps.directory, name, values);
    return { file, changed, values };
  },
  buildCartridge: async (deps, directory, settings) => {
    const [store, { buildUseCase }] = await Promise.all([openDirectory(deps), import('./build-use-case.ts')]);
    const { named, from } = await buildUseCase(deps, directory, settings, store);
    return withOrigin(deps, 'build', [{ uri: `dir:${directory}` }, from], Promise.resolve(named));
  },
  commitCartridge: async (deps, target, settings) => {
    const [store, { commitProcess }] = await Promise.all([
      openDirectory(deps),
      import('../reconcile/commit-process.ts'),
    ]);
    const { image, base, ...how } = await commitProcess(deps, store, target, settings);
    const named = findNamed(store, image.digest);
    const from = [{ uri: `process:${how.process}` }, { uri: `cartridge:${base}`, digest: base }];
    return { ...(await withOrigin(deps, 'commit', from, named)), ...how };
  },
  importCartridge: async (deps, file, { tag, argv, env, ports, ...options }) => {
    const [store, { importImages }] = await Promise.all([openDirectory(deps), import('../store/import.ts')]);
    const images = await importImages(file, {
      ...options,
      store,
      ...(tag === undefined ? {} : { reference: tag }),
      ...(argv.length === 0 ? {} : { entrypoint: argv, cmd: [] }),
      ...(Object.keys(env).length === 0 ? {} : { env }),
      ...(ports.length === 0 ? {} : { ports }),
      onStep: step(deps),
    });
    const digests = [...new Set(images.map(({ digest }) => digest))];
    const from = [{ uri: `file:${file}` }];
    return Promise.all(digests.map((digest) => withOrigin(deps, 'import', from, findNamed(store, digest))));
  },
  exportCartridges: async (deps, references, file, settings) =>
    (await import('./export-use-case.ts')).exportUseCase(deps, await openDirectory(deps), references, file, settings),
  diffCartridges: async (deps, a, b) => {
    const store = await openDirectory(deps);
    const [before, after] = [await findNamed(store, a), await findNamed(store, b)];
    return (await import('../store/image-diff.ts')).diffImages(store, before.image, after.image);
  },
  pruneCartridges: async (deps, settings) => {
    const [{ pruneUseCase }, { pruneBuildsUseCase }] = await Promise.all([
      import('./prune-use-case.ts'),
      import('./prune-builds-use-case.ts'),
    ]);
    const images =
      settings.on === undefined
        ? await pruneUseCase(deps, await openDirectory(deps), settings)
        : { removed: [], kept: [], freed: bytes(0) };
    return { ...images, builds: await pruneBuildsUseCase(deps, settings) };
  },
  listCartridges: async (deps) => {
    const store = await openStore(deps);
    const byDigest = Map.groupBy(await store.list(), (entry) => entry.digest);
    const images = [...byDigest].map(async ([digest, entries]) => ({
      references: shownNames(entries.map((entry) => entry.reference)),
      image: await store.find(digest),
    }));
    return (await Promise.all(images)).flatMap(({ references, image }) => (image ? [{ references, image }] : []));
  },
  tagCartridge: async (deps, reference, name, signal) => {
    const spec = await deps.loadSpec();
    const store = await deps.storeOf(spec);
    const [{ parseReference }, { isLocal, tagRemote }] = await Promise.all([
      import('../store/reference.ts'),
      import('./transfers.ts'),
    ]);
    const wanted = parseReference(name);
    if (wanted.kind === 'name' && !isLocal(wanted.name)) {
      await tagRemote(deps, spec, reference, name, signal);
      const { lookAt, remotePlace } = await import('../store/remote-images.ts');
      const place = await remotePlace(name, spec, deps.openStore, { signal });
      if (place) return { references: [wanted.text], image: await lookAt(place, signal) };
    }
    const { image } = await findNamed(store, reference);
    await store.tag(name, image.digest);
    return findNamed(store, image.digest);
  },
  removeCartridges: async (deps, references, { force, remote, signal }) => {
    const spec = await deps.loadSpec();
    const store = await deps.storeOf(spec);
    if (remote) {
      const { removeRemote } = await import('./transfers.ts');
      if (!force) for (const reference of references) await refuseNamed(reference, spec);
      for (const reference of references) await removeRemote(deps, spec, reference, signal);
      return bytes(0);
    }
    // All are looked at before the first is removed.
    if (!force) for (const reference of references) await refuseNeeded(reference, spec, store);
    let freed = 0;
    for (const reference of references) freed += await store.remove(reference);
    return bytes(freed);
  },
};

/** @throws StoreError when a cartridge of the spec is named so */
async function refuseNamed(reference: string, spec: Spec): Promise<void> {
  const { parseName } = await import('../store/reference.ts');
  const text = parseName(reference);
  const users = Object.values(spec.cartridges).filter(({ image }) => image.includes(':') && parseName(image) === text);
  if (users.length > 0)
    throw new StoreError(
      `Cannot remove ${reference} as cartridges of the spec need it: ${users.map((user) => user.name).join(', ')}`,
      { hint: `stratos cartridge rm --remote --force ${reference}` },
    );
}

/** @throws StoreError when a cartridge of the spec would lose its image */
async function refuseNeeded(reference: string, spec: Spec, store: CartridgeStore): Promise<void> {
  const { parseReference } = await import('../store/reference.ts');
  const wanted = parseReference(reference);
  const image = await store.find(reference);
  if (!image) return;
  const names = (await store.list()).filter(
    ({ digest, reference: name }) => digest === image.digest && !isRevisionName(name),
  );
  const users: string[] = [];
  for (const [alias, cartridge] of Object.entries(spec.cartridges)) {
    const needed = parseReference(cartridge.image);
    const lost =
      wanted.kind === 'name' && needed.kind === 'name'
        ? wanted.text === needed.text
        : // An image goes with its digest, or with its last name.
          (wanted.kind === 'digest' || names.length <= 1) &&
          (await store.find(cartridge.image))?.digest === image.digest;
    if (lost) users.push(alias);
  }
  if (users.length > 0)
    throw new StoreError(`Cannot remove ${reference} as cartridges of the spec need it: ${users.join(', ')}`, {
      hint: `stratos cartridge rm --force ${reference}`,
    });
}

async function openStore(deps: Deps): Promise<CartridgeStore> {
  return deps.storeOf(await deps.loadSpec());
}

/** The same, to add to. */
async function openDirectory(deps: Deps): Promise<DirectoryStore> {
  const { store } = await deps.loadSpec();
  return (await import('./open-directory-store.ts')).openDirectoryStore(store.path, deps.env);
}

function step(deps: Deps): (message: string) => void {
  return (message) => {
    deps.emit({ type: 'step', message });
  };
}

/** An image that was made, which says from then on where it comes from. */
async function withOrigin(
  deps: Deps,
  how: Provenance['how'],
  from: Provenance['from'],
  made: Promise<NamedImage>,
): Promise<NamedImage> {
  const [named, { recordOrigin }] = await Promise.all([made, import('./origin.ts')]);
  await recordOrigin(deps, named, how, from);
  return named;
}

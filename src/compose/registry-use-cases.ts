/** Work on stores and what is in them, on top of `store/` and `inventory/`. */
import type { FoundImage, NewStore, RegistryUseCases, StoreInfo } from '../commands/registry-use-cases.ts';
import { NotFoundError, UsageError } from '../model/errors.ts';
import type { Spec, StoreSpec } from '../model/spec.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { StoreValues } from '../inventory/edit-stores.ts';

export const registryUseCases: RegistryUseCases = {
  listStores: async (deps) => {
    const { stores, defaultStore, store } = await deps.loadSpec();
    const named = Object.values(stores).map((each): StoreInfo => ({
      name: each.name,
      kind: each.kind,
      place: placeOf(each),
      isDefault: each.name === defaultStore || (each.kind === 'directory' && each.path === store.path),
    }));
    const known = named.some((each) => each.place === store.path);
    return known
      ? named
      : [{ name: '', kind: store.kind, place: store.path, isDefault: defaultStore === undefined }, ...named];
  },
  addStore: async ({ directory }, store) =>
    (await import('../inventory/edit-stores.ts')).addStore(directory, store.name, valuesOf(store), store.makeDefault),
  removeStore: async ({ directory }, name) =>
    (await import('../inventory/edit-stores.ts')).removeStore(directory, name),
  loginStore: async (deps, name, { user, password, signal }) => {
    const store = await registryNamed(await deps.loadSpec(), name, 'in');
    const [{ openRegistry }, { keepCredentials }] = await Promise.all([
      import('../store/open-registry.ts'),
      import('../store/oci/kept-credentials.ts'),
    ]);
    const credentials = { user, secret: password, identity: false };
    // What does not work is not kept.
    await (await openRegistry(store, { env: deps.env, credentials })).check(signal);
    return keepCredentials(new URL(store.url).host, user, password, deps.env);
  },
  logoutStore: async (deps, name) => {
    const { url } = await registryNamed(await deps.loadSpec(), name, 'out');
    const { forgetCredentials } = await import('../store/oci/kept-credentials.ts');
    const forgotten = await forgetCredentials(new URL(url).host, deps.env);
    if (forgotten.removed.length > 0) return forgotten;
    const [other] = forgotten.left;
    throw other === undefined
      ? new NotFoundError(`Cannot log out as no password is kept: ${name}`, { hint: 'stratos store ls' })
      : new NotFoundError(`Cannot log out as the password is kept by another program: ${other}`, {
          hint: `podman logout --authfile ${other} ${new URL(url).host}`,
        });
  },
  pushCartridge: async (...args) => (await import('./transfers.ts')).push(...args),
  pullCartridge: async (...args) => (await import('./transfers.ts')).pull(...args),
  copyCartridge: async (...args) => (await import('./transfers.ts')).copy(...args),
  searchCartridges: async (deps, { text, store, signal }) => {
    const { stores } = await deps.loadSpec();
    const chosen = store === undefined ? Object.values(stores) : [storeNamed(stores, store)];
    const found = chosen.map((each) => search(deps, each, text, signal));
    return (await Promise.all(found)).flat();
  },
};

async function search(
  deps: Deps,
  store: StoreSpec,
  text: string | undefined,
  signal: AbortSignal,
): Promise<readonly FoundImage[]> {
  const [registry, { formatName }] = await Promise.all([deps.openStore(store), import('../store/reference.ts')]);
  const entries = await registry.list({ ...(text !== undefined && { search: text }), signal });
  return entries.map(({ repository, tag, digest }) => ({
    name: formatName({ store: store.name, repository, tag }),
    ...(digest !== undefined && { digest }),
  }));
}

function valuesOf({ kind, place, ca, cert, key, insecure }: NewStore): StoreValues {
  if (kind === 'directory') return { kind, path: place };
  const trust = ca === undefined ? {} : { ca };
  // A word alone is the name of a cloud in clouds.yaml.
  if (kind === 'glance') return { kind, ...(/[.:/]/.test(place) ? { url: place } : { cloud: place }), ...trust };
  const client = { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
  return { kind, url: place, ...trust, ...client, ...(insecure && { insecure }) };
}

function placeOf(store: StoreSpec): string {
  if (store.kind === 'directory') return store.path;
  return store.url ?? (store.kind === 'glance' ? `cloud ${store.cloud ?? ''}`.trim() : '');
}

/** A registry to log in to or out of: a store of the spec, or a host. */
async function registryNamed(
  spec: Spec,
  name: string,
  way: 'in' | 'out',
): Promise<Extract<StoreSpec, { kind: 'oci' }>> {
  const { whereIs } = await import('../store/find-place.ts');
  const store =
    /[.:]/.test(name) || name === 'localhost'
      ? whereIs({ host: name, repository: 'x' }, spec)?.store
      : storeNamed(spec.stores, name);
  if (store?.kind === 'oci') return store;
  throw new UsageError(`Cannot log ${way} as ${name} is a store without passwords of its own`, {
    hint: 'stratos store ls',
  });
}

function storeNamed(stores: Spec['stores'], name: string): StoreSpec {
  const store = stores[name];
  if (store) return store;
  throw new UsageError(`Cannot use the store as the spec has none of this name: ${JSON.stringify(name)}`, {
    hint: 'stratos store ls',
  });
}

/** Where an image is, by its name. */
import { UsageError } from '../model/errors.ts';
import type { Spec, StoreSpec } from '../model/spec.ts';
import type { ImagePlace } from './copy-image.ts';
import { parseReference } from './reference.ts';
import type { ImageName, Reference } from './reference.ts';
import type { ImageRegistry } from './registry.ts';

export type Stores = Pick<Spec, 'store' | 'stores' | 'defaultStore'>;

/** The store of a name, and what the image is called there. */
export interface StoredAt {
  readonly store: StoreSpec;
  readonly repository: string;
  /** A tag, or the pinned digest. */
  readonly reference: string;
  /** The name as it was read: a pin may have a tag beside, which must agree. */
  readonly name: ImageName;
}

/** What Docker's own registry is called, and where it is. */
const DOCKER_HUB = { host: 'docker.io', url: 'https://registry-1.docker.io' };

/** Reads a reference with the stores there are. @throws UsageError */
export function readReference(text: string, { stores }: Stores): Reference {
  return parseReference(text, (name) => name in stores);
}

/**
 * Where a name that is not in the local store is to be found; undefined where only the local store could have it.
 * @throws UsageError for a store that is not there
 */
export function whereIs(name: ImageName, stores: Stores): StoredAt | undefined {
  const store = storeOf(name, stores);
  if (!store) return undefined;
  const isHub = name.host === DOCKER_HUB.host && !name.repository.includes('/');
  const repository = isHub ? `library/${name.repository}` : name.repository;
  return { store, repository, reference: name.digest ?? name.tag ?? '', name };
}

function storeOf({ store, host }: ImageName, { stores, defaultStore }: Stores): StoreSpec | undefined {
  if (host !== undefined) return atHost(host, stores);
  const wanted = store ?? defaultStore;
  if (wanted === undefined) return undefined;
  const found = stores[wanted];
  if (found) return found;
  throw new UsageError(`Cannot use the store as the spec has none of this name: ${JSON.stringify(wanted)}`, {
    hint: 'stratos store ls',
  });
}

/** The store of the spec that is at this host, with what it says of it; else the host as it is. */
function atHost(host: string, stores: Stores['stores']): StoreSpec {
  const known = Object.values(stores).find((store) => store.kind === 'oci' && new URL(store.url).host === host);
  if (known) return known;
  if (host === DOCKER_HUB.host) return { kind: 'oci', name: host, url: DOCKER_HUB.url };
  const isHere = /^(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?$/.test(host);
  return { kind: 'oci', name: host, url: `${isHere ? 'http' : 'https'}://${host}` };
}

/** Opens each store once. */
export type OpenStore = (store: StoreSpec) => Promise<ImageRegistry>;

/**
 * The image's place at its store.
 * @throws UsageError where tag and digest of a name disagree, RegistryError
 */
export async function openPlace(at: StoredAt, open: OpenStore, signal?: AbortSignal): Promise<ImagePlace> {
  const registry = await open(at.store);
  const { tag, digest } = at.name;
  if (tag !== undefined && digest !== undefined) {
    const found = await registry.resolve(at.repository, tag, signal);
    if (found && found.digest !== digest)
      throw new UsageError(
        `Cannot use ${at.repository}:${tag} of ${registry.name} as tag and digest disagree: the tag is ${found.digest}, not ${digest}`,
      );
  }
  return { registry, repository: at.repository, reference: at.reference };
}

/**
 * The spec as it holds in this run: a subscription with an image of its own, pinned to a revision, or returned to one, runs a
 * cartridge made for it alone. Nothing that reads a spec must know how it came to be.
 */
import type { RevisionRecord } from '../model/revision.ts';
import { revisionsOf } from '../model/revision.ts';
import type { Inventory } from '../model/inventory.ts';
import type { CartridgeSpec, Spec, SubscriptionSpec } from '../model/spec.ts';

export interface PinnedSpec {
  readonly spec: Spec;
  /** Why a subscription cannot be made now, by alias. */
  readonly unresolved: Readonly<Record<string, string>>;
}

/**
 * The cartridge of a revision, with its image by digest. Its name is the revision's. Limits are no part of what it was made of: they
 * are what its cartridge says now, where there is one.
 */
export function cartridgeOf({ name, image, cartridge }: RevisionRecord, { cartridges }: Spec): CartridgeSpec {
  const now = cartridges[cartridge.name]?.resources ?? cartridge.resources;
  const { disk: _disk, ...resources } = now;
  // Whether it has a file system of its own is.
  const own = cartridge.resources.disk === undefined ? undefined : (now.disk ?? cartridge.resources.disk);
  return { ...cartridge, name, image, resources: { ...resources, ...(own === undefined ? {} : { disk: own }) } };
}

/** The spec with the images and revisions that subscriptions ask for themselves. */
export function pinnedSpec(spec: Spec, inventory: Inventory): PinnedSpec {
  const cartridges: Record<string, CartridgeSpec> = {};
  const subscriptions: Record<string, SubscriptionSpec> = {};
  const unresolved: Record<string, string> = {};
  for (const subscription of Object.values(spec.subscriptions)) {
    const { alias, image, revision } = subscription;
    const own = spec.cartridges[subscription.cartridge];
    if (revision !== undefined) {
      const found = revisionsOf(inventory, alias).find(({ number }) => number === revision);
      if (found) {
        cartridges[found.name] = cartridgeOf(found, spec);
        // Its environment is in the cartridge already, as it was then.
        subscriptions[alias] = { ...subscription, cartridge: found.name, env: {} };
      } else
        unresolved[alias] =
          `revision ${String(revision)} is not in the inventory: see stratos rollout history ${alias}`;
    } else if (image !== undefined && own) {
      const name = `${own.name}@${alias}`;
      cartridges[name] = { ...own, name, image };
      subscriptions[alias] = { ...subscription, cartridge: name };
    }
  }
  return { spec: withParts(spec, cartridges, subscriptions), unresolved };
}

/** The same object where nothing is added: what was derived from it stays valid. */
export function withParts(
  spec: Spec,
  cartridges: Readonly<Record<string, CartridgeSpec>>,
  subscriptions: Readonly<Record<string, SubscriptionSpec>>,
): Spec {
  if (Object.keys(cartridges).length === 0 && Object.keys(subscriptions).length === 0) return spec;
  return {
    ...spec,
    cartridges: { ...spec.cartridges, ...cartridges },
    subscriptions: { ...spec.subscriptions, ...subscriptions },
  };
}

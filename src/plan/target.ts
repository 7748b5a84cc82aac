/** What one subscription should be in one partition. */
import type { CartridgeSpec, SubscriptionSpec } from '../model/spec.ts';
import { demandOf } from './capacity.ts';
import { processFingerprint } from './fingerprint.ts';
import type { PartitionView } from './partition-view.ts';
import type { Request } from './place.ts';

/** What a new process of a subscription is. */
export interface Launch {
  readonly image: string;
  /** It needs the image with ownership that is not shifted. */
  readonly privileged: boolean;
  readonly fingerprint: string;
  readonly request: Request;
}

export interface Target {
  readonly alias: string;
  /** Undefined: the subscription is gone, or its processes are elsewhere now. */
  readonly subscription: SubscriptionSpec | undefined;
  readonly cartridge: CartridgeSpec | undefined;
  /** Undefined: nothing can be created. */
  readonly launch: Launch | undefined;
  /** Why nothing can be created; empty where `launch` is there or nothing is wanted. */
  readonly obstacle: string;
  readonly desired: number;
  /** Why so many. */
  readonly why: string;
}

/**
 * The target of `alias`, of which `existing` processes are here; undefined when its processes must stay as they are for now: a
 * subscription that moves to another partition leaves this one only when it is ready there.
 */
export function targetOf(view: PartitionView, alias: string, existing: number): Target | undefined {
  const { spec, decisions } = view.input;
  const subscription = spec.subscriptions[alias];
  const cartridge = subscription && spec.cartridges[subscription.cartridge];
  if (!subscription || !cartridge) return nobody(alias, 'its subscription is gone');
  const decision = decisions.processes[alias];
  if (cartridge.partition !== view.name) {
    const wanted = decision?.desired ?? subscription.scaling.processes.min;
    const there = view.world.readyIn.get(`${alias} ${cartridge.partition}`) ?? 0;
    if (there >= wanted) return nobody(alias, `it moved to partition ${cartridge.partition}`);
    if (existing > 0)
      view.hold(alias, `stays in ${view.name} until ${wanted} are ready in ${cartridge.partition}: ${there} are`);
    return undefined;
  }
  return {
    alias,
    subscription,
    cartridge,
    launch: launchOf(view, subscription, cartridge),
    obstacle: obstacleOf(view, alias, cartridge),
    desired: decision?.desired ?? existing,
    why: decision?.reasons.at(-1) ?? 'nothing was decided: the count holds',
  };
}

function nobody(alias: string, why: string): Target {
  return { alias, subscription: undefined, cartridge: undefined, launch: undefined, obstacle: '', desired: 0, why };
}

function launchOf(view: PartitionView, subscription: SubscriptionSpec, cartridge: CartridgeSpec): Launch | undefined {
  const { images, envDigests } = view.input;
  const { alias } = subscription;
  const image = images[cartridge.image];
  if (image === undefined || !view.spec || view.input.unresolved[alias] !== undefined) return undefined;
  const { network } = view.spec;
  return {
    image,
    privileged: cartridge.security.privileged,
    fingerprint: processFingerprint({ image, cartridge, envDigest: envDigests[alias] ?? '', network }),
    request: {
      alias,
      demand: demandOf(cartridge.resources),
      apart: subscription.spread,
      near: subscription.near,
      never: view.world.apartOf.get(alias) ?? [],
    },
  };
}

function obstacleOf({ input }: PartitionView, alias: string, cartridge: CartridgeSpec): string {
  const unresolved = input.unresolved[alias];
  if (unresolved !== undefined) return unresolved;
  return input.images[cartridge.image] === undefined
    ? `the store has no image ${cartridge.image}: see stratos cartridge ls`
    : '';
}

/** What one subscription should be in one partition. */
import { surgeOf } from '../model/amount.ts';
import type { RolloutDecision } from '../model/decision.ts';
import { capabilitiesOf } from '../model/runtime.ts';
import type { CartridgeSpec, ResourceSpec, SubscriptionSpec } from '../model/spec.ts';
import { demandOf } from './capacity.ts';
import { processFingerprint } from './fingerprint.ts';
import type { PartitionView } from './partition-view.ts';
import type { Request } from './tiers.ts';

/** What a new process of a subscription is. */
export interface Launch {
  readonly image: string;
  /** It needs the image with ownership that is not shifted. */
  readonly privileged: boolean;
  readonly fingerprint: string;
  /** What each may take. Undefined: its runtime limits nothing. */
  readonly limits?: ResourceSpec;
  readonly request: Request;
  /** Made of this revision of its subscription. Undefined: of what the spec says. */
  readonly revision?: number;
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
  /** Processes that are wanted, with those that a rollout has beside them for a while. */
  readonly desired: number;
  /** Processes above `desired`, and ready ones below what policy wants, while replacing. */
  readonly surge: number;
  readonly unavailable: number;
  /** Ready processes that are wanted, without those that a rollout has besides. */
  readonly serving: number;
  /** How far a rollout may go now. Undefined: as far as the rollout policy lets it. */
  readonly gate: RolloutDecision | undefined;
  /** What is created beyond what the gate lets through: processes of the revision before. */
  readonly fallback: Launch | undefined;
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
  const gate = decisions.rollouts?.[alias];
  const surplus = gate?.surplus ?? 0;
  const serving = decision?.desired ?? Math.max(0, existing - surplus);
  const { surge, unavailable } = surgeOf(subscription.rollout, serving);
  const { launch, fallback } = launchesOf(view, subscription, cartridge, gate);
  return {
    alias,
    subscription,
    cartridge,
    launch,
    fallback,
    gate,
    obstacle: obstacleOf(view, alias, cartridge),
    desired: serving + surplus,
    serving,
    // A canary or a second set is what is too many meanwhile.
    surge: Math.max(0, surge - surplus),
    unavailable,
    why: decision?.reasons.at(-1) ?? 'nothing was decided: the count holds',
  };
}

function nobody(alias: string, why: string): Target {
  const nothing = { subscription: undefined, cartridge: undefined, launch: undefined, fallback: undefined };
  const none = { desired: 0, serving: 0, surge: 0, unavailable: 0, gate: undefined };
  return { alias, ...nothing, ...none, obstacle: '', why };
}

/** What is launched, and beside it what the gate has in its place. Either finds room where the larger of the two fits. */
function launchesOf(
  view: PartitionView,
  subscription: SubscriptionSpec,
  cartridge: CartridgeSpec,
  gate: RolloutDecision | undefined,
): { readonly launch: Launch | undefined; readonly fallback: Launch | undefined } {
  const own = launchOf(view, subscription, cartridge);
  const wanted = own && gate?.fingerprint !== undefined ? { ...own, fingerprint: gate.fingerprint } : own;
  const before =
    gate?.fallback && view.input.spec.cartridges[`${subscription.alias}@${String(gate.fallback.revision)}`];
  if (!gate?.fallback || !before || !wanted) return { launch: wanted, fallback: undefined };
  const [a, b] = [wanted.request.demand, demandOf(before.resources)];
  const request = { ...wanted.request, demand: { cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory) } };
  const { image, fingerprint, revision } = gate.fallback;
  const { privileged } = before.security;
  return {
    launch: { ...wanted, request },
    fallback: { image, fingerprint, revision, privileged, request, ...limitsOf(before) },
  };
}

function launchOf(view: PartitionView, subscription: SubscriptionSpec, cartridge: CartridgeSpec): Launch | undefined {
  const { images, envDigests } = view.input;
  const { alias } = subscription;
  const image = cartridge.runtime === 'vm' ? cartridge.image : images[cartridge.image];
  if (image === undefined || !view.spec || view.input.unresolved[alias] !== undefined) return undefined;
  const { network } = view.spec;
  return {
    image,
    privileged: cartridge.security.privileged,
    fingerprint: processFingerprint({ image, cartridge, envDigest: envDigests[alias] ?? '', network }),
    ...limitsOf(cartridge),
    request: {
      alias,
      demand: demandOf(cartridge.resources),
      apart: subscription.spread,
      near: subscription.near,
      never: view.world.apartOf.get(alias) ?? [],
    },
  };
}

function limitsOf({ runtime, resources }: CartridgeSpec): Pick<Launch, 'limits'> {
  return capabilitiesOf(runtime).limits ? { limits: resources } : {};
}

function obstacleOf({ input }: PartitionView, alias: string, cartridge: CartridgeSpec): string {
  const unresolved = input.unresolved[alias];
  if (unresolved !== undefined) return unresolved;
  return cartridge.runtime !== 'vm' && input.images[cartridge.image] === undefined
    ? `the store has no image ${cartridge.image}: see stratos cartridge ls`
    : '';
}

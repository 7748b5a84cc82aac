/** Rollouts in virtual time: each run decides, plans and does it in the reference model, a while after the one before. */
import type { RolloutMemory } from '../../src/model/memory.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { RolloutPolicy } from '../../src/model/policy.ts';
import { instant } from '../../src/model/quantity.ts';
import type { RevisionRecord } from '../../src/model/revision.ts';
import { NO_MEASUREMENT } from '../../src/model/signal.ts';
import type { Spec, SubscriptionSpec } from '../../src/model/spec.ts';
import { processFingerprint } from '../../src/plan/fingerprint.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { World } from '../../src/plan/reference/world.ts';
import { chooseRevision, type Candidate } from '../../src/policy/rollout/choose-revision.ts';
import { decideRollouts, withRevisions } from '../../src/policy/rollout/decide-rollouts.ts';
import { applyPlan, aSpec, converge, planInput } from './builders.ts';

export interface RolloutWorld {
  readonly spec: Spec;
  readonly subscription: SubscriptionSpec;
  readonly world: World;
  readonly revisions: readonly RevisionRecord[];
  readonly memory: Readonly<Record<string, RolloutMemory>>;
  /** In ms. */
  readonly time: number;
}

export interface PlanAndRecords {
  readonly plan: Plan;
  /** Revisions that the run records. */
  readonly changed: readonly RevisionRecord[];
  /** After each action: records of the subscription, and those of them that serve. */
  readonly counts: readonly { readonly total: number; readonly ready: number }[];
  readonly after: RolloutWorld;
}

function specOf(image: string, wanted: number, policy: Partial<RolloutPolicy>): Spec {
  return aSpec({
    partitions: { web: { max: 4, min: 4, memory: 8192, cpu: 8 } },
    cartridges: { php: { image } },
    subscriptions: { shop: { port: 8080, min: wanted, max: wanted, rollout: policy } },
  });
}

function candidateOf(spec: Spec, world: World): Candidate {
  const cartridge = spec.cartridges.php;
  const network = spec.partitions.web?.network;
  if (!cartridge || network === undefined) throw new TypeError('the spec has neither php nor web');
  const { images, envDigests } = planInput(spec, world);
  const [image, envDigest] = [images[cartridge.image] ?? '', envDigests.shop ?? ''];
  const fingerprint = processFingerprint({ image, cartridge, envDigest, network });
  return { subscription: 'shop', fingerprint, image, environment: envDigest, cartridge };
}

/** `shop` with its first revision, all of it there. */
export function aRolloutWorld(wanted: number, policy: Partial<RolloutPolicy>): RolloutWorld {
  const spec = specOf('php:1', wanted, policy);
  const world = converge(spec);
  const { revision } = chooseRevision(candidateOf(spec, world), [], { who: 'op@desk' }, instant(0));
  const subscription = spec.subscriptions.shop;
  if (!subscription) throw new TypeError('the spec has no shop');
  return { spec, subscription, world, revisions: [{ ...revision, state: 'succeeded' }], memory: {}, time: 0 };
}

/** The same with another image wanted. */
export function begin(from: RolloutWorld, image = 'php:2'): RolloutWorld {
  const { min } = from.subscription.scaling.processes;
  return { ...from, spec: specOf(image, min, from.subscription.rollout) };
}

/** One run, `step` seconds after the one before. */
export function runOnce(from: RolloutWorld, step: number): PlanAndRecords {
  const now = instant(from.time + step * 1000);
  const written = from.spec;
  const candidate = candidateOf(written, from.world);
  const choice = chooseRevision(candidate, from.revisions, { who: 'op@desk' }, now);
  const before = choice.before;
  const beside = before ? { [before.name]: { ...before.cartridge, name: before.name } } : {};
  const own = written.subscriptions.shop ?? from.subscription;
  const subscription = choice.returning && before ? { ...own, cartridge: before.name } : own;
  const spec = {
    ...written,
    cartridges: { ...written.cartridges, ...beside },
    subscriptions: { ...written.subscriptions, shop: subscription },
  };
  const inventory = { ...from.world.inventory, revisions: from.revisions };
  const input = planInput(spec, { ...from.world, inventory });
  const { decisions, revisions, memory } = decideRollouts({
    spec,
    inventory,
    observation: from.world.observation,
    measurement: { at: now, ...NO_MEASUREMENT },
    choices: { shop: choice },
    memory: from.memory,
    desired: () => own.scaling.processes.min,
    canMake: () => true,
    only: [],
    now,
  });
  const plan = makePlan({ ...input, decisions: { ...input.decisions, rollouts: decisions } });
  const counts: { total: number; ready: number }[] = [];
  const count = (world: World): void => {
    const all = world.inventory.processes;
    const running = Object.values(world.observation.vms).flatMap((vm) =>
      vm.status === 'reached' ? vm.processes.map(({ name }) => name) : [],
    );
    const ready = all.filter(({ name, state }) => state === 'ready' && running.includes(name));
    counts.push({ total: all.length, ready: ready.length });
  };
  const world = applyPlan(spec, from.world, plan, { onStep: count });
  const recorded = withRevisions(inventory, revisions).revisions ?? [];
  const after = { ...from, world, revisions: recorded, memory: memory.rollouts, time: now };
  return { plan, changed: revisions, counts, after };
}

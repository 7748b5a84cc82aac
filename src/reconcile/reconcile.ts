/** One reconcile: lock, load, observe, decide, plan, apply, record. Safe to run every minute. */
import { limiter } from '../concurrency/limiter.ts';
import type { Inventory } from '../model/inventory.ts';
import type { PolicyMemory } from '../model/memory.ts';
import type { Plan } from '../model/plan.ts';
import { spreader } from '../store/spread/spreader.ts';
import { rememberBoots } from './after-run.ts';
import { apply, type ApplyOutcome } from './apply.ts';
import type { ApplyContext } from './context.ts';
import type { Deps, RunLimits } from './deps.ts';
import { admitRollouts, tellHooks } from './hooks.ts';
import { changedPins } from './images-of.ts';
import { loadMaterials, type Materials } from './materials.ts';
import { planFrom, type PlannedRun, type PlanRun } from './plan-run.ts';
import { noteSleepers } from './note-sleepers.ts';
import { recorder } from './recorder.ts';
import { recordRevisions, settleRollouts } from './rollout-records.ts';
import { spill, type Carried } from './spill.ts';

export interface RunOutcome extends ApplyOutcome {
  /** Id of the run in the event log. */
  readonly run: string;
  readonly plan: Plan;
  readonly unreachable: readonly { readonly vm: string; readonly message: string }[];
  /** What operators must see: an open breaker, a spent budget. */
  readonly alarms: readonly string[];
  readonly ms: number;
}

/** Makes the world what the spec says. @throws LockHeldError, InvalidSpecError, ProjectFileError, InterruptedError */
export async function reconcile(deps: Deps, limits: RunLimits): Promise<RunOutcome> {
  return withLock(deps, limits, 'reconcile', async () => {
    const run = deps.beginRun();
    const started = deps.now();
    const read = await loadMaterials(deps, { ...limits, pull: true });
    const admitted = await admitRollouts(deps, read, limits);
    const plan = await planFrom(deps, admitted.materials, limits);
    const go = (planned: PlannedRun) =>
      carryOut(
        deps,
        planned.materials,
        { ...planned, decisions: { ...planned.decisions, alarms: [...admitted.alarms, ...planned.decisions.alarms] } },
        limits,
      );
    const { remembered: _remembered, ...outcome } = await spill(
      deps,
      { planned: plan, outcome: await go(plan) },
      limits,
      go,
    );
    return { run, ...outcome, ms: deps.now() - started };
  });
}

/** Records what names of registries mean from now on. @throws StaleInventoryError, ProjectFileError */
async function pinImages(deps: Deps, materials: Materials): Promise<Materials> {
  const { spec, inventory } = materials;
  const images = changedPins(spec, inventory, materials);
  return images ? { ...materials, inventory: await deps.inventory.write({ ...inventory, images }) } : materials;
}

/** Does a plan, and leaves for the next run what this one has seen and decided, also where it does not come to its end. */
export async function carryOut(
  deps: Deps,
  materials: Materials,
  { plan, observation, decisions, record }: Pick<PlanRun, 'plan' | 'observation' | 'decisions' | 'record'>,
  limits: RunLimits,
): Promise<Omit<RunOutcome, 'run' | 'ms'> & Carried> {
  const remember = (memory: PolicyMemory): Promise<void> => deps.memory.remember({ ...record, memory });
  const pinned = await pinImages(deps, materials);
  const inventory = await noteSleepers(deps, pinned.inventory, observation, materials.moved);
  const made = { ...materials, inventory };
  const { after, ...outcome } = await applyWith(deps, made, plan, limits).catch(async (error: unknown) => {
    await remember(decisions.memory);
    throw error;
  });
  const remembered = rememberBoots(decisions.memory, plan, outcome, deps.now());
  await remember(remembered);
  await tellHooks(deps, materials, after, limits.signal);
  const unreachable = Object.entries(observation.vms).flatMap(([vm, seen]) =>
    seen.status === 'unreachable' ? [{ vm, message: seen.message }] : [],
  );
  return { plan, ...outcome, unreachable, alarms: decisions.alarms, remembered };
}

/** Applies a plan with the materials it was made from. */
async function applyWith(
  deps: Deps,
  materials: Materials,
  plan: Plan,
  limits: RunLimits,
): Promise<ApplyOutcome & { readonly after: Inventory }> {
  if (plan.stages.length === 0 && plan.revisions === undefined)
    return { done: 0, failed: [], skipped: 0, after: materials.inventory };
  const context = contextOf(deps, materials, limits.signal);
  await recordRevisions(context, plan);
  const outcome = await apply(context, plan, limits.parallel);
  await settleRollouts(context, plan, outcome);
  return { ...outcome, after: context.recorder.current() };
}

/** What the handlers need, from materials that were just read under the lock. */
export function contextOf(deps: Deps, materials: Materials, signal: AbortSignal): ApplyContext {
  const { spec, inventory, store, references, environments } = materials;
  const limit = spec.distribution?.bandwidthLimit;
  return {
    deps,
    spec,
    lineage: inventory.lineage,
    recorder: recorder(deps.inventory, inventory),
    store,
    images: new Map(Object.values(references).flatMap((image) => (image ? [[image.digest, image]] : []))),
    references,
    environments,
    claim: limiter(1),
    spreader: spreader({
      transport: deps.transport,
      fanOut: spec.distribution?.fanOut,
      keep: spec.distribution?.neighbours === true,
      ...(limit === undefined ? {} : { limit }),
    }),
    signal,
  };
}

/** Holds the inventory's lock while `work` runs. @throws LockHeldError */
export async function withLock<T>(
  deps: Deps,
  limits: Pick<RunLimits, 'lockTimeout' | 'signal'>,
  operation: string,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await deps.inventory.lock(operation, {
    timeout: limits.lockTimeout,
    signal: limits.signal,
    onNotice: (message) => {
      deps.emit({ type: 'warning', message });
    },
  });
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Applying a saved plan: only as long as the world it was made from is the world that is recorded. */
import { StalePlanError, StoreError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { returnedChoices } from '../policy/rollout/decide-rollouts.ts';
import type { Deps, RunLimits } from './deps.ts';
import type { Inventory } from '../model/inventory.ts';
import { admitPlan } from './hooks.ts';
import { loadMaterials, withChoices, type Materials } from './materials.ts';
import { lookFrom } from './plan-run.ts';
import { carryOut, withLock, type RunOutcome } from './reconcile.ts';

/** @throws StalePlanError when the spec or the inventory changed since the plan was made */
export async function applyPlan(deps: Deps, plan: Plan, limits: RunLimits): Promise<RunOutcome> {
  return withLock(deps, limits, 'apply', async () => {
    const run = deps.beginRun();
    const started = deps.now();
    const loaded = await loadMaterials(deps, { pull: true, signal: limits.signal });
    const materials = isUnborn(loaded.inventory) ? bornAs(loaded, plan.lineage) : loaded;
    const { lineage, serial } = materials.inventory;
    const hint = 'stratos plan -o plan.yaml';
    if (plan.lineage !== lineage)
      throw new StalePlanError(`Cannot apply the plan as it is for another inventory: ${plan.lineage}`, { hint });
    if (plan.serial !== serial)
      throw new StalePlanError(
        `Cannot apply the plan as the inventory changed since: serial ${String(plan.serial)}, now ${String(serial)}`,
        { hint },
      );
    if (plan.specDigest !== materials.specDigest)
      throw new StalePlanError('Cannot apply the plan as the spec changed since it was made', { hint });
    refuseImages(materials, plan);
    await admitPlan(deps, materials, plan, limits);
    // Looked at again, as what is seen and decided now is what the next run goes on from.
    const look = await lookFrom(deps, materials, limits);
    // What the plan goes back on is made of what was there before.
    const turned = returnedChoices(materials.choices, { revisions: plan.revisions ?? [] });
    const made = turned ? await withChoices(deps, materials, turned) : materials;
    const { remembered: _remembered, ...outcome } = await carryOut(deps, made, { ...look, plan }, limits);
    return { run, ...outcome, ms: deps.now() - started };
  });
}

/** @throws StoreError when the plan would run an image that may have been good when it was made and is not now */
function refuseImages({ references, refused }: Materials, plan: Plan): void {
  const actions = plan.stages.flatMap((stage) => stage.actions);
  const wanted = new Set(
    actions.map((action) =>
      action.kind === 'image.copy' || action.kind === 'process.create' ? action.image : undefined,
    ),
  );
  for (const [reference, why] of Object.entries(refused))
    if (wanted.has(references[reference]?.digest))
      throw new StoreError(`Cannot apply the plan: ${why}`, { hint: `stratos cartridge verify ${reference}` });
}

/** Nothing was ever written: the lineage is whatever the first writer says. */
function isUnborn(inventory: Inventory): boolean {
  return inventory.serial === 0;
}

function bornAs(materials: Materials, lineage: string): Materials {
  return { ...materials, inventory: { ...materials.inventory, lineage } };
}

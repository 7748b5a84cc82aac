/** The stages of a plan when some of its actions do not happen. */
import type { Action, ProcessForget, ProcessRemove, Stage } from '../model/plan.ts';

/**
 * The stages without what is cut and without what is for nothing then: copies that nobody needs, gateways of waves of which nothing
 * is left, but for those that are `due` anyway. What is not removed stays in rotation.
 */
export function withoutCut(
  stages: readonly Stage[],
  cut: ReadonlySet<string>,
  due: ReadonlySet<string>,
): readonly Stage[] {
  const left = stages.map((stage) => ({ ...stage, actions: stage.actions.filter(({ id }) => !cut.has(id)) }));
  const removed = new Set<string>();
  const used = new Set<string>();
  for (const { actions } of left)
    for (const action of actions) {
      if (isRemoval(action)) removed.add(action.process);
      for (const id of action.dependsOn) used.add(id);
    }
  const tidied = left.map((stage) => ({
    ...stage,
    actions: stage.actions.filter((action) => action.kind !== 'image.copy' || used.has(action.id)),
    withdraw: (stage.withdraw ?? []).filter((name) => removed.has(name)),
  }));
  const idle = new Set([...Map.groupBy(tidied, ({ partition }) => partition).values()].flatMap(idleGateways));
  const gone = new Set<string>();
  return tidied.flatMap(({ withdraw, withdrawAfter, after, ...stage }) => {
    const some = idle.has(stage.id) ? stage.actions.filter(({ id }) => due.has(id)) : stage.actions;
    if (some.length === 0) {
      gone.add(stage.id);
      return [];
    }
    const conditions = Object.entries(withdrawAfter ?? {}).filter(([name]) => removed.has(name));
    const actions = some.map((action) =>
      action.dependsOn.some((id) => gone.has(id))
        ? { ...action, dependsOn: action.dependsOn.filter((id) => !gone.has(id)) }
        : action,
    );
    const terms = {
      ...(withdraw.length > 0 ? { withdraw } : {}),
      ...(conditions.length > 0 ? { withdrawAfter: Object.fromEntries(conditions) } : {}),
    };
    // They are laid out in the order of their waits: what is gone by now was to come before.
    const waits = (after ?? []).filter((id) => !gone.has(id));
    return [{ ...stage, actions, ...terms, ...(waits.length > 0 ? { after: waits } : {}) }];
  });
}

function isRemoval(action: Action): action is ProcessRemove | ProcessForget {
  return action.kind === 'process.remove' || action.kind === 'process.forget';
}

/** Gateway stages of one partition that follow nothing: no machine, no process came or went since the gateways before. */
function idleGateways(stages: readonly Stage[]): readonly string[] {
  let happened = 0;
  let served = false;
  return stages.flatMap((stage) => {
    if (stage.kind === 'images') return [];
    if (stage.kind !== 'gateway') {
      if (served) happened = 0;
      served = false;
      // Who is removed has left the rotation already.
      if (stage.kind !== 'removals') happened += stage.actions.length;
      return [];
    }
    served = true;
    return happened > 0 || (stage.withdraw ?? []).length > 0 ? [] : [stage.id];
  });
}

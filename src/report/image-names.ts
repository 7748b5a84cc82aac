/** The names under which people know the images of a plan. */
import type { Plan } from '../model/plan.ts';
import type { Spec } from '../model/spec.ts';
import type { ImageNames } from './action-text.ts';

/** Names by digest, as far as the plan's own processes tell which subscription runs which image. */
export function imageNames({ spec, plan }: { readonly spec: Spec; readonly plan: Plan }): ImageNames {
  const names = new Map<string, string>();
  for (const action of plan.stages.flatMap((stage) => stage.actions)) {
    if (action.kind !== 'process.create' && action.kind !== 'process.adopt') continue;
    const cartridge = spec.subscriptions[action.subscription]?.cartridge;
    const reference = cartridge === undefined ? undefined : spec.cartridges[cartridge]?.image;
    if (reference !== undefined) names.set(action.image, reference);
  }
  return names;
}

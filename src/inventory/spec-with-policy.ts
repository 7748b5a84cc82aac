/** The spec as it would be with another scaling policy. */
import { resolve } from 'node:path';
import { NotFoundError } from '../model/errors.ts';
import type { Spec } from '../model/spec.ts';
import { loadSpecFiles } from './load-spec.ts';
import type { RawScalingPolicy } from './raw/policies.ts';
import type { RawSubscription } from './raw/workloads.ts';
import { boundsOf } from './resolve-context.ts';
import { scalingPolicy } from './resolve-scaling.ts';
import { showValue } from './show-value.ts';
import { didYouMean } from './suggest.ts';

/**
 * Loads the spec with scaling policy `name` for every subscription. `processes` of a subscription still win over those of the policy.
 * @throws NotFoundError when there is no such policy
 */
export async function specWithPolicy(directory: string, name: string): Promise<Spec> {
  const { spec, files } = await loadSpecFiles(resolve(directory));
  const policies = files.entries['policies.scaling'];
  const raw = policies.get(name)?.value as RawScalingPolicy | undefined;
  if (!raw)
    throw new NotFoundError(`Cannot find the scaling policy: ${showValue(name)}${didYouMean(name, policies.keys())}`);
  const subscriptions = Object.entries(spec.subscriptions).map(([alias, subscription]) => {
    const own = (files.entries.subscriptions.get(alias)?.value as RawSubscription | undefined)?.processes;
    return [alias, { ...subscription, scaling: scalingPolicy(name, raw, boundsOf(own ?? raw.processes)) }] as const;
  });
  return { ...spec, subscriptions: Object.fromEntries(subscriptions) };
}

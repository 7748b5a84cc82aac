/** Batches: so many are replaced, then there is a pause, then the next. */
import { countOf } from '../../model/amount.ts';
import { formatDuration } from '../../model/quantity.ts';
import type { Health } from './health.ts';
import type { RolloutInput } from './rollout-input.ts';

export interface Batch {
  /** Most processes of the new revision that may exist now. */
  readonly upTo: number;
  readonly waits: string | undefined;
}

/** The batch that is under way; the next one once all of it count and the pause is over. */
export function nextBatch({
  policy,
  desired,
  fellows,
  now,
  health,
}: RolloutInput & { readonly health: Health }): Batch {
  const fresh = fellows.filter(({ isNew }) => isNew).length;
  const uncounted = fresh - health.counted.length;
  const long = policy.minHealthy > 0 ? ` for ${formatDuration(policy.minHealthy)}` : '';
  const unhealthy =
    uncounted > 0
      ? `waits until ${uncounted === 1 ? 'a new process is' : `${String(uncounted)} new ones are`} healthy${long}`
      : undefined;
  if (policy.batch === undefined) return { upTo: desired, waits: unhealthy };
  const size = Math.max(1, countOf(policy.batch, desired, 'up'));
  const all = Math.ceil(desired / size);
  const reached = Math.ceil(fresh / size) * size;
  const current = Math.max(1, reached / size);
  const name = `batch ${String(Math.min(current, all))} of ${String(all)}`;
  if (unhealthy !== undefined || fresh < reached || fresh === 0)
    return { upTo: Math.min(desired, Math.max(reached, size)), waits: unhealthy && `${name} ${unhealthy}` };
  const last = Math.max(...Object.values(health.revision.healthy ?? {}).map((at) => Date.parse(at) || 0), 0);
  const over = last + policy.minHealthy + policy.pause;
  if (fresh < desired && policy.pause > 0 && now < over)
    return { upTo: reached, waits: `${name} is done; the next begins at ${new Date(over).toISOString()}` };
  return { upTo: Math.min(desired, reached + size), waits: undefined };
}

/** When a rollout has failed. */
import { formatDuration, type Instant } from '../../model/quantity.ts';
import type { RevisionRecord } from '../../model/revision.ts';
import type { Health } from './health.ts';
import type { RolloutInput } from './rollout-input.ts';

export interface Failure {
  readonly reason: string;
  /** The process that shows it. */
  readonly process?: string;
}

/**
 * What failed, if anything did. A revision that nothing was before never fails: there is nothing to keep, and it is tried for ever. With
 * `rollback` the first process that does not get ready, or that falls, is enough; with `hold` it is tried again until the deadline.
 */
export function failureOf(input: RolloutInput & { readonly health: Health }): Failure | undefined {
  const { choice, policy, fellows, health } = input;
  if (!choice.before) return undefined;
  if (policy.onFailure === 'rollback') {
    // What failed before it was tried again tells nothing of now.
    const since = Date.parse(choice.revision.changedAt ?? '') || 0;
    const broken = fellows.find(({ isNew, state, createdAt }) => isNew && state === 'failed' && createdAt >= since);
    if (broken) return unready(broken.name, broken.failure);
    const [fell] = health.fell;
    if (fell) {
      const reason = `${fell.process} was healthy for ${formatDuration(Math.round(fell.after / 1000) * 1000)} and is not any more`;
      return { reason, process: fell.process };
    }
  }
  return overdue(input);
}

/** A process that did not get ready. */
export function unready(process: string, failure: string | undefined): Failure {
  return { reason: `${process} did not get ready${failure === undefined ? '' : `: ${failure}`}`, process };
}

/** Runs that are not further apart than this follow each other, however short the deadline: cron has a minute. */
const GAP = 150_000;

/**
 * No further process got healthy for the policy's time, although one is waited for. After a time without runs one more run is waited
 * for: nobody could have got further.
 */
function overdue({
  choice,
  policy,
  desired,
  fellows,
  memory,
  now,
  health,
}: RolloutInput & { readonly health: Health }): Failure | undefined {
  const { revision } = health;
  const { progressDeadline } = policy;
  const fresh = fellows.filter(({ isNew }) => isNew);
  const wanted = revision.phase === 'canary' ? Math.min(policy.canary.processes, desired) : desired;
  const isWaiting = fresh.length > health.counted.length || (fresh.length < wanted && revision.phase !== undefined);
  const stuck = isWaiting || (policy.batch === undefined && fresh.length < desired);
  const watched = memory?.revision === choice.revision.number && now - memory.at < Math.max(progressDeadline / 2, GAP);
  if (!stuck || !watched) return undefined;
  const healthy = Object.values(revision.healthy ?? {}).map((at) => Date.parse(at) || 0);
  const made = fresh.flatMap(({ state, createdAt }) => (state === 'ready' ? [createdAt] : []));
  const began = Date.parse(revision.changedAt ?? revision.createdAt) || now;
  const last = Math.max(began, ...(revision.healthy ? healthy : made));
  if (now - last < progressDeadline) return undefined;
  const slow = fresh.find(({ name }) => !health.counted.some((other) => other.name === name));
  const who = slow ? `; ${slow.name} is ${slow.failure ?? (slow.state === 'ready' ? 'not healthy' : slow.state)}` : '';
  return {
    reason: `no further process got healthy within ${formatDuration(progressDeadline)}${who}`,
    ...(slow ? { process: slow.name } : {}),
  };
}

/** The record of a rollout that failed. `back`: the revision that is returned to. */
export function failed(
  revision: RevisionRecord,
  { reason, process }: Failure,
  back: RevisionRecord | undefined,
  now: Instant,
): RevisionRecord {
  const { healthy: _healthy, ...rest } = revision;
  return {
    ...rest,
    state: 'failed',
    changedAt: new Date(now).toISOString(),
    failure: reason,
    ...(process === undefined ? {} : { failed: { process, log: [] } }),
    ...(back ? { returnsTo: back.number } : {}),
  };
}

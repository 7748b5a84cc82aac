/** What somebody does to a rollout by hand. */
import type { Instant } from '../../model/quantity.ts';
import { isOpen, type RevisionRecord } from '../../model/revision.ts';

/** `retry` takes up a rollout that failed or was aborted. */
export type RolloutVerb = 'pause' | 'resume' | 'promote' | 'abort' | 'retry';

/**
 * The newest revision as it is after a verb, or why the verb does not fit, as it stands after "as": `it is paused already`. `before`: the
 * revision that it can go back to.
 */
export function markRevision(
  revision: RevisionRecord,
  verb: RolloutVerb,
  before: RevisionRecord | undefined,
  now: Instant,
): RevisionRecord | string {
  const at = new Date(now).toISOString();
  const { number, state, phase } = revision;
  const over = `the rollout of revision ${String(number)} is over: it ${state === 'succeeded' ? 'succeeded' : `is ${state}`}`;
  switch (verb) {
    case 'pause':
      if (state === 'paused') return 'it is paused already';
      return state === 'rolling' ? { ...revision, state: 'paused', changedAt: at } : over;
    case 'resume':
      if (state === 'rolling') return 'it is not paused';
      return state === 'paused' ? { ...revision, state: 'rolling', changedAt: at } : over;
    case 'promote':
      if (!isOpen(revision)) return over;
      if (phase !== 'canary' && phase !== 'switched') return 'nothing in it waits to be promoted';
      return promoted(revision, at);
    case 'abort':
      if (!isOpen(revision) && state !== 'failed') return over;
      if (!before) return 'no revision before it succeeded: there is nothing to go back to';
      return { ...withoutEnd(revision), state: 'aborted', changedAt: at, returnsTo: before.number };
    case 'retry': {
      if (state !== 'failed' && state !== 'aborted') return over;
      const { phase: _phase, phaseAt: _phaseAt, promoted: _promoted, ...rest } = withoutEnd(revision);
      return { ...rest, state: 'rolling', changedAt: at };
    }
  }
}

/** On from its canary; or without keeping the old set any longer. */
function promoted(revision: RevisionRecord, at: string): RevisionRecord {
  const { phase, phaseAt, ...rest } = revision;
  const kept = phase === 'switched' ? { phase, ...(phaseAt === undefined ? {} : { phaseAt }) } : {};
  return { ...rest, ...kept, state: 'rolling', changedAt: at, promoted: true };
}

function withoutEnd(revision: RevisionRecord): RevisionRecord {
  const { failure: _failure, failed: _failed, returnsTo: _returnsTo, healthy: _healthy, ...rest } = revision;
  return rest;
}

/** Which revision of a subscription is wanted: the one that was, a new one, or the one before it once more. */
import type { Instant } from '../../model/quantity.ts';
import { isOpen, type RevisionRecord } from '../../model/revision.ts';
import { whatChanged, type Making } from './what-changed.ts';

/** What the spec says that processes of a subscription shall be, as it is at this moment. */
export interface Candidate extends Making {
  readonly subscription: string;
  readonly fingerprint: string;
  /** The revision that the spec pins it to. */
  readonly pinned?: number;
}

export interface Choice {
  /** The newest, whose rollout is under way or over. */
  readonly revision: RevisionRecord;
  /** It begins with this run. */
  readonly isNew: boolean;
  /** The one whose rollout it ends by being there. */
  readonly superseded?: RevisionRecord;
  /** The last that succeeded before it: what runs beside it, and what can be returned to. */
  readonly before?: RevisionRecord;
  /** `before` is wanted instead of it. */
  readonly returning: boolean;
}

export interface Author {
  /** `user@host`. */
  readonly who: string;
  readonly message?: string;
}

/**
 * Compares what the spec says with the revisions of one subscription, oldest first. Where the newest has the same fingerprint it goes on,
 * or stays returned from; else a further one begins.
 */
export function chooseRevision(
  candidate: Candidate,
  revisions: readonly RevisionRecord[],
  author: Author,
  now: Instant,
): Choice {
  const newest = revisions.at(-1);
  if (newest?.fingerprint === candidate.fingerprint) return choiceOf(newest, revisions);
  const number = (newest?.number ?? 0) + 1;
  const { subscription, fingerprint, image, environment, cartridge, pinned } = candidate;
  const revision: RevisionRecord = {
    name: `${subscription}@${String(number)}`,
    ...{ subscription, number, fingerprint, image, environment, cartridge },
    who: author.who,
    createdAt: new Date(now).toISOString(),
    why: whyOf(candidate, newest, pinned),
    ...(author.message === undefined ? {} : { message: author.message }),
    state: 'rolling',
  };
  const before = lastGood(revisions, fingerprint);
  return {
    revision,
    isNew: true,
    ...(newest && isOpen(newest)
      ? { superseded: { ...newest, state: 'superseded', changedAt: revision.createdAt } }
      : {}),
    ...(before ? { before } : {}),
    returning: false,
  };
}

/** The choice where `revision` is the newest of `revisions`. */
export function choiceOf(revision: RevisionRecord, revisions: readonly RevisionRecord[]): Choice {
  const before = lastGood(
    revisions.filter(({ number }) => number < revision.number),
    revision.fingerprint,
  );
  const returning = revision.returnsTo !== undefined && revision.returnsTo === before?.number;
  return { revision, isNew: false, ...(before ? { before } : {}), returning };
}

/** The last one whose rollout succeeded and that is something else than `fingerprint`. */
function lastGood(revisions: readonly RevisionRecord[], fingerprint: string): RevisionRecord | undefined {
  return revisions.findLast((revision) => revision.state === 'succeeded' && revision.fingerprint !== fingerprint);
}

function whyOf(candidate: Candidate, before: RevisionRecord | undefined, pinned: number | undefined): string {
  if (pinned !== undefined) return `back to revision ${String(pinned)}`;
  return before ? whatChanged(before, candidate) : 'the first';
}

/**
 * The revisions that are kept: the newest `most`, and whatever else is needed: the last that succeeded, and one that the spec pins.
 */
export function keptRevisions(
  revisions: readonly RevisionRecord[],
  most: number,
  pinned: number | undefined,
): readonly RevisionRecord[] {
  const good = revisions.findLast(({ state }) => state === 'succeeded');
  const from = Math.max(0, revisions.length - most);
  return revisions.filter((revision, at) => at >= from || revision === good || revision.number === pinned);
}

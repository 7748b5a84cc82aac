/** Who gets which share of the requests while a rollout is between two revisions. */
import type { RevisionRecord } from '../../model/revision.ts';
import type { Spec } from '../../model/spec.ts';
import { shareWeights } from './weights.ts';

/** A process that gateways can send requests to. */
interface Server {
  readonly name: string;
  readonly subscription: string;
  readonly fingerprint: string;
}

/**
 * Weights by process name, for subscriptions whose newest revision is in a phase in which not all get the same. Where only one side is
 * in rotation, nobody has a weight: a set that is alone serves.
 */
export function trafficWeights(
  spec: Spec,
  revisions: readonly RevisionRecord[],
  rotation: readonly Server[],
): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const revision of phased(revisions)) {
    const own = rotation.filter(({ subscription }) => subscription === revision.subscription);
    const fresh = own.filter(({ fingerprint }) => fingerprint === revision.fingerprint);
    const others = own.length - fresh.length;
    if (fresh.length === 0 || others === 0) continue;
    const each = shareWeights(fresh.length, others, shareNow(revision, spec));
    for (const { name, fingerprint } of own)
      weights.set(name, fingerprint === revision.fingerprint ? each.fresh : each.others);
  }
  return weights;
}

/** The newest revision of each subscription, where it is in a phase. */
function phased(revisions: readonly RevisionRecord[]): readonly RevisionRecord[] {
  const candidates = revisions.filter(({ phase }) => phase !== undefined);
  if (candidates.length === 0) return [];
  return candidates.filter(
    (revision) =>
      revision.state !== 'succeeded' &&
      revision.state !== 'superseded' &&
      !revisions.some((other) => other.subscription === revision.subscription && other.number > revision.number),
  );
}

/** Share of the new processes together. What failed gets nothing, unless it has everything already and is not gone back on. */
function shareNow({ phase, state, returnsTo, subscription }: RevisionRecord, spec: Spec): number {
  if (phase === 'switched') return returnsTo === undefined ? 1 : 0;
  if (phase !== 'canary' || state === 'failed' || state === 'aborted') return 0;
  return spec.subscriptions[subscription]?.rollout.canary.share ?? 0;
}

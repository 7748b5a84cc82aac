/** Which new processes count: healthy without a break for long enough. */
import type { RolloutPolicy } from '../../model/policy.ts';
import type { Instant } from '../../model/quantity.ts';
import type { RevisionRecord } from '../../model/revision.ts';
import type { Fellow } from './fellow.ts';

export interface Health {
  /** With what is now known of its processes. */
  readonly revision: RevisionRecord;
  /** New processes that count as ready. */
  readonly counted: readonly Fellow[];
  /** New ones that were healthy and are not any more, with the time that it lasted in ms. */
  readonly fell: readonly { readonly process: string; readonly after: number }[];
}

/** Notes since when each new process is healthy. One that cannot be seen stays as it was: not seeing is neither health nor failure. */
export function trackHealth(
  revision: RevisionRecord,
  { minHealthy }: RolloutPolicy,
  fellows: readonly Fellow[],
  now: Instant,
): Health {
  const before = revision.healthy ?? {};
  const healthy: Record<string, string> = {};
  const counted: Fellow[] = [];
  const fell: { process: string; after: number }[] = [];
  for (const fellow of fellows) {
    if (!fellow.isNew) continue;
    const { name, state, health } = fellow;
    const known = before[name];
    // A record from a clock that was ahead begins now.
    const since = known === undefined ? now : Math.min(Date.parse(known) || now, now);
    if (health === 'down' || state !== 'ready') {
      if (known !== undefined && health === 'down') fell.push({ process: name, after: now - since });
      continue;
    }
    if (health === 'unknown' && known === undefined) continue;
    healthy[name] = new Date(since).toISOString();
    if (now - since >= minHealthy) counted.push(fellow);
  }
  const { healthy: _before, ...rest } = revision;
  return { revision: Object.keys(healthy).length === 0 ? rest : { ...rest, healthy }, counted, fell };
}

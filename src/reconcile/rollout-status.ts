/** How a rollout stands, and what a subscription was before: functions of the records, and of what was decided where somebody looked. */
import type { RolloutDecision } from '../model/decision.ts';
import type { Inventory } from '../model/inventory.ts';
import { revisionsOf, type RevisionRecord, type RevisionState, type RolloutPhase } from '../model/revision.ts';

export interface RolloutStatus {
  readonly alias: string;
  /** Number of the newest revision. */
  readonly revision: number;
  readonly state: RevisionState;
  readonly phase?: RolloutPhase;
  /** Number of the revision that shall run: another one where the newest was returned from. */
  readonly runs: number;
  readonly image: string;
  readonly why: string;
  readonly message?: string;
  readonly who: string;
  readonly createdAt: string;
  readonly changedAt?: string;
  /** Its processes, and all others of the subscription. */
  readonly processes: { readonly new: number; readonly ready: number; readonly old: number };
  /** Why it does not go on now; only where somebody looked. */
  readonly waits?: string;
  readonly failure?: string;
  readonly failed?: RevisionRecord['failed'];
}

export interface RevisionEntry {
  readonly number: number;
  readonly state: RevisionState;
  /** It is the one that shall run. */
  readonly current: boolean;
  /** As the spec wrote it, and the digest behind it. */
  readonly reference: string;
  readonly image: string;
  readonly cartridge: string;
  /** Digest of its environment. */
  readonly environment: string;
  readonly fingerprint: string;
  readonly who: string;
  readonly createdAt: string;
  readonly why: string;
  readonly message?: string;
  readonly failure?: string;
}

/** The rollout of the newest revision; undefined when there is none yet. */
export function rolloutStatusOf(
  inventory: Inventory,
  alias: string,
  decision?: RolloutDecision,
): RolloutStatus | undefined {
  const revision = revisionsOf(inventory, alias).at(-1);
  if (!revision) return undefined;
  const { number, state, phase, image, why, message, who, createdAt, changedAt, failure, failed } = revision;
  const own = inventory.processes.filter((process) => process.subscription === alias);
  const fresh = own.filter((process) => process.fingerprint === revision.fingerprint);
  return {
    alias,
    revision: number,
    state,
    ...(phase === undefined ? {} : { phase }),
    runs: revision.returnsTo ?? number,
    ...{ image, why, who, createdAt },
    ...(message === undefined ? {} : { message }),
    ...(changedAt === undefined ? {} : { changedAt }),
    processes: {
      new: fresh.length,
      ready: fresh.filter((process) => process.state === 'ready').length,
      old: own.length - fresh.length,
    },
    ...(decision?.waits === undefined || decision.revision !== number ? {} : { waits: decision.waits }),
    ...(failure === undefined ? {} : { failure }),
    ...(failed ? { failed } : {}),
  };
}

/** All revisions that are kept, newest first. */
export function rolloutHistoryOf(inventory: Inventory, alias: string): readonly RevisionEntry[] {
  const all = revisionsOf(inventory, alias);
  const newest = all.at(-1);
  const runs = newest?.returnsTo ?? newest?.number;
  return all.toReversed().map((revision) => {
    const { number, state, image, cartridge, environment, fingerprint, who, createdAt, why, message, failure } =
      revision;
    return {
      ...{ number, state, current: number === runs, reference: cartridge.image, image, cartridge: cartridge.name },
      ...{ environment, fingerprint, who, createdAt, why },
      ...(message === undefined ? {} : { message }),
      ...(failure === undefined ? {} : { failure }),
    };
  });
}

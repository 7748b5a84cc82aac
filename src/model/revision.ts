/**
 * Revisions of a subscription: what its processes are made of, one after the other. The newest is what is wanted; its state is that of
 * the rollout, which goes on over several runs. They are kept in the inventory, so that whoever runs next goes on.
 */
import type { CartridgeSpec } from './spec.ts';

/**
 * `rolling`: under way. `paused`: by hand. `succeeded`: all processes were of it. `failed`: not healthy, or not in time. `aborted`: by
 * hand. `superseded`: another came before it was done.
 */
export type RevisionState = 'rolling' | 'paused' | 'succeeded' | 'failed' | 'aborted' | 'superseded';

/**
 * Where a rollout stands that has more than one part. `canary`: a few take a share of the requests. `staging`: the new set is built up
 * without any. `switched`: it has all of them, and the old set is kept.
 */
export type RolloutPhase = 'canary' | 'staging' | 'switched';

export interface RevisionRecord {
  /** `<alias>@<number>`; unique in the inventory. */
  readonly name: string;
  readonly subscription: string;
  /** From 1. */
  readonly number: number;
  /** Of its processes: what says whether one is of this revision. */
  readonly fingerprint: string;
  /** Manifest digest `sha256:…`: a tag that moves later changes nothing here. */
  readonly image: string;
  /** Digest of its resolved environment, secrets included. */
  readonly environment: string;
  /**
   * All that it takes to make a process of it once more, with the subscription's environment in the cartridge's; of secrets only where
   * they are kept. `image` in it is as the spec wrote it.
   */
  readonly cartridge: CartridgeSpec;
  /** `user@host` of who ran stratos when it began. */
  readonly who: string;
  /** ISO 8601: when it began. */
  readonly createdAt: string;
  /** What differs from the one before. */
  readonly why: string;
  /** In the words of who asked for it. */
  readonly message?: string;
  readonly state: RevisionState;
  /** ISO 8601: when it came into its state, where that is not its beginning. */
  readonly changedAt?: string;
  readonly phase?: RolloutPhase;
  /** ISO 8601: when the phase began; of `canary`: when all its processes were healthy. */
  readonly phaseAt?: string;
  /** Somebody, or the measurements, let it go on beyond its canary. */
  readonly promoted?: true;
  /** ISO 8601, by process: since when it is seen healthy without a break; only while a rollout waits for that. */
  readonly healthy?: Readonly<Record<string, string>>;
  /** The revision whose processes run instead of this one. */
  readonly returnsTo?: number;
  /** Why it failed, in one line. */
  readonly failure?: string;
  /** The process that failed, and the last lines it wrote. */
  readonly failed?: { readonly process: string; readonly log: readonly string[] };
}

/** Revisions that are kept of each subscription where the spec says nothing. */
export const DEFAULT_HISTORY = 10;

/** Whether a rollout is still to come to an end. */
export function isOpen({ state }: Pick<RevisionRecord, 'state'>): boolean {
  return state === 'rolling' || state === 'paused';
}

/** The revisions of one subscription, oldest first. */
export function revisionsOf(
  { revisions = [] }: { readonly revisions?: readonly RevisionRecord[] },
  alias: string,
): readonly RevisionRecord[] {
  return revisions.filter(({ subscription }) => subscription === alias).sort((a, b) => a.number - b.number);
}

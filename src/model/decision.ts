/** What policy wants, with its reasons. Numbers only; where things go is `plan/`'s. */
import type { PolicyMemory } from './memory.ts';

/**
 * How many processes a subscription shall have, and which of them sleep.
 *
 * `desired` counts processes that exist, awake or asleep: the bounds, placement and VMs are about these. `needed` counts awake ones: what the
 * load takes. It is never more than `desired`. Where it is more than are awake, sleepers are woken first, and only what is still missing
 * then is the difference of `desired` and `current`, which the plan creates. Where fewer are needed than exist, `desired` falls
 * (sleepers are the first to go: nobody misses them); those that must exist whatever the load (`min`, the last one of a
 * subscription that wakes on request) may sleep when they are idle, as long as `needed` others are awake.
 */
export interface ProcessDecision {
  readonly subscription: string;
  /** Processes that exist and are not leaving, awake or asleep, whatever their state. */
  readonly current: number;
  readonly desired: number;
  /** Of `current`, those that are not asleep. */
  readonly awake?: number;
  /** Awake processes that the load needs; 0 where there is no target. */
  readonly needed?: number;
  /** In the order they were applied; the last word decides. */
  readonly reasons: readonly string[];
  /** The arithmetic behind it, signal by signal, for `explain`. */
  readonly needs: readonly SignalNeed[];
  /** Which process shall go to sleep, or sleep deeper, and why, by name. Whoever is named neither here nor in `wake` is left as it is. */
  readonly sleep: Readonly<Record<string, SleepWish>>;
  /** Sleepers that shall be awake, by name, with the reason. */
  readonly wake: Readonly<Record<string, string>>;
  /** All of it goes, whatever its bounds say: what it needs is lost. */
  readonly ends?: true;
  /** Why processes that could sleep by policy do not, one line for each reason. */
  readonly notes?: readonly string[];
}

export interface SleepWish {
  readonly depth: 'frozen' | 'stopped';
  readonly reason: string;
}

/** One signal of a target: from what was measured to how many. */
export interface SignalNeed {
  readonly signal: string;
  /** Target of one process. */
  readonly target: number;
  /** Mean of the sums over the stable window; absent: no data. */
  readonly stable?: number;
  /** Mean of the sums over the panic window. */
  readonly panic?: number;
  /** What the prediction says the sum will be. */
  readonly predicted?: number;
  /** Processes needed for it, not bounded yet; absent: no data. */
  readonly need?: number;
  /** The formula with its numbers, in one line. */
  readonly formula: string;
}

/** The bounds a partition's VM count must keep, and what policy says about single VMs; the count itself follows from placement. */
export interface VmDecision {
  readonly partition: string;
  readonly min: number;
  readonly max: number;
  readonly reasons: readonly string[];
  /** VMs that may go when the plan finds other places for what is on them, with the reason: unneeded for long enough. */
  readonly removable: Readonly<Record<string, string>>;
  /** No VM is made or removed: the breaker is open. The reason. A spent budget lowers `max` to what is there instead. */
  readonly hold?: string;
  /** Most that further VMs of this partition may cost together in an hour; absent: no bound. */
  readonly spend?: number;
}

/** How far the rollout of a subscription may go in this run. Where there is none, nothing holds replacing back but the rollout policy. */
export interface RolloutDecision {
  readonly subscription: string;
  /** Number of the revision that is rolled out. */
  readonly revision: number;
  /** Fingerprint of the processes that are wanted, where it is not that of the spec: a revision that is returned to. */
  readonly fingerprint?: string;
  /** Most processes of the revision that may exist. Undefined: no bound. */
  readonly upTo?: number;
  /** Of these, those that are beyond the wanted count, while the old ones stay. */
  readonly surplus: number;
  /** Processes of the revision that count as ready. Undefined: all that are. */
  readonly counted?: readonly string[];
  /** What is made beyond `upTo`: processes of the revision before. */
  readonly fallback?: { readonly revision: number; readonly image: string; readonly fingerprint: string };
  /** Nothing is replaced, and nothing that never got ready is tried again: paused, or failed. */
  readonly frozen?: true;
  /** Why it does not go on now; undefined: it does. */
  readonly waits?: string;
}

/** A place that refused a machine and is left alone for a while. */
export interface ClosedPlacement {
  readonly iaas: string;
  /** Undefined: all of it. */
  readonly zone?: string;
  /** The partition that was refused. Undefined: it holds for all. */
  readonly partition?: string;
  /** `cloud-a has no capacity since 12:03 UTC, and is asked again at 12:13 UTC`. */
  readonly reason: string;
}

export interface Decisions {
  readonly processes: Readonly<Record<string, ProcessDecision>>;
  readonly vms: Readonly<Record<string, VmDecision>>;
  /** Rollouts that are held back, or go back, by alias. Absent: none. */
  readonly rollouts?: Readonly<Record<string, RolloutDecision>>;
  /** Where no machine is asked for at the moment, since the IaaS refused; absent: nowhere. */
  readonly closed?: readonly ClosedPlacement[];
  /** Most changes that this run may make; absent: no bound. */
  readonly maxChanges?: number;
  /** What operators must see: an open breaker, a spent budget. Any makes the run end with code 5. */
  readonly alarms: readonly string[];
  /** What to remember when this run is applied. */
  readonly memory: PolicyMemory;
}

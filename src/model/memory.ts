/**
 * What policy remembers from run to run: when things began. Kept beside the samples and not in the inventory, whose serial would
 * then grow with each run and make every saved plan stale. Only a run that applies writes it; lost, policy holds and begins anew.
 */
import type { Refusal } from './errors.ts';
import type { Instant } from './quantity.ts';

/** The memory of all policies. What is gone from the spec or the world is dropped from it. */
export interface PolicyMemory {
  /** By alias. */
  readonly subscriptions: Readonly<Record<string, SubscriptionMemory>>;
  /** By VM name. */
  readonly vms: Readonly<Record<string, VmMemory>>;
  /** By process name: since when it is idle without a break. */
  readonly idleSince: Readonly<Record<string, Instant>>;
  /** Machines in a row that did not come up, by partition; a success clears it. */
  readonly bootFailures: Readonly<Record<string, number>>;
  /** When the last of them was, by partition: after a while one more machine is tried. Absent: none is, until it is cleared. */
  readonly bootFailedAt?: Readonly<Record<string, Instant>>;
  /** Places that refused a machine, by IaaS, zone and partition. Absent: none did. */
  readonly refusals?: Readonly<Record<string, RefusalMemory>>;
  /** By alias: rollouts that are under way. Absent: none is. */
  readonly rollouts?: Readonly<Record<string, RolloutMemory>>;
}

/** A place that refused a machine and is left alone for a while. */
export interface RefusalMemory {
  readonly iaas: string;
  /** Undefined: all of it. */
  readonly zone?: string;
  /** The partition whose machine was refused. Undefined: it holds for all. */
  readonly partition?: string;
  readonly failure: Refusal;
  /** The first refusal, and the last one, without a machine in between. */
  readonly since: Instant;
  readonly at: Instant;
  /** When it is asked again. */
  readonly until: Instant;
  /** Runs that were refused in a row. */
  readonly times: number;
}

/** What was seen of a rollout so far. */
export interface RolloutMemory {
  readonly revision: number;
  /** When a run last looked at it. */
  readonly at: Instant;
  /** Requests that its canary was given since it was healthy, and errors among them. */
  readonly requests: number;
  readonly errors: number;
}

export interface SubscriptionMemory {
  /**
   * The count that was decided last. What exists may differ from it for a while (a rollout's surge, a VM that went, no room), and
   * that is neither a reason to hold at another count nor a change that a cooldown follows.
   */
  readonly desired?: number;
  /** Last time its count was raised or lowered by policy. */
  readonly raisedAt?: Instant;
  readonly loweredAt?: Instant;
  /** Since when it is in panic, the highest count wanted in it, and when the threshold was last passed. */
  readonly panic?: { readonly since: Instant; readonly last: Instant; readonly count: number };
  /**
   * Counts that the load wanted, oldest first and each lower than the one before: those of the scale-down window that can still be its
   * maximum. Where a run is the first within a window, what the run before wanted is kept beside it.
   */
  readonly wanted: readonly { readonly at: Instant; readonly count: number }[];
}

export interface VmMemory {
  /** Since when it is not needed without a break. */
  readonly unneededSince?: Instant;
  /** When it was last given a process. */
  readonly grewAt?: Instant;
}

/** What a fleet that was never decided on remembers. */
export const NO_MEMORY: PolicyMemory = { subscriptions: {}, vms: {}, idleSince: {}, bootFailures: {} };

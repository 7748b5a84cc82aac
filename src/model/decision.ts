/** What policy wants, with its reasons. Numbers only; where things go is `plan/`'s. */

/** How many processes a subscription shall have. */
export interface ProcessDecision {
  readonly subscription: string;
  readonly current: number;
  readonly desired: number;
  /** In the order they were applied; the last word decides. */
  readonly reasons: readonly string[];
}

/** The bounds a partition's VM count must keep; the count itself follows from placement. */
export interface VmDecision {
  readonly partition: string;
  readonly min: number;
  readonly max: number;
  readonly reasons: readonly string[];
}

export interface Decisions {
  readonly processes: Readonly<Record<string, ProcessDecision>>;
  readonly vms: Readonly<Record<string, VmDecision>>;
}

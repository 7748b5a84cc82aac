import type { Decisions } from '../model/decision.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Instant } from '../model/quantity.ts';
import type { Measurement } from '../model/signal.ts';
import type { PartitionSpec, Spec } from '../model/spec.ts';

/** Everything a plan is made from. Nothing else influences it, and the order of its lists and keys does not either. */
export interface PlanInput {
  readonly spec: Spec;
  /** sha256 of the resolved spec; written into the plan. */
  readonly specDigest: string;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly decisions: Decisions;
  /** What was measured; undefined: nothing, and a process may be as busy as any other. */
  readonly measurement?: Measurement;
  /** Manifest digest behind each image reference of the spec's cartridges; undefined where the store has none. */
  readonly images: Readonly<Record<string, string | undefined>>;
  /** Digest of each subscription's resolved environment, by alias. */
  readonly envDigests: Readonly<Record<string, string>>;
  /** Why a subscription's environment cannot be had here and now, by alias: nothing of it is created, what runs goes on. */
  readonly unresolved: Readonly<Record<string, string | undefined>>;
  /**
   * Digest of the configuration that the gateway of a VM of the inventory should have when exactly these processes are in
   * rotation; undefined when it needs no gateway. All VMs of a partition are asked with the same set object, so that work can
   * be shared by identity.
   */
  readonly gatewayDigest: (vm: string, included: ReadonlySet<string>) => string | undefined;
  /** Fingerprint of the preparation that a VM of this partition should have. */
  readonly prepareFingerprint: (vm: string, partition: PartitionSpec) => string;
  /** How many processes a partition's network has room for on one VM. */
  readonly networkCapacity: (cidr: string) => number;
  /** Aliases and partitions to act on; empty: all. */
  readonly only: readonly string[];
  readonly now: Instant;
}

/** `partitions:`, as the schema leaves them. */
import type { RawPartitionPolicy, RawSize } from './policies.ts';

export interface RawPlacement {
  readonly iaas: string;
  readonly min?: number;
  readonly max?: number;
  readonly weight?: number;
  readonly zones?: readonly string[];
  readonly price?: number;
  readonly sizes?: readonly (RawSize & { readonly name?: string; readonly price?: number })[];
}

export interface RawPartition {
  readonly placement: readonly RawPlacement[];
  readonly policy?: string | RawPartitionPolicy;
  readonly network?: string;
  readonly gateway?: string;
}

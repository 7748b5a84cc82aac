/** What a machine offers, and what it costs. */
import type { Bytes, Cores } from './quantity.ts';

/** What one VM offers to its processes. */
export interface VmSize {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly disk?: Bytes;
}

/** A size of an IaaS, with its price. */
export interface PricedSize extends VmSize {
  readonly name?: string;
  /** For one hour. */
  readonly price?: number;
}

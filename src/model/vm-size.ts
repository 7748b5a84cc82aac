/** What a machine offers, and what it costs. */
import type { Bytes, Cores } from './quantity.ts';

/** What one VM offers to its processes. */
export interface VmSize {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly disk?: Bytes;
  /** What the IaaS calls it: `t3.small`. Undefined: its cheapest that offers as much. */
  readonly name?: string;
}

/** A size of an IaaS, with its price. */
export interface PricedSize extends VmSize {
  /** For one hour. */
  readonly price?: number;
  /** Whether a VM may get it that names none. Undefined: yes. */
  readonly usual?: boolean;
}

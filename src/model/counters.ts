/**
 * The counters that were seen last: what the next look is compared with. Kept beside the samples; lost, the first look tells
 * no rates.
 */
import type { Instant } from './quantity.ts';

export interface Counters {
  /** By VM name. */
  readonly vms: Readonly<Record<string, VmCounters>>;
  /** By process name: when a gateway was last seen to use it. Outlives a gateway's worker, whose counters do not. */
  readonly lastUsed: Readonly<Record<string, Instant>>;
}

export interface VmCounters {
  /** When it was seen, by the operator's clock. */
  readonly at: Instant;
  readonly bootId: string;
  /** Seconds since that boot, by the VM's. */
  readonly uptime: number;
  readonly cpuSeconds?: number;
  /** By process name. */
  readonly processes: Readonly<Record<string, ProcessCounters>>;
  readonly gateway?: GatewayCounters;
}

export interface ProcessCounters {
  readonly start?: string;
  readonly cpuSeconds: number;
}

export interface GatewayCounters {
  readonly worker?: string;
  /** By process name. */
  readonly servers: Readonly<Record<string, { readonly requests?: number; readonly errors?: number }>>;
  /** By alias: requests that no process could take. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What is known before the first look. */
export const NO_COUNTERS: Counters = { vms: {}, lastUsed: {} };

/**
 * What is measured, as policy sees it. Counters have become rates before they get here; what could not be read is absent, which
 * is not zero.
 */
import type { Instant, Millis } from './quantity.ts';

/** Signals that every process has, by their names in a policy's `target`. A policy's own signals have names besides these. */
export const SIGNALS = [
  'requestsInFlight',
  'requestsPerSecond',
  'cpu',
  'memory',
  'loadAverage',
  'responseTime',
] as const;

/** One process at one moment. Gateways of all its partition's VMs added up. */
export interface ProcessSample {
  /** Requests being served, with those that wait for it in a queue. */
  readonly requestsInFlight?: number;
  readonly queue?: number;
  readonly requestsPerSecond?: number;
  readonly errorsPerSecond?: number;
  /** Mean time to answer, over the last requests that the gateway averages. */
  readonly responseTime?: Millis;
  /** Share of its CPU limit, 1 is all of it. */
  readonly cpu?: number;
  /** Share of its memory limit, without page cache. */
  readonly memory?: number;
  readonly pids?: number;
  /** Bytes that it has changed on its own layer. */
  readonly disk?: number;
  /** Processes of it that the kernel killed for memory, since it started. */
  readonly oomKills?: number;
  /** When a gateway last gave it a request or had a connection open to it; absent when no gateway knows. */
  readonly lastUsed?: Instant;
  /** Open sessions of operators (`process exec`, `process shell`). */
  readonly sessions?: number;
  /** The policy's own signals, by name. */
  readonly own?: Readonly<Record<string, number>>;
  /** What the idle policy's own probe says: busy or not. */
  readonly busy?: boolean;
}

/** One VM at one moment. */
export interface VmSample {
  /** 1-minute load average. */
  readonly load: number;
  readonly cpus: number;
  /** Share of all its processors, 1 is all. */
  readonly cpu?: number;
  /** Share of its memory that is taken. */
  readonly memory: number;
  /** Share of its disk that is taken. */
  readonly disk: number;
  /** Pressure stall information: share of the last 10 s in which something waited (`some avg10`), 0 to 1. */
  readonly pressure?: { readonly cpu?: number; readonly memory?: number; readonly io?: number };
}

/** All that one observation measured. */
export interface Measurement {
  readonly at: Instant;
  /** By process name: those that run on VMs that answered. */
  readonly processes: Readonly<Record<string, ProcessSample>>;
  /** By VM name: those that answered. */
  readonly vms: Readonly<Record<string, VmSample>>;
  /** Why a signal that a policy wants is not there, by subscription: one line each. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
  /** Requests that came for a subscription while no process could take them, since the measurement before; absent: none. */
  readonly refused?: Readonly<Record<string, number>>;
}

/** A subscription at one moment, as history keeps it: small, whatever the number of processes. */
export interface SubscriptionSample {
  readonly at: Instant;
  /** Processes that were measured. A sample of none is no data. */
  readonly count: number;
  /** Processes that were ready and awake, measured or not: the sums are scaled up to them. Absent: as many as were measured. */
  readonly expected?: number;
  /** By signal: the sum over the measured processes; of a mean (cpu, memory, loadAverage, responseTime) mean times count. */
  readonly sums: Readonly<Record<string, number>>;
}

/** What was measured before, oldest first, by alias; bounded in time. The newest is the measurement of this run. */
export type History = Readonly<Record<string, readonly SubscriptionSample[]>>;

/** What is measured when nothing is measured. */
export const NO_MEASUREMENT: Omit<Measurement, 'at'> = { processes: {}, vms: {}, problems: {} };

/** The world as one reconcile saw it. A VM that does not answer is a value here, not an exception. */
import type { Endpoint } from './endpoint.ts';
import type { UnreachableReason } from './errors.ts';
import type { Bytes, Cores, Instant } from './quantity.ts';
import type { VmSize } from './spec.ts';

export interface Observation {
  readonly at: Instant;
  /** What each IaaS of the spec or the inventory answered. */
  readonly iaas: Readonly<Record<string, IaasObservation>>;
  /** One entry for each VM of the inventory that has an endpoint, and for each machine found that is ours. */
  readonly vms: Readonly<Record<string, VmObservation>>;
}

export type IaasObservation =
  | { readonly status: 'listed'; readonly machines: readonly Machine[] }
  | { readonly status: 'failed'; readonly message: string };

/** A machine that carries our lineage (or a host of a static pool). */
export interface Machine {
  /** The IaaS's own id. */
  readonly id: string;
  /** Name of the VM it was made for, from its label; undefined for a host of a static pool. */
  readonly vm?: string;
  /** From its label. */
  readonly partition?: string;
  readonly state: 'pending' | 'running' | 'stopped' | 'failed' | 'deleting';
  readonly endpoint?: Endpoint;
  readonly size?: VmSize;
}

export type VmObservation = ReachedVm | UnreachedVm;

export interface UnreachedVm {
  readonly status: 'unreachable';
  readonly reason: UnreachableReason;
  readonly message: string;
}

export interface ReachedVm {
  readonly status: 'reached';
  /** Lineage on the machine's own label; undefined before preparation. */
  readonly lineage?: string;
  /** Fingerprint of the preparation found on the machine. */
  readonly prepared?: string;
  readonly bootId: string;
  readonly cgroup: 'v1' | 'hybrid' | 'v2';
  readonly cpus: Cores;
  readonly memory: { readonly total: Bytes; readonly available: Bytes };
  readonly disk: { readonly total: Bytes; readonly available: Bytes };
  /** 1-minute load average. */
  readonly load: number;
  readonly processes: readonly ObservedProcess[];
  /** Manifest digests of images that are unpacked and complete, as unprivileged processes need them. */
  readonly images: readonly string[];
  /** The same as privileged processes need them, with ownership that is not shifted. Undefined: none. */
  readonly privilegedImages?: readonly string[];
  /** Aliases of subscriptions that have volumes on its disk, with a process there or without. Undefined: none. */
  readonly volumes?: readonly string[];
  readonly gateway: ObservedGateway;
  /** Containers on the VM that do not carry our lineage: never touched, only reported. */
  readonly foreign: readonly string[];
}

/** A container under our directory that carries our lineage. */
export interface ObservedProcess {
  readonly name: string;
  readonly subscription: string;
  readonly ordinal: number;
  readonly index: number;
  readonly image: string;
  readonly fingerprint: string;
  readonly state: 'running' | 'stopped';
  /** Put to sleep by us: frozen, or stopped with its wake socket armed. Undefined: awake, or not running for another reason. */
  readonly asleep?: 'frozen' | 'stopped';
  /** Why it could not be woken the last time somebody asked for it, in one line. */
  readonly wakeFailure?: string;
  /** Counters since its start; undefined when stopped or unreadable. */
  readonly usage?: ProcessUsage;
}

export interface ProcessUsage {
  /** CPU time used, in seconds. */
  readonly cpuSeconds: number;
  /** Memory without page cache. */
  readonly memory: Bytes;
  readonly pids: number;
}

export interface ObservedGateway {
  readonly running: boolean;
  /** sha256 hex of the configuration file as it is on disk; undefined when missing. */
  readonly configDigest?: string;
  /** Digest of the configuration that was last loaded; differs from `configDigest` when somebody edited the file. */
  readonly loadedDigest?: string;
  /** Health of each server as this gateway sees it: process name → up. */
  readonly servers: Readonly<Record<string, boolean>>;
}

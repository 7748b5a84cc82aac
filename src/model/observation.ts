/** The world as one reconcile saw it. A VM that does not answer is a value here, not an exception. */
import type { Endpoint } from './endpoint.ts';
import type { UnreachableReason } from './errors.ts';
import type { Bytes, Cores, Instant, Millis } from './quantity.ts';
import type { VmSize } from './vm-size.ts';

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
  /** Entry of the spec that made it, from its label; undefined where it was not told, as by earlier versions of Stratos. */
  readonly iaas?: string;
  readonly state: 'pending' | 'running' | 'stopped' | 'failed' | 'deleting';
  readonly endpoint?: Endpoint;
  readonly size?: VmSize;
  /** Where in the IaaS it is: `eu-west-1a`. Undefined where it has no zones. */
  readonly zone?: string;
  /** The process that the machine itself is (runtime `vm`), from its labels. Undefined: a machine that holds processes. */
  readonly process?: MachineProcess;
}

/** What the labels of a machine say of the process that it is. */
export interface MachineProcess {
  /** `<alias>-<ordinal>`. */
  readonly name: string;
  readonly fingerprint: string;
}

export type VmObservation = ReachedVm | UnreachedVm;

export interface UnreachedVm {
  readonly status: 'unreachable';
  readonly reason: UnreachableReason;
  readonly message: string;
}

export interface ReachedVm {
  readonly status: 'reached';
  /**
   * It is a process itself, and only its IaaS and its gateways tell of it: nobody was inside, and memory, disk, load and the like are
   * those of an empty machine of its size.
   */
  readonly guest?: true;
  /** Lineage on the machine's own label; undefined before preparation. */
  readonly lineage?: string;
  /** Fingerprint of the preparation found on the machine. */
  readonly prepared?: string;
  /** What somebody changed of its preparation since: `bridge stratosbr0 is gone`. Undefined: nothing. */
  readonly drift?: readonly string[];
  readonly bootId: string;
  readonly cgroup: 'v1' | 'hybrid' | 'v2';
  readonly cpus: Cores;
  readonly memory: { readonly total: Bytes; readonly available: Bytes };
  readonly disk: { readonly total: Bytes; readonly available: Bytes };
  /** 1-minute load average. */
  readonly load: number;
  /** Monotonic seconds since the boot, read together with the counters: what rates are taken over. Undefined: unreadable. */
  readonly uptime?: number;
  /** CPU time used on the VM since its boot, in seconds; of the VM alone where it is a container. Undefined: unreadable. */
  readonly cpuSeconds?: number;
  /** Pressure stall information, `some avg10`, as shares 0 to 1; what the kernel does not tell is absent. */
  readonly pressure?: Pressure;
  readonly processes: readonly ObservedProcess[];
  /** What the policies' own commands said, where any was run. */
  readonly probes?: readonly ObservedProbe[];
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
  /** What it may take, as {@link limitsText} writes it. Undefined: not known. */
  readonly limits?: string;
  /**
   * Put to sleep: frozen by its cgroup, or stopped with its mark there. Undefined: awake, or not running for another reason. What
   * is, counts, not what the mark says: one that was frozen and is not running is `stopped`, one that runs is awake.
   */
  readonly asleep?: 'frozen' | 'stopped';
  /** Why it could not be woken the last time somebody asked for it, in one line. */
  readonly wakeFailure?: string;
  /** Counters since its start; undefined when stopped or unreadable. */
  readonly usage?: ProcessUsage;
  /** Open sessions of operators; undefined: none. */
  readonly sessions?: number;
  /** Bytes that it has changed on its own layer; only read when asked for, as it takes a walk over all files. */
  readonly disk?: Bytes;
}

export interface ProcessUsage {
  /** CPU time used, in seconds. */
  readonly cpuSeconds: number;
  /** Memory without page cache. */
  readonly memory: Bytes;
  readonly pids: number;
  /** What the kernel killed in it for want of memory. Undefined: unreadable. */
  readonly oomKills?: number;
  /** Which start of it this is: another one has counted from zero. Undefined: not known. */
  readonly start?: string;
}

export interface Pressure {
  readonly cpu?: number;
  readonly memory?: number;
  readonly io?: number;
}

/** What one command of a policy said: a number, whether the process is busy, or why neither is known. */
export interface ObservedProbe {
  readonly subscription: string;
  /** The process it ran in; undefined: on the VM, for all processes of the subscription there. */
  readonly process?: string;
  /** Name of the signal; undefined: the idle policy's `busy`. */
  readonly signal?: string;
  readonly value?: number;
  readonly busy?: boolean;
  readonly problem?: string;
}

export interface ObservedGateway {
  readonly running: boolean;
  /** sha256 hex of the configuration file as it is on disk; undefined when missing. */
  readonly configDigest?: string;
  /** Digest of the configuration that was last loaded; differs from `configDigest` when somebody edited the file. */
  readonly loadedDigest?: string;
  /** Health of each server as this gateway sees it: process name → up. */
  readonly servers: Readonly<Record<string, boolean>>;
  /** What it counted. Undefined: it did not answer, or not in a form that can be read. */
  readonly traffic?: GatewayTraffic;
}

/** Counters of one worker of a gateway. Absent numbers were not told. */
export interface GatewayTraffic {
  /** Which worker this is: another one has counted from zero. Undefined: not known. */
  readonly worker?: string;
  /** By process name; what went to a sleeper's wake door is in it. */
  readonly servers: Readonly<Record<string, ServerTraffic>>;
  /** By alias. */
  readonly services: Readonly<Record<string, ServiceTraffic>>;
}

export interface ServerTraffic {
  /** Requests (with tcp: connections) being served now. */
  readonly sessions?: number;
  /** Requests that wait for it now. */
  readonly queued?: number;
  /** Per second, over the last second. */
  readonly rate?: number;
  /** Counter: requests given to it, each once however often it was tried. */
  readonly requests?: number;
  /** Counter: connections that failed, answers cut or not understood, and answers 5xx. */
  readonly errors?: number;
  /** Mean of the last 1024 requests, until the answer began (with tcp: until the connection ended). */
  readonly responseTime?: Millis;
  /** How long ago it was last given a request. Undefined: never by this worker. */
  readonly idle?: Millis;
}

export interface ServiceTraffic {
  /** Requests that wait for whichever process is free first. */
  readonly queued?: number;
  /** Counter: requests that no process could take. */
  readonly refused?: number;
}

/**
 * The spec as the program sees it: `stratos.yaml` with includes read, units parsed, defaults filled in and policy names
 * replaced by the policies. Every name in here resolves.
 */
import type { Bytes, Cores, Millis } from './quantity.ts';

export interface Spec {
  /** Path of the main file, for messages. */
  readonly file: string;
  readonly iaas: Readonly<Record<string, IaasSpec>>;
  readonly partitions: Readonly<Record<string, PartitionSpec>>;
  readonly cartridges: Readonly<Record<string, CartridgeSpec>>;
  readonly subscriptions: Readonly<Record<string, SubscriptionSpec>>;
  readonly store: StoreSpec;
}

/** Where cartridge images live. `path` is absolute. */
export interface StoreSpec {
  readonly kind: 'directory';
  readonly path: string;
}

export type IaasSpec = LocalIaasSpec | StaticIaasSpec;

/** Nested-LXC VMs on the operator's own Linux machine. */
export interface LocalIaasSpec {
  readonly kind: 'local';
  readonly name: string;
  /** Bridge the VMs are on; made when missing. Default `stratos0`. */
  readonly bridge: string;
  /** IPv4 CIDR of the bridge; the first address is the machine's own. Default `10.209.0.0/16`. */
  readonly subnet: string;
  /** Directory of VM states and overlays. Default `/var/lib/stratos/local`. */
  readonly root: string;
  /** Debian or Ubuntu suite of the VMs; default: the machine's own. */
  readonly suite?: string;
}

/** Machines that exist already. */
export interface StaticIaasSpec {
  readonly kind: 'static';
  readonly name: string;
  readonly hosts: readonly StaticHost[];
}

export interface StaticHost {
  readonly name: string;
  readonly address: string;
  /** Default 22. */
  readonly port: number;
  /** Default `root`; any other user needs sudo without a password. */
  readonly user: string;
  /** Absolute path of a private key file. */
  readonly key?: string;
  /** OpenSSH public host keys; from `hostKey:` or the `knownHosts:` file. Never empty. */
  readonly hostKeys: readonly string[];
  readonly jump?: Omit<StaticHost, 'name' | 'jump'>;
}

/** One entry of a partition's ordered placement; later entries take the overflow. */
export interface PlacementSpec {
  readonly iaas: string;
  /** Most VMs in this IaaS; default: no bound of its own. */
  readonly max: number;
}

/** A pool of VMs. */
export interface PartitionSpec {
  readonly name: string;
  readonly placement: readonly PlacementSpec[];
  readonly policy: PartitionPolicy;
  /** IPv4 CIDR inside each VM for its processes; default `10.66.0.0/22`. Not routed outside the VM. */
  readonly network: string;
}

export interface PartitionPolicy {
  readonly name: string;
  readonly vms: Bounds;
  readonly vm: VmSize;
  /** Most processes on one VM; 1 gives each process a VM of its own. Default: no bound but resources. */
  readonly processesPerVm: number;
  /** `pack` fills a VM before the next; `spread` takes the least loaded. Default `pack`. */
  readonly strategy: 'pack' | 'spread';
}

/** What one VM offers to its processes. */
export interface VmSize {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly disk?: Bytes;
}

/** The `max` of something without a bound of its own: a whole number that survives JSON. */
export const NO_BOUND = Number.MAX_SAFE_INTEGER;

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** An image and how to run it. */
export interface CartridgeSpec {
  readonly name: string;
  /** `name:tag`, or `sha256:…` as a pin. */
  readonly image: string;
  readonly partition: string;
  readonly ports: readonly PortSpec[];
  readonly health: HealthSpec;
  readonly resources: ResourceSpec;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly volumes: readonly VolumeSpec[];
  /** Replaces the image's entry point and command. */
  readonly command?: readonly string[];
  readonly security: { readonly privileged: boolean };
  readonly runtime: 'lxc' | 'vm';
}

export interface PortSpec {
  readonly name: string;
  /** Port inside the process. */
  readonly port: number;
  /** A port named `http` speaks http by default, any other tcp. */
  readonly protocol: 'http' | 'tcp';
}

/** When a process counts as ready and as healthy. Without a path: the port accepts connections. */
export interface HealthSpec {
  /** Name of the port that is asked; default the first. Undefined only where a cartridge has no port. */
  readonly port?: string;
  /** HTTP path that must answer 2xx or 3xx; only for http ports. */
  readonly path?: string;
  /** Interval of the gateway's checks. Default 500 ms, so that a dead process leaves the rotation within 2 s. */
  readonly interval: Millis;
  /** How long one check may take. Default 1 s. */
  readonly timeout: Millis;
  /** How long a process may take from start to ready. Default 60 s. */
  readonly startup: Millis;
}

/** Limits of one process, and what it takes of a VM's capacity. */
export interface ResourceSpec {
  readonly memory: Bytes;
  readonly cpu: Cores;
  /** Most tasks. Default 512. */
  readonly pids: number;
}

/** A directory of the VM that outlives the process. */
export interface VolumeSpec {
  readonly name: string;
  /** Absolute path inside the process. */
  readonly path: string;
}

/** A value in clear, or where to read a secret on the operator's machine when it is needed. */
export type EnvValue =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string };

/** A running cartridge under a unique alias. */
export interface SubscriptionSpec {
  readonly alias: string;
  readonly cartridge: string;
  readonly scaling: ScalingPolicy;
  readonly rollout: RolloutPolicy;
  /** When its processes may sleep. Undefined: never. */
  readonly idle?: IdlePolicy;
  /** Keeps this subscription's processes on different VMs. */
  readonly spread: boolean;
  /** Port on each VM of the partition where the gateway listens. Undefined: reached by `hosts` only, or not at all. */
  readonly port?: number;
  /** Host names served on port 80 of each VM of the partition. */
  readonly hosts: readonly string[];
  /** Added to, and wins over, the cartridge's. */
  readonly env: Readonly<Record<string, EnvValue>>;
}

export interface ScalingPolicy {
  readonly name: string;
  readonly processes: Bounds;
  /** What the target signals are; the decisions that use them come with measured signals. Empty: only the bounds count. */
  readonly target: Readonly<Record<string, number>>;
}

/** When processes that nobody asks for go to sleep, and what wakes them. */
export interface IdlePolicy {
  readonly name: string;
  /** Idle time after which a process is frozen: no CPU, memory kept. */
  readonly freezeAfter?: Millis;
  /** Idle time after which a process is stopped. */
  readonly stopAfter?: Millis;
  /** Default `on-request`. */
  readonly wake: 'on-request' | 'never';
}

export interface RolloutPolicy {
  readonly name: string;
  /** Processes above the desired count while replacing. Default 1. */
  readonly maxSurge: number;
  /** Processes below the desired count while replacing. Default 0. */
  readonly maxUnavailable: number;
  /** How long a leaving process may finish its requests. Default 10 s. */
  readonly drain: Millis;
}

/**
 * The spec as the program sees it: `stratos.yaml` with includes read, units parsed, defaults filled in and policy names
 * replaced by the policies. Every name in here resolves.
 */
import { millis, type Bytes, type Cores, type Millis } from './quantity.ts';

export interface Spec {
  /** Path of the main file, for messages. */
  readonly file: string;
  readonly iaas: Readonly<Record<string, IaasSpec>>;
  readonly partitions: Readonly<Record<string, PartitionSpec>>;
  readonly cartridges: Readonly<Record<string, CartridgeSpec>>;
  readonly subscriptions: Readonly<Record<string, SubscriptionSpec>>;
  readonly store: StoreSpec;
  readonly guards: GuardsSpec;
}

/** Bounds over the whole fleet, whatever the policies want. */
export interface GuardsSpec {
  /** Most machines that carry our label, in any state. Default: no bound. */
  readonly maxVms: number;
  /** Most that all machines may cost in an hour, in the unit of the prices. Undefined: no bound. */
  readonly maxCostPerHour?: number;
  /** Most processes and machines that one run creates, removes or puts to sleep. Default: no bound. */
  readonly maxChangesPerRun: number;
  /** Share of a subscription's or partition's ready processes or VMs that may be taken down by policy at a time; at least one. Default 0.1. */
  readonly disruption: number;
  readonly breaker: {
    /** Machines in a row that do not come up, after which no more are made. Default 3. */
    readonly bootFailures: number;
    /** Share of unreachable VMs from which nothing is made or removed. Default 0.45; at least 4 VMs must be unreachable (Cluster Autoscaler). */
    readonly unreachable: number;
  };
}

/** What holds without `guards:`. */
export const DEFAULT_GUARDS: GuardsSpec = {
  maxVms: Number.MAX_SAFE_INTEGER,
  maxChangesPerRun: Number.MAX_SAFE_INTEGER,
  disruption: 0.1,
  breaker: { bootFailures: 3, unreachable: 0.45 },
};

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
  /** Share of new VMs among the entries that have a weight. Undefined: entries are filled in their order. */
  readonly weight?: number;
  /** Sizes that may be had here; the cheapest that fits is taken. Undefined: the policy's `vm`. */
  readonly sizes?: readonly PricedSize[];
  /** Price of an hour of a VM of the policy's size. Undefined: not known, counts as nothing. */
  readonly price?: number;
}

/** A size of an IaaS, with its price. */
export interface PricedSize extends VmSize {
  readonly name?: string;
  /** For one hour. */
  readonly price?: number;
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
  /** Kept ready beyond what is needed: room for so many processes of the largest cartridge, and so many empty VMs. Default none. */
  readonly spare: { readonly processes: number; readonly vms: number };
  readonly scaleDown: VmScaleDown;
}

/** When a VM counts as not needed (Cluster Autoscaler's conditions). */
export interface VmScaleDown {
  /** Continuously unneeded for so long. Default 10 min. */
  readonly after: Millis;
  /** Only a VM of which less than this share is taken (the larger of cpu and memory). Default 0.5. */
  readonly below: number;
  /** Not within this time after the partition grew. Default 10 min. */
  readonly afterGrowth: Millis;
}

/** What holds without `spare:` and `scaleDown:`. */
export const DEFAULT_SPARE: PartitionPolicy['spare'] = { processes: 0, vms: 0 };
export const DEFAULT_SCALE_DOWN: VmScaleDown = { after: millis(600_000), below: 0.5, afterGrowth: millis(600_000) };

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
  /** Interval of the gateway’s checks. Default 1 s. */
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
  /** Aliases whose VMs its processes prefer. */
  readonly near: readonly string[];
  /** Aliases whose VMs its processes never share. Holds both ways. */
  readonly apart: readonly string[];
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
  /** What one process shall be kept at, by signal: see `signal.ts`, and `signals`. Empty: only the bounds count. */
  readonly target: Readonly<Record<string, number>>;
  /** Signals of the policy's own, by name. */
  readonly signals: Readonly<Record<string, OwnSignal>>;
  /** Bounds that hold at certain times, in their order; of those that hold the last one counts. */
  readonly schedules: readonly Schedule[];
  readonly tuning: ScalingTuning;
}

/** How fast, and on what evidence, a count moves. */
export interface ScalingTuning {
  /** Time over which the signals are averaged. Default 60 s (Knative's stable window). */
  readonly window: Millis;
  /** Panic: when the mean of the short window needs `threshold` times the processes that are ready, the count only rises. Default 6 s, 2. */
  readonly panic: { readonly window: Millis; readonly threshold: number };
  /** No change when the need is within this share of what is there. Default 0.1. */
  readonly tolerance: number;
  /** Least time between two changes of the same direction. Default up 0, down 5 min. */
  readonly cooldown: { readonly up: Millis; readonly down: Millis };
  /** Going down takes the largest count wanted in this time. Default 5 min. */
  readonly downWindow: Millis;
  /** Most processes added and removed in one run. Default: no bound. */
  readonly step: { readonly up: number; readonly down: number };
  /** How far the signals are predicted ahead, by gradient and second derivative (Apache Stratos). Default 0: not at all. */
  readonly predict: Millis;
}

/** What holds without more words in the policy. */
export const DEFAULT_TUNING: ScalingTuning = {
  window: millis(60_000),
  panic: { window: millis(6_000), threshold: 2 },
  tolerance: 0.1,
  cooldown: { up: millis(0), down: millis(300_000) },
  downWindow: millis(300_000),
  step: { up: Number.MAX_SAFE_INTEGER, down: Number.MAX_SAFE_INTEGER },
  predict: millis(0),
};

/** A command that prints a number. */
export interface OwnSignal {
  readonly command: readonly string[];
  /** Run in each process, or once on each VM that has one (its number then counts for each process there). */
  readonly on: 'process' | 'vm';
  /** Default 2 s. */
  readonly timeout: Millis;
}

/** Other bounds for a time, begun by a cron expression. */
export interface Schedule {
  /** Five fields, as in crontab(5). */
  readonly cron: string;
  /** IANA time zone. Default `UTC`. */
  readonly timezone: string;
  readonly duration: Millis;
  readonly processes: Bounds;
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
  /** A process that uses more than this share of its CPU limit is not idle. Default 0.05. */
  readonly cpuBelow: number;
  /** Whether an operator's session (`process exec`, `process shell`) keeps it awake. Default true. */
  readonly sessions: boolean;
  /** A command run in the process: it is busy while this ends with 0. Undefined: none. */
  readonly busy?: readonly string[];
  /** Whether the last sleeper may be removed with its VM, so that the next use waits for a run of Stratos. Default false. */
  readonly coldStart: boolean;
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

/** Policies as the program sees them, and what holds where they say nothing: rules that decide numbers. */
import { NO_BOUND, type Bounds } from './bounds.ts';
import { millis, type Millis } from './quantity.ts';
import type { VmSize } from './vm-size.ts';

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
  maxVms: NO_BOUND,
  maxChangesPerRun: NO_BOUND,
  disruption: 0.1,
  breaker: { bootFailures: 3, unreachable: 0.45 },
};

export interface PartitionPolicy {
  readonly name: string;
  readonly vms: Bounds;
  readonly vm: VmSize;
  /** Most processes on one VM; 1 gives each process a VM of its own. Default: no bound but resources. */
  readonly processesPerVm: number;
  /** `pack` fills a VM before the next; `spread` takes the least loaded. Default `pack`. */
  readonly strategy: 'pack' | 'spread';
  /** Which entry of the placement the next VM goes to. Undefined: `one-after-another`. */
  readonly algorithm?: PlacementAlgorithm;
  /** Kept ready beyond what is needed: room for so many processes of the largest cartridge, and so many empty VMs. Default none. */
  readonly spare: { readonly processes: number; readonly vms: number };
  readonly scaleDown: VmScaleDown;
}

/**
 * How the entries of a placement are filled (the first two are Apache Stratos'): in their order, each to its maximum, those with a weight
 * by turns; the one with fewest VMs; the one furthest behind its weight; the one whose size costs least for what it holds.
 */
export type PlacementAlgorithm = (typeof PLACEMENT_ALGORITHMS)[number];

export const PLACEMENT_ALGORITHMS = ['one-after-another', 'round-robin', 'weighted', 'cheapest'] as const;

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
  step: { up: NO_BOUND, down: NO_BOUND },
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

/** So many, or a share of what is wanted, 1 being all of it. */
export type Amount = number | { readonly share: number };

/** How processes are replaced by others. */
export interface RolloutPolicy {
  readonly name: string;
  /** `rolling`: some at a time. `canary`: a few first, with a share of the requests. `blueGreen`: a full set beside the old one. */
  readonly strategy: 'rolling' | 'canary' | 'blueGreen';
  /** Processes above the desired count while replacing; a share is rounded up. Default 1. */
  readonly maxSurge: Amount;
  /** Processes below the desired count while replacing; a share is rounded down. Default 0. */
  readonly maxUnavailable: Amount;
  /** How long a leaving process may finish its requests. Default 10 s. */
  readonly drain: Millis;
  /** Processes that are replaced before the next ones wait for `pause`; a share is rounded up. Undefined: all in one go. */
  readonly batch?: Amount;
  /** Time between the last process of a batch being healthy and the next batch. Default 0. */
  readonly pause: Millis;
  /** How long a new process must be healthy before it counts. Default 0: as soon as it is ready. */
  readonly minHealthy: Millis;
  /** A rollout in which no further process gets healthy for so long has failed. Default 10 min. */
  readonly progressDeadline: Millis;
  readonly canary: CanaryPolicy;
  /** How long the old set is kept after the switch of `blueGreen`. Default 0. */
  readonly keep: Millis;
  /** Of each process that another revision replaces a snapshot is kept on its VM. Default false. */
  readonly snapshot: boolean;
  /** What follows a failure: `hold` leaves all as it is, `rollback` brings the revision before back. Default `hold`. */
  readonly onFailure: 'hold' | 'rollback';
}

export interface CanaryPolicy {
  /** Share of the requests that its processes get together. Default 0.1. */
  readonly share: number;
  /** Default 1. */
  readonly processes: number;
  /** How long it is watched before it is promoted by itself. Default 10 min. */
  readonly for: Millis;
  /** Default `manual`. */
  readonly promote: 'manual' | 'auto';
  /** Most errors among its requests. Default 0.01. */
  readonly maxErrorRate: number;
  /** Most that its mean time to answer may be: a time, or a multiple of the others' mean. Undefined: not looked at. */
  readonly maxLatency?: Millis | { readonly ratio: number };
}

/** What holds without more words in a rollout policy. */
export const DEFAULT_ROLLOUT: Omit<RolloutPolicy, 'name'> = {
  strategy: 'rolling',
  maxSurge: 1,
  maxUnavailable: 0,
  drain: millis(10_000),
  pause: millis(0),
  minHealthy: millis(0),
  progressDeadline: millis(600_000),
  canary: { share: 0.1, processes: 1, for: millis(600_000), promote: 'manual', maxErrorRate: 0.01 },
  keep: millis(0),
  snapshot: false,
  onFailure: 'hold',
};

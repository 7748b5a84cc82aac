/** `policies:`, as the schema leaves them. */
import type { PlacementAlgorithm } from '../../model/policy.ts';
import type { RawBounds, RawMap } from './terms.ts';

export interface RawSize {
  readonly cpu?: number | string;
  readonly memory?: number | string;
  readonly disk?: number | string;
}

export interface RawPartitionPolicy {
  readonly vms?: RawBounds;
  readonly vm?: RawSize;
  readonly processesPerVm?: number;
  readonly strategy?: 'pack' | 'spread';
  readonly algorithm?: PlacementAlgorithm;
  readonly spare?: { readonly processes?: number; readonly vms?: number };
  readonly scaleDown?: { readonly after?: string; readonly below?: string; readonly afterGrowth?: string };
}

export interface RawSignal {
  readonly command: readonly string[];
  readonly on?: 'process' | 'vm';
  readonly timeout?: string;
}

export interface RawSchedule {
  readonly cron: string;
  readonly timezone?: string;
  readonly duration: string;
  readonly processes: RawBounds;
}

export interface RawScalingPolicy {
  readonly processes?: RawBounds;
  readonly target?: RawMap<number | string>;
  readonly signals?: RawMap<RawSignal>;
  readonly window?: string;
  readonly panic?: { readonly window?: string; readonly threshold?: number };
  readonly tolerance?: string;
  readonly cooldown?: { readonly up?: string; readonly down?: string };
  readonly downWindow?: string;
  readonly step?: { readonly up?: number; readonly down?: number };
  readonly predict?: string;
  readonly schedules?: readonly RawSchedule[];
}

export interface RawIdlePolicy {
  readonly freezeAfter?: string;
  readonly stopAfter?: string;
  readonly wake?: 'on-request' | 'never';
  readonly cpuBelow?: string;
  readonly sessions?: boolean;
  readonly busy?: readonly string[];
  readonly coldStart?: boolean;
}

export interface RawRolloutPolicy {
  readonly strategy?: 'rolling' | 'canary' | 'blueGreen';
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly batch?: number | string;
  readonly pause?: string;
  readonly minHealthy?: string;
  readonly progressDeadline?: string;
  readonly drain?: string;
  readonly canary?: {
    readonly share?: string;
    readonly processes?: number;
    readonly for?: string;
    readonly promote?: 'manual' | 'auto';
    readonly maxErrorRate?: string;
    readonly maxLatency?: string;
  };
  readonly keep?: string;
  readonly snapshot?: boolean;
  readonly onFailure?: 'hold' | 'rollback';
}

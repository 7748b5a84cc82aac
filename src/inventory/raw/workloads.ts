/** `cartridges:` and `subscriptions:`, as the schema leaves them. */
import type { RuntimeName } from '../../model/runtime.ts';
import type { WhenLost } from '../../model/spec.ts';
import type { RawIdlePolicy, RawRolloutPolicy, RawScalingPolicy } from './policies.ts';
import type { RawBounds, RawEnv, RawMap } from './terms.ts';

export interface RawCartridge {
  readonly image: string;
  readonly partition: string;
  readonly ports?: RawMap<number | { readonly port: number; readonly protocol?: 'http' | 'tcp' }> | null;
  readonly health?: {
    readonly path?: string;
    readonly port?: string;
    readonly interval?: string;
    readonly timeout?: string;
    readonly startup?: string;
  };
  readonly resources?: {
    readonly memory?: number | string;
    readonly cpu?: number | string;
    readonly pids?: number;
    readonly disk?: number | string;
    readonly bandwidth?: string | { readonly in?: string; readonly out?: string };
  };
  readonly network?: { readonly egress?: 'none' | readonly string[] };
  readonly env?: RawEnv;
  readonly volumes?: RawMap<string> | null;
  readonly command?: readonly string[];
  readonly security?: { readonly privileged?: boolean };
  readonly runtime?: RuntimeName;
  readonly outputs?: RawMap<RawOutput> | null;
  readonly userData?: string;
  readonly ssh?: {
    readonly user: string;
    readonly port?: number;
    readonly hostKey?: string | readonly string[];
    readonly key?: string;
    readonly shell?: 'sh' | 'powershell';
    readonly logs?: readonly string[];
  };
  readonly multiTenant?: boolean;
  readonly tenants?: { readonly file?: string; readonly command?: readonly string[] };
}

/** The schema has seen that a mapping has exactly one key. */
export type RawOutput = RawEnv[string] | { readonly env: string };

export type RawNeed = string | RawLongNeed;

export interface RawLongNeed {
  readonly subscription: string;
  readonly as?: string;
  readonly outputs?: readonly string[];
  readonly scale?: { readonly ratio: number };
  readonly whenLost?: WhenLost;
}

export interface RawSubscription {
  readonly cartridge: string;
  readonly image?: string;
  readonly revision?: number;
  readonly scaling?: string | RawScalingPolicy;
  readonly processes?: RawBounds;
  readonly idle?: string | RawIdlePolicy;
  readonly rollout?: string | RawRolloutPolicy;
  readonly spread?: boolean;
  readonly near?: readonly string[];
  readonly apart?: readonly string[];
  readonly port?: number;
  readonly hosts?: readonly string[];
  readonly env?: RawEnv;
  readonly needs?: readonly RawNeed[];
  readonly tenants?: RawMap<{ readonly hosts?: readonly string[] } | null> | null;
}

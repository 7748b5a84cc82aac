/** Work on the files of a project, as commands ask for it. */
import type { LoggedEvent } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import type { Instant } from '../model/quantity.ts';
import type { History } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { PartitionCost, Presence } from '../reconcile/machine-costs.ts';
import type { EditedSpec } from './edited-spec.ts';
import type { EnvSetting } from './parse-option.ts';

/** A subscription as `stratos subscribe` writes it; what is undefined is left to the spec's defaults. */
export interface SubscriptionSettings {
  readonly cartridge: string;
  readonly port?: number;
  readonly hosts: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly env: readonly EnvSetting[];
  /** Names of policies of the spec. */
  readonly scaling?: string;
  readonly idle?: string;
  readonly rollout?: string;
  readonly spread?: boolean;
  /** Aliases that must be ready before it starts. */
  readonly needs?: readonly string[];
}

/** Who signed up with a subscription. */
export interface TenantInfo {
  readonly alias: string;
  readonly tenant: string;
  readonly hosts: readonly string[];
}

/** What a subscription shall be made of; what is null is taken out of the spec, what is undefined stays. */
export interface MakingSettings {
  readonly cartridge?: string;
  readonly image?: string | null;
  readonly revision?: number | null;
}

export interface EventQuery {
  readonly since?: Instant;
  /** Id of a run, or its beginning. */
  readonly run?: string;
  /** At most so many, the newest. */
  readonly limit?: number;
}

/** Where the VMs of a new project come from. */
export type StarterIaas = 'local' | 'static';

/** What a purge did to this machine, for people. */
export interface Purged {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** Work on the files of a project. All edits keep comments and order, and are refused when the spec would not be valid. */
export interface ProjectUseCases {
  /** Makes a project; returns the files it wrote. @throws UsageError when there is one already */
  readonly initProject: (directory: string, options: { readonly iaas: StarterIaas }) => Promise<readonly string[]>;
  readonly subscribe: (deps: Deps, alias: string, settings: SubscriptionSettings) => Promise<EditedSpec>;
  /** With `force` whoever needs it no longer does. @throws UsageError when something needs it */
  readonly unsubscribe: (deps: Deps, alias: string, options?: { readonly force?: boolean }) => Promise<EditedSpec>;
  /** @throws NotFoundError; UsageError when there is one of this name */
  readonly addTenant: (deps: Deps, alias: string, tenant: string, hosts: readonly string[]) => Promise<EditedSpec>;
  /** @throws NotFoundError */
  readonly removeTenant: (deps: Deps, alias: string, tenant: string) => Promise<EditedSpec>;
  /** Of one subscription, or of all. @throws NotFoundError */
  readonly listTenants: (deps: Deps, alias: string | undefined) => Promise<readonly TenantInfo[]>;
  readonly scale: (
    deps: Deps,
    alias: string,
    bounds: { readonly min?: number; readonly max?: number },
  ) => Promise<EditedSpec>;
  /** Says what a subscription is made of; with `dryRun` nothing is written. `spec`: as it is after the edit. */
  readonly setMaking: (
    deps: Deps,
    alias: string,
    making: MakingSettings,
    options: { readonly dryRun: boolean },
  ) => Promise<EditedSpec & { readonly spec: Spec }>;
  /** Takes away what is kept on this machine for the next time: bridges, base systems, build results. */
  readonly purge: (deps: Deps) => Promise<Purged>;
  /** Reads a saved plan. @throws ProjectFileError */
  readonly readPlan: (path: string) => Promise<Plan>;
  /** Saves a plan. @throws ProjectFileError */
  readonly savePlan: (path: string, plan: Plan) => Promise<void>;
  /** What runs measured from `since` until now, by alias. @throws ProjectFileError */
  readonly readHistory: (deps: Deps, since: Instant) => Promise<History>;
  /** What machines cost from `since` until now, by partition, shared among subscriptions by `presence`. @throws ProjectFileError */
  readonly readCosts: (
    deps: Deps,
    since: Instant,
    presence: Presence,
  ) => Promise<Readonly<Record<string, PartitionCost>>>;
  /** Writes a page, whole or not at all. @throws ProjectFileError */
  readonly writeReport: (path: string, html: string) => Promise<void>;
  /** The events of the project, oldest first. */
  readonly readEvents: (directory: string, query: EventQuery) => Promise<readonly LoggedEvent[]>;
}

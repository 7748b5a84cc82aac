/** Why a subscription has the number of processes it has, and a partition its VMs: from what was measured to what the plan does. */
import type { ProcessDecision, VmDecision } from '../model/decision.ts';
import { NotFoundError } from '../model/errors.ts';
import { dependentsOf } from '../model/needs.ts';
import type { Action, Hold, Plan } from '../model/plan.ts';
import type { NeedSpec, SubscriptionSpec } from '../model/spec.ts';
import type { Deps, RunLimits } from './deps.ts';
import { handedOver } from './handed-over.ts';
import { planRun, type PlanRun } from './plan-run.ts';
import { rolloutStatusOf, type RolloutStatus } from './rollout-status.ts';

export type Explanation = SubscriptionExplanation | PartitionExplanation;

export interface SubscriptionExplanation {
  readonly alias: string;
  readonly partition: string;
  /** Bounds and target as the spec has them now. */
  readonly policy: PlanRun['spec']['subscriptions'][string]['scaling'];
  readonly decision: ProcessDecision;
  /** What it needs; absent: nothing. */
  readonly needs?: readonly NeedExplanation[];
  /** Aliases that need it; absent: none. */
  readonly neededBy?: readonly string[];
  /** How its rollout stands; absent: there is none yet. */
  readonly rollout?: RolloutStatus;
  /** Where its processes are, and what the plan does with each. */
  readonly processes: readonly ProcessExplanation[];
  readonly holds: readonly Hold[];
  readonly alarms: readonly string[];
}

export interface NeedExplanation extends NeedSpec {
  /** Its processes that are recorded as ready, asleep or awake, and the minimum that must be before anything starts. */
  readonly ready: number;
  readonly minimum: number;
  /** Names of the variables that are handed over. */
  readonly variables: readonly string[];
}

export interface ProcessExplanation {
  readonly name: string;
  readonly vm: string;
  /** What is to be done with it and why; nothing: it stays as it is. */
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStep {
  readonly kind: Action['kind'];
  readonly reason: string;
}

export interface PartitionExplanation {
  readonly partition: string;
  readonly decision: VmDecision;
  readonly vms: readonly {
    readonly name: string;
    readonly iaas: string;
    readonly processes: number;
    readonly steps: readonly PlannedStep[];
    /** Why it may go. */
    readonly removable?: string;
  }[];
  readonly holds: readonly Hold[];
  readonly alarms: readonly string[];
}

/** Looks, decides and plans as a run would, and explains one alias or partition. Changes nothing. @throws NotFoundError */
export async function explain(deps: Deps, name: string, limits: RunLimits): Promise<Explanation> {
  return explanationOf(await planRun(deps, { ...limits, everything: true }), name);
}

/** The explanation of one alias or partition. @throws NotFoundError */
export function explanationOf(run: PlanRun, name: string): Explanation {
  const { spec, decisions, plan } = run;
  const subscription = spec.subscriptions[name];
  const process = decisions.processes[name];
  if (subscription && process) {
    const partition = spec.cartridges[subscription.cartridge]?.partition ?? '';
    return {
      alias: name,
      partition,
      policy: subscription.scaling,
      decision: process,
      ...needsPart(run, subscription),
      ...rolloutOf(run, name),
      processes: processesOf(run, name),
      holds: holdsOf(plan, (target) => isOf(name, target)),
      alarms: decisions.alarms,
    };
  }
  const vm = decisions.vms[name];
  if (spec.partitions[name] && vm) return partitionOf(run, name, vm);
  throw new NotFoundError(`Cannot explain ${JSON.stringify(name)} as no alias or partition has this name`, {
    hint: 'stratos status',
  });
}

function needsPart(
  { spec, inventory, decisions }: PlanRun,
  subscription: SubscriptionSpec,
): Pick<SubscriptionExplanation, 'needs' | 'neededBy'> {
  const needs = subscription.needs?.map((need) => {
    const { subscription: alias } = need;
    const min = spec.subscriptions[alias]?.scaling.processes.min ?? 0;
    const own = inventory.processes.filter((process) => process.subscription === alias && process.state === 'ready');
    return {
      ...need,
      ready: own.length,
      minimum: Math.min(min, decisions.processes[alias]?.desired ?? min),
      variables: Object.keys(handedOver(spec, { cartridge: subscription.cartridge, needs: [need] })),
    };
  });
  const neededBy = dependentsOf(spec, subscription.alias);
  return { ...(needs ? { needs } : {}), ...(neededBy.length > 0 ? { neededBy } : {}) };
}

function rolloutOf({ inventory, decisions }: PlanRun, alias: string): Pick<SubscriptionExplanation, 'rollout'> {
  const rollout = rolloutStatusOf(inventory, alias, decisions.rollouts?.[alias]);
  return rollout ? { rollout } : {};
}

function processesOf({ inventory, plan }: PlanRun, alias: string): readonly ProcessExplanation[] {
  const found = new Map<string, { name: string; vm: string; steps: PlannedStep[] }>();
  for (const { name, vm, subscription } of inventory.processes)
    if (subscription === alias) found.set(name, { name, vm, steps: [] });
  for (const action of actionsOf(plan)) {
    if (!('process' in action)) continue;
    const known = found.get(action.process);
    if (known) known.steps.push({ kind: action.kind, reason: action.reason });
    else if ('subscription' in action && action.subscription === alias)
      found.set(action.process, { name: action.process, vm: action.vm, steps: [stepOf(action)] });
  }
  return [...found.values()];
}

function partitionOf({ spec, inventory, decisions, plan }: PlanRun, name: string, decision: VmDecision) {
  const counts = Map.groupBy(inventory.processes, ({ vm }) => vm);
  const recorded = inventory.vms.filter((vm) => vm.partition === name);
  const known = new Set(recorded.map((vm) => vm.name));
  const stages = plan.stages.filter((stage) => stage.partition === name);
  const actions = stages.flatMap((stage) => stage.actions).filter((action) => action.kind.startsWith('vm.'));
  const added = actions.flatMap((action) =>
    'iaas' in action && !known.has(action.vm) ? [{ name: action.vm, iaas: action.iaas }] : [],
  );
  const aliases = Object.values(spec.subscriptions)
    .filter(({ cartridge }) => spec.cartridges[cartridge]?.partition === name)
    .map(({ alias }) => alias);
  return {
    partition: name,
    decision,
    vms: [...recorded, ...added].map((vm) => {
      const removable = decision.removable[vm.name];
      return {
        name: vm.name,
        iaas: vm.iaas,
        processes: counts.get(vm.name)?.length ?? 0,
        steps: actions.filter((action) => action.vm === vm.name).map(stepOf),
        ...(removable === undefined ? {} : { removable }),
      };
    }),
    holds: holdsOf(plan, (target) => isOf(name, target) || aliases.some((alias) => isOf(alias, target))),
    alarms: decisions.alarms,
  };
}

function actionsOf(plan: Plan): readonly Action[] {
  return plan.stages.flatMap((stage) => stage.actions);
}

function stepOf({ kind, reason }: Action): PlannedStep {
  return { kind, reason };
}

function holdsOf(plan: Plan, isAbout: (target: string) => boolean): readonly Hold[] {
  return plan.holds.filter((hold) => isAbout(hold.target));
}

/** A target is a name, or that of a process or VM of it: the name with a number. */
function isOf(name: string, target: string): boolean {
  return target === name || (target.startsWith(`${name}-`) && /^\d+$/.test(target.slice(name.length + 1)));
}

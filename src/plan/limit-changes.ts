/**
 * Bounding what one run changes. The plan is made whole and then cut: an action that is cut takes with it what depends on it, just as
 * one that failed would, so what is left is as safe as a run in which these actions failed.
 */
import type { Action, Hold, Stage } from '../model/plan.ts';
import { withoutCut } from './cut-stages.ts';
import type { WorldIndex } from './index-world.ts';
import type { PlanInput } from './plan-input.ts';

interface Limited {
  readonly stages: readonly Stage[];
  readonly holds: readonly Hold[];
}

/** What else must be known of the actions of a plan. */
export interface Ties {
  /** By new process, the one that policy moves to it: both happen, or neither. */
  readonly moves: Map<string, string>;
  /** Ids of gateways that are to be configured whether or not anything else happens. */
  readonly due: Set<string>;
}

/** A process or a VM that comes, goes or falls asleep; what is replaced in place is one, what moves is two that belong together. */
interface Change {
  readonly cost: number;
  readonly actions: readonly Action[];
  /** The lower the sooner. */
  readonly urgency: number;
}

/**
 * Keeps at most `most` changes: first what is below a subscription's minimum, then what is below the count that is wanted, then
 * rollouts, moves and removals in the order of the plan, then VMs, then sleep. Says by partition what is left for the next run.
 */
export function limitChanges(
  input: PlanInput,
  world: WorldIndex,
  stages: readonly Stage[],
  { moves, due }: Ties,
): Limited {
  const most = input.decisions.maxChanges;
  if (most === undefined) return { stages, holds: [] };
  const changes = changesOf(input, world, stages, moves);
  if (changes.reduce((sum, { cost }) => sum + cost, 0) <= most) return { stages, holds: [] };
  const byAction = new Map(changes.flatMap((change) => change.actions.map((action) => [action.id, change] as const)));
  const kept = choose(changes, byAction, stages, most);
  const cut = closed(stages, changes, new Set(changes.filter((change) => !kept.has(change)).flatMap(idsOf)));
  return { stages: withoutCut(stages, cut, due), holds: holdsOf(stages, cut, most) };
}

const idsOf = ({ actions }: Change): readonly string[] => actions.map(({ id }) => id);

/** All that does not happen when `cut` does not: what depends on it, and the other half of what is replaced in place. */
function closed(stages: readonly Stage[], changes: readonly Change[], cut: ReadonlySet<string>): ReadonlySet<string> {
  const broken = new Set(cut);
  for (let before = -1; before < broken.size;) {
    before = broken.size;
    for (const { actions } of stages)
      for (const action of actions) if (action.dependsOn.some((id) => broken.has(id))) broken.add(action.id);
    for (const { actions } of changes)
      if (actions.some(({ id }) => broken.has(id))) for (const { id } of actions) broken.add(id);
  }
  return broken;
}

/** Every change with its actions, in the order of the plan. */
function changesOf(
  input: PlanInput,
  world: WorldIndex,
  stages: readonly Stage[],
  moves: ReadonlyMap<string, string>,
): readonly Change[] {
  const actions = stages.flatMap((stage) => stage.actions);
  const urgencyOf = urgencies(input, world);
  const guests = guestsOf(input, world, actions);
  const counted = actions.flatMap((action) => {
    const target = targetOf(action, guests);
    return target === undefined
      ? []
      : [{ target, group: groupOf(action, target, moves), action, urgency: urgencyOf(action) }];
  });
  return [...Map.groupBy(counted, ({ group }) => group).values()].map((all) => ({
    cost: new Set(all.map(({ target }) => target)).size,
    actions: all.map(({ action }) => action),
    urgency: Math.min(...all.map(({ urgency }) => urgency)),
  }));
}

function groupOf(action: Action, target: string, moves: ReadonlyMap<string, string>): string {
  const moved = action.kind === 'process.create' ? moves.get(action.process) : undefined;
  return moved === undefined ? target : `process ${moved}`;
}

/** VMs that are processes: the two come and go together, and are one change. */
function guestsOf(
  { observation }: PlanInput,
  { vmByName }: WorldIndex,
  actions: readonly Action[],
): ReadonlySet<string> {
  const isGuest = (action: Action): boolean => {
    const seen = observation.vms[action.vm];
    if (action.kind === 'vm.create' && action.guest) return true;
    return vmByName.get(action.vm)?.runtime === 'vm' || (seen?.status === 'reached' && seen.guest === true);
  };
  return new Set(actions.filter(isGuest).map(({ vm }) => vm));
}

function targetOf(action: Action, guests: ReadonlySet<string>): string | undefined {
  if (action.kind.startsWith('process.') && guests.has(action.vm))
    return COUNTED.has(action.kind) ? `vm ${action.vm}` : undefined;
  switch (action.kind) {
    case 'vm.create':
    case 'vm.delete':
      return `vm ${action.vm}`;
    case 'process.create':
    case 'process.remove':
    case 'process.sleep':
      return `process ${action.process}`;
    default:
      return undefined;
  }
}

const COUNTED: ReadonlySet<string> = new Set(['process.create', 'process.remove', 'process.sleep']);

function urgencies({ spec, decisions }: PlanInput, world: WorldIndex): (action: Action) => number {
  const counts = new Map<string, number>();
  for (const { subscription, state } of world.processByName.values()) {
    if (state === 'ready') counts.set(subscription, (counts.get(subscription) ?? 0) + 1);
  }
  return (action) => {
    switch (action.kind) {
      case 'process.create': {
        const { subscription: alias } = action;
        const count = (counts.get(alias) ?? 0) + 1;
        counts.set(alias, count);
        const min = spec.subscriptions[alias]?.scaling.processes.min ?? 0;
        if (count <= min) return 0;
        return count <= (decisions.processes[alias]?.desired ?? 0) ? 1 : 2;
      }
      case 'process.remove':
        return 2;
      case 'vm.create':
      case 'vm.delete':
        return 3;
      default:
        return 4;
    }
  };
}

/** The most urgent ones, each after what it depends on. */
function choose(
  changes: readonly Change[],
  byAction: ReadonlyMap<string, Change>,
  stages: readonly Stage[],
  most: number,
): ReadonlySet<Change> {
  const needs = neededChanges(stages, byAction);
  const kept = new Set<Change>();
  let used = 0;
  const keep = (change: Change, waiting: ReadonlySet<Change>): void => {
    if (kept.has(change) || waiting.has(change)) return;
    const path = new Set([...waiting, change]);
    for (const needed of needs(change)) keep(needed, path);
    if (used + change.cost > most) return;
    kept.add(change);
    used += change.cost;
  };
  for (const change of changes.toSorted((a, b) => a.urgency - b.urgency)) {
    if (used >= most) break;
    keep(change, new Set());
  }
  return kept;
}

/** The changes that a change depends on, through whatever actions are between. Asked for the few that one run makes. */
function neededChanges(
  stages: readonly Stage[],
  byAction: ReadonlyMap<string, Change>,
): (change: Change) => ReadonlySet<Change> {
  const actions = new Map(stages.flatMap((stage) => stage.actions.map((action) => [action.id, action] as const)));
  const collect = ({ dependsOn }: Action, found: Set<Change>): void => {
    for (const id of dependsOn) {
      const change = byAction.get(id);
      const action = actions.get(id);
      if (change) found.add(change);
      else if (action) collect(action, found);
    }
  };
  return (change) => {
    const found = new Set<Change>();
    for (const action of change.actions) collect(action, found);
    found.delete(change);
    return found;
  };
}

const VERBS: Partial<Record<Action['kind'], string>> = {
  'process.create': 'to create',
  'process.remove': 'to remove',
  'process.sleep': 'to put to sleep',
  'vm.create': 'to create',
  'vm.delete': 'to release',
};

function holdsOf(stages: readonly Stage[], cut: ReadonlySet<string>, most: number): readonly Hold[] {
  return [...Map.groupBy(stages, ({ partition }) => partition)].flatMap(([target, own]) => {
    const left = own.flatMap(({ actions }) => actions).filter(({ id }) => cut.has(id));
    if (left.length === 0) return [];
    const phrases = [...Map.groupBy(left, ({ kind }) => kind)].map(([kind, { length }]) => {
      const noun = kind.startsWith('vm.') ? 'VM' : 'process';
      return `${length} ${length === 1 ? noun : kind.startsWith('vm.') ? 'VMs' : 'processes'} ${VERBS[kind] ?? ''}`;
    });
    return [{ target, reason: `${phrases.join(', ')}: left for the next run, as one run makes ${most} changes` }];
  });
}

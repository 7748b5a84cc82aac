/** Which subscriptions must be ready before others start, and which go before others: worked out once for a plan. */
import { dependentsOf, inOrderOfNeeds, isServed, needsOf } from '../model/needs.ts';
import { partitionOf } from '../model/spec.ts';
import type { WorldIndex } from './index-world.ts';
import type { PlanInput } from './plan-input.ts';

export interface Prerequisites {
  /** How many processes of a subscription are not ready that must be before anything starts that needs it. */
  readonly missing: (alias: string) => number;
  /** What a subscription needs and that is not ready, by name. */
  readonly unmet: (alias: string) => readonly string[];
  /** All that is not ready and must be before it starts: what it needs, and what that needs in turn. */
  readonly behind: (alias: string) => ReadonlySet<string>;
  /**
   * First wave in which it may start something: after what it needs, in whatever partition that is, and after the gateway of its own VM
   * that leads there.
   */
  readonly level: (alias: string) => number;
  /** Those that are to go before it, once it goes itself: they need it, or did when they were made. */
  readonly before: (alias: string) => readonly string[];
  /** First wave in which it may end for good: after those. */
  readonly endLevel: (alias: string) => number;
  /** Nothing needs anything. */
  readonly none: boolean;
}

export function prerequisites(input: PlanInput, world: WorldIndex): Prerequisites {
  const { spec } = input;
  const recorded = recordedNeeds(world);
  const order = Object.values(spec.subscriptions).some(({ needs }) => needs) ? inOrderOfNeeds(spec) : [];
  if (order.length === 0 && recorded.size === 0) return NONE;
  const ready = readyProcesses(input, world);
  const missing = new Map<string, number>();
  const levels = new Map<string, number>();
  const behind = new Map<string, ReadonlySet<string>>();
  const unmet = (alias: string): readonly string[] =>
    needsOf(spec, alias)
      .flatMap(({ subscription }) => ((missing.get(subscription) ?? 0) > 0 ? [subscription] : []))
      .toSorted();
  for (const alias of order) {
    missing.set(alias, missingOf(input, ready, alias));
    behind.set(alias, new Set(unmet(alias).flatMap((need) => [need, ...(behind.get(need) ?? NOTHING)])));
    const needs = needsOf(spec, alias);
    const below = needs.map(({ subscription }) =>
      (missing.get(subscription) ?? 0) > 0 ? (levels.get(subscription) ?? 0) + 1 : 0,
    );
    const served = needs.some(({ subscription }) => isServed(spec, subscription));
    levels.set(alias, Math.max(served ? 1 : 0, ...below));
  }
  const before = (alias: string): readonly string[] =>
    [...new Set([...dependentsOf(spec, alias), ...(recorded.get(alias) ?? [])])].toSorted();
  return {
    missing: (alias) => missing.get(alias) ?? 0,
    unmet,
    behind: (alias) => behind.get(alias) ?? NOBODY,
    level: (alias) => levels.get(alias) ?? 0,
    before,
    endLevel: (alias) => depthOf(alias, before, new Set()),
    none: false,
  };
}

const NOTHING: readonly never[] = [];
const NOBODY: ReadonlySet<string> = new Set();
const NONE: Prerequisites = {
  missing: () => 0,
  unmet: () => NOTHING,
  behind: () => NOBODY,
  level: () => 0,
  before: () => NOTHING,
  endLevel: () => 0,
  none: true,
};

/** How many go one after another before an alias does. */
function depthOf(alias: string, before: (alias: string) => readonly string[], path: Set<string>): number {
  if (path.has(alias)) return 0;
  path.add(alias);
  const depth = Math.max(0, ...before(alias).map((other) => depthOf(other, before, path) + 1));
  path.delete(alias);
  return depth;
}

/** By alias, those that needed it when their processes were made. */
function recordedNeeds({ processByName }: WorldIndex): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { subscription, needs } of processByName.values())
    for (const need of needs ?? NOTHING) {
      const known = found.get(need);
      if (known) known.add(subscription);
      else found.set(need, new Set([subscription]));
    }
  return found;
}

/** Of its minimum, or of what is wanted where that is less. */
function missingOf({ spec, decisions }: PlanInput, ready: ReadonlyMap<string, number>, alias: string): number {
  const subscription = spec.subscriptions[alias];
  if (!subscription) return 0;
  const { min } = subscription.scaling.processes;
  const wanted = Math.min(min, decisions.processes[alias]?.desired ?? min);
  return Math.max(0, wanted - (ready.get(`${alias} ${partitionOf(spec, alias) ?? ''}`) ?? 0));
}

/**
 * Processes of `<alias> <partition>` that answer as far as is known: those on a VM that cannot be seen as they were recorded, sleepers
 * too, as who connects to one wakes it.
 */
function readyProcesses({ observation }: PlanInput, world: WorldIndex): ReadonlyMap<string, number> {
  const ready = new Map<string, number>();
  for (const [name, processes] of world.processesOn) {
    const seen = observation.vms[name];
    const partition = world.vmByName.get(name)?.partition;
    if (!seen || partition === undefined) continue;
    const up =
      seen.status === 'reached' &&
      new Set(seen.processes.flatMap((each) => (each.state === 'running' || each.asleep ? [each.name] : [])));
    for (const process of processes) {
      if (process.state !== 'ready' || (up && !up.has(process.name))) continue;
      const key = `${process.subscription} ${partition}`;
      ready.set(key, (ready.get(key) ?? 0) + 1);
    }
  }
  return ready;
}

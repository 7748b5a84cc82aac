import type { Plan, Stage } from '../model/plan.ts';
import { partitionOf } from '../model/spec.ts';
import { actionIds } from './action-ids.ts';
import { indexWorld, type WorldIndex } from './index-world.ts';
import { limitChanges, type Ties } from './limit-changes.ts';
import { linkNeeds } from './link-needs.ts';
import { compareText } from './names.ts';
import { releasedLast } from './released-last.ts';
import { planPartition } from './partition-plan.ts';
import { partitionView, type Findings, type Shared } from './partition-view.ts';
import type { PlanInput } from './plan-input.ts';
import { prerequisites, type Prerequisites } from './prerequisites.ts';

/**
 * Plans how the world becomes what the spec says: an ordered list of stages for each partition, with a reason for each action and
 * for what is left alone. The same input, in any order, gives the same plan. Time grows as n log n with VMs and processes.
 */
export function makePlan(input: PlanInput): Plan {
  const waiting = new Map<string, string>();
  // Whether what is needed elsewhere can be had is known once all partitions are planned: each draft is made as if those that cannot
  // start were not to, so that no VM is made, kept or emptied for them. Who waits starts nothing, and is not found late again.
  for (;;) {
    const draft = draftPlan(input, waiting);
    const { stages, late } = linkNeeds(input, draft.needs, releasedLast(draft.stages));
    if (late.size === 0) return finished(input, { ...draft, stages });
    for (const [alias, reason] of late) waiting.set(alias, reason);
  }
}

interface Draft extends Findings {
  readonly world: WorldIndex;
  readonly needs: Prerequisites;
  readonly ties: Ties;
  readonly stages: readonly Stage[];
}

/** Every partition for itself. `waiting`: by alias, why nothing of it starts. */
function draftPlan(input: PlanInput, waiting: ReadonlyMap<string, string>): Draft {
  const world = indexWorld(input);
  const needs = prerequisites(input, world);
  const ties: Ties = { moves: new Map(), due: new Set() };
  const shared: Shared = { ...{ input, world, needs, waiting, hosts: new Map(), ids: actionIds() }, ...ties };
  const findings: Findings = { holds: [], notices: [] };
  const stages: Stage[] = [];
  // Whose gateways are another's VMs comes after those: they must be known, and be there.
  const scoped = [...scopes(input, world)];
  const last = ([name]: (typeof scoped)[number]): number => Number(input.spec.partitions[name]?.gateway !== undefined);
  for (const [name, only] of scoped.toSorted((a, b) => last(a) - last(b))) {
    stages.push(...planPartition(partitionView(name, only, shared, findings)));
  }
  return { ...findings, world, needs, ties, stages };
}

function finished(input: PlanInput, { world, ties, stages, holds, notices }: Draft): Plan {
  const limited = limitChanges(input, world, stages, ties);
  return {
    version: 1,
    lineage: input.inventory.lineage,
    serial: input.inventory.serial,
    specDigest: input.specDigest,
    observedAt: input.observation.at,
    stages: limited.stages,
    holds: [...holds, ...limited.holds],
    notices,
  };
}

/** Partitions to plan, by name, each with the aliases it is restricted to. */
function scopes(input: PlanInput, world: WorldIndex): ReadonlyMap<string, ReadonlySet<string> | undefined> {
  const { spec, only } = input;
  const known = new Set([
    ...Object.keys(spec.partitions),
    ...world.vmsOf.keys(),
    ...world.lostOf.keys(),
    ...world.strayMachines.keys(),
  ]);
  const all = [...known].sort(compareText);
  if (only.length === 0) return new Map(all.map((name) => [name, undefined]));
  const aliases = new Map<string, Set<string>>();
  for (const alias of only) {
    const home = partitionOf(spec, alias);
    for (const name of [...(home === undefined ? [] : [home]), ...(world.partitionsOf.get(alias) ?? [])]) {
      const here = aliases.get(name);
      if (here) here.add(alias);
      else aliases.set(name, new Set([alias]));
    }
  }
  return new Map(
    all
      .filter((name) => only.includes(name) || aliases.has(name))
      .map((name) => [name, only.includes(name) ? undefined : aliases.get(name)]),
  );
}

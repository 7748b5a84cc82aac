import type { Plan, Stage } from '../model/plan.ts';
import { actionIds } from './action-ids.ts';
import { indexWorld, type WorldIndex } from './index-world.ts';
import type { GatewaySlots } from './gateway-slots.ts';
import { limitChanges } from './limit-changes.ts';
import { linkNeeds } from './link-needs.ts';
import { compareText } from './names.ts';
import { releasedLast } from './released-last.ts';
import { planPartition } from './partition-plan.ts';
import { partitionView, type Findings } from './partition-view.ts';
import type { PlanInput } from './plan-input.ts';
import { prerequisites } from './prerequisites.ts';

/**
 * Plans how the world becomes what the spec says: an ordered list of stages for each partition, with a reason for each action and
 * for what is left alone. The same input, in any order, gives the same plan. Time grows as n log n with VMs and processes.
 */
export function makePlan(input: PlanInput): Plan {
  const world = indexWorld(input);
  const needs = prerequisites(input, world);
  const shared = {
    ...{ input, world, needs, ids: actionIds() },
    moves: new Map<string, string>(),
    due: new Set<string>(),
    hosts: new Map<string, GatewaySlots>(),
  };
  const findings: Findings = { holds: [], notices: [] };
  const stages: Stage[] = [];
  // Whose gateways are another's VMs comes after those: they must be known, and be there.
  const scoped = [...scopes(input, world)];
  const last = ([name]: (typeof scoped)[number]): number => Number(input.spec.partitions[name]?.gateway !== undefined);
  for (const [name, only] of scoped.toSorted((a, b) => last(a) - last(b))) {
    stages.push(...planPartition(partitionView(name, only, shared, findings)));
  }
  const linked = linkNeeds(input, needs, releasedLast(stages), shared);
  const limited = limitChanges(input, world, linked.stages, shared);
  return {
    version: 1,
    lineage: input.inventory.lineage,
    serial: input.inventory.serial,
    specDigest: input.specDigest,
    observedAt: input.observation.at,
    stages: limited.stages,
    holds: [...findings.holds, ...linked.holds, ...limited.holds],
    notices: findings.notices,
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
    const subscription = spec.subscriptions[alias];
    const home = subscription && spec.cartridges[subscription.cartridge]?.partition;
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

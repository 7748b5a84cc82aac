/** Laws of plans that policy has wishes for: sleep, VMs that may go, spare room, neighbours, bounds on what one run changes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Plan } from '../../src/model/plan.ts';
import type { Spec } from '../../src/model/spec.ts';
import type { World } from '../../src/plan/reference/world.ts';
import { applyPlan, converge, planFor } from '../support/builders.ts';
import {
  disturbances,
  disturbedWorld,
  editedSpecs,
  wishedDecisions,
  wishes,
  type Mishap,
  type Wishes,
} from '../support/plan-worlds.ts';

const RUNS = { numRuns: Number(process.env.STRATOS_PROPERTY_RUNS ?? 200) };
const MISHAPS: readonly Mishap[] = [
  'container lost',
  'record lost',
  'record failed',
  'vm cordoned',
  'vm drained',
  'vm unreachable',
];

const scenes = fc.record({ specs: editedSpecs, happened: disturbances(MISHAPS, 3), wished: wishes });
/** Nothing but wishes: the fleet is as it should be. */
const calm = fc.record({ specs: editedSpecs, wished: wishes });

const actionsOf = (plan: Plan): readonly Action[] => plan.stages.flatMap((stage) => stage.actions);
const planWith = (spec: Spec, world: World, wished: Wishes, from?: World): Plan =>
  planFor(spec, world, { decisions: wishedDecisions(spec, world, wished, from) });

function containers(world: World) {
  return Object.entries({ ...world.hidden, ...world.observation.vms }).flatMap(([vm, seen]) =>
    seen.status === 'reached' ? seen.processes.map((process) => ({ ...process, vm })) : [],
  );
}

/** `vm a b` for each VM that has, or by its records should have, processes of two aliases that must be apart. */
function shared(spec: Spec, world: World): ReadonlySet<string> {
  const found = new Set<string>();
  const all = [...containers(world), ...world.inventory.processes];
  for (const [vm, on] of Map.groupBy(all, (process) => process.vm)) {
    const aliases = new Set(on.map(({ subscription }) => subscription));
    for (const alias of aliases)
      for (const other of spec.subscriptions[alias]?.apart ?? [])
        if (other !== alias && aliases.has(other)) found.add([vm, ...[alias, other].sort()].join(' '));
  }
  return found;
}

/** Processes of each subscription that spreads, by VM: what is there, and what should be by its record. */
function crowds(spec: Spec, world: World): ReadonlyMap<string, number> {
  const all = [...containers(world), ...world.inventory.processes].map(({ name, vm, subscription }) => ({
    name,
    vm,
    subscription,
  }));
  const once = [...new Map(all.map((process) => [`${process.vm} ${process.name}`, process])).values()];
  const spreading = once.filter(({ subscription }) => spec.subscriptions[subscription]?.spread);
  const groups = Map.groupBy(spreading, ({ vm, subscription }) => `${vm} ${subscription}`);
  return new Map([...groups].map(([key, { length }]) => [key, length]));
}

const targetOf = (action: Action): string | undefined => {
  if (action.kind === 'vm.create' || action.kind === 'vm.delete') return action.vm;
  const counted =
    action.kind === 'process.create' || action.kind === 'process.remove' || action.kind === 'process.sleep';
  // A VM that is a process comes and goes with it.
  if (counted && action.vm.startsWith('own-')) return action.vm;
  return counted ? action.process : undefined;
};

const machinesOf = ({ observation }: World): number =>
  Object.values(observation.iaas).flatMap((listing) => (listing.status === 'listed' ? listing.machines : [])).length;

describe('makePlan with wishes of policy', { timeout: 240_000 }, () => {
  it('comes to rest: applied plans end in an empty one', () => {
    fc.assert(
      fc.property(calm, ({ specs, wished }) => {
        const start = converge(specs.before);
        let world = start;
        for (let round = 0; ; round += 1) {
          const plan = planWith(specs.after, world, wished, start);
          if (plan.stages.length === 0) break;
          if (round === 80) throw new Error(`no rest: ${JSON.stringify(plan, null, 1)}`);
          world = applyPlan(specs.after, world, plan);
        }
      }),
      RUNS,
    );
  });

  it('is well formed, and the same whatever the order of its input', () => {
    fc.assert(
      fc.property(scenes, ({ specs: { before, after }, happened, wished }) => {
        const world = disturbedWorld(before, happened);
        const plan = planWith(after, world, wished);
        const known = new Set<string>();
        for (const stage of plan.stages) {
          expect(stage.actions.length).toBeGreaterThan(0);
          for (const action of stage.actions) {
            expect(known.has(action.id), `${action.id} is given twice`).toBe(false);
            for (const id of action.dependsOn) expect(known.has(id), `${action.id} depends on ${id}`).toBe(true);
            known.add(action.id);
          }
          for (const ids of Object.values(stage.withdrawAfter ?? {}))
            for (const id of ids) expect(known.has(id), `${stage.id} withdraws after ${id}`).toBe(true);
          known.add(stage.id);
        }
        const { inventory } = world;
        const turned = {
          ...world,
          inventory: { ...inventory, vms: inventory.vms.toReversed(), processes: inventory.processes.toReversed() },
        };
        expect(planWith(after, turned, wished)).toStrictEqual(plan);
      }),
      RUNS,
    );
  });

  it('makes no more changes than it may, and says what is left', () => {
    fc.assert(
      fc.property(scenes, fc.integer({ min: 1, max: 6 }), ({ specs, happened, wished }, maxChanges) => {
        const world = disturbedWorld(specs.before, happened);
        const { maxChanges: _most, ...unbounded } = wished;
        const all = planWith(specs.after, world, unbounded);
        const some = planWith(specs.after, world, { ...wished, maxChanges });
        const count = (plan: Plan): number => new Set(actionsOf(plan).flatMap((action) => targetOf(action) ?? [])).size;
        expect(count(some)).toBeLessThanOrEqual(maxChanges);
        if (count(all) <= maxChanges) expect(some.stages).toStrictEqual(all.stages);
        else {
          if (maxChanges > 1) expect(count(some)).toBeGreaterThan(0);
          expect(some.holds.length).toBeGreaterThan(all.holds.length);
        }
        applyPlan(specs.after, world, some);
      }),
      RUNS,
    );
  });

  it('puts nobody to sleep or wakes anybody that it changes otherwise, and never both', () => {
    fc.assert(
      fc.property(scenes, ({ specs: { before, after }, happened, wished }) => {
        const world = disturbedWorld(before, happened);
        const actions = actionsOf(planWith(after, world, wished));
        const touched = (kinds: readonly string[]): string[] =>
          actions.flatMap((action) => ('process' in action && kinds.includes(action.kind) ? [action.process] : []));
        const sleeping = touched(['process.sleep', 'process.wake']);
        const changed = new Set(touched(['process.create', 'process.start', 'process.adopt', 'process.remove']));
        expect(new Set(sleeping).size).toBe(sleeping.length);
        for (const name of sleeping) expect(changed.has(name), name).toBe(false);
        for (const { alias } of Object.values(after.subscriptions)) {
          const mine = world.inventory.processes.filter(({ subscription }) => subscription === alias).length;
          const asleep = touched(['process.sleep']).filter((name) => name.startsWith(`${alias}-`));
          expect(asleep.length).toBeLessThanOrEqual(Math.max(1, Math.floor(mine * after.guards.disruption)));
        }
      }),
      RUNS,
    );
  });

  it('puts together what must be apart at no point, whatever fails', () => {
    fc.assert(
      fc.property(scenes, fc.func(fc.constantFrom(false, false, true)), ({ specs, happened, wished }, fails) => {
        const world = disturbedWorld(specs.before, happened);
        const before = shared(specs.after, world);
        applyPlan(specs.after, world, planWith(specs.after, world, wished), {
          fails: (action) => fails(action.id),
          onStep: (now) => {
            for (const together of shared(specs.after, now)) expect(before, together).toContain(together);
          },
        });
      }),
      RUNS,
    );
  });

  it('spreads what must be spread, once it is through', () => {
    fc.assert(
      fc.property(scenes, ({ specs, happened, wished: { maxChanges: _most, ...wished } }) => {
        const world = disturbedWorld(specs.before, happened);
        const before = crowds(specs.after, world);
        const plan = planWith(specs.after, world, wished);
        const settled = applyPlan(specs.after, world, plan);
        const held = (alias: string): boolean => plan.holds.some(({ target }) => target === alias);
        for (const [where, count] of crowds(specs.after, settled))
          if (!held(where.split(' ')[1] ?? ''))
            expect(count, where).toBeLessThanOrEqual(Math.max(1, before.get(where) ?? 0));
      }),
      RUNS,
    );
  });

  it('lets go of VMs only for a reason, never of more than the minimum allows, and of no process with them', () => {
    fc.assert(
      fc.property(calm, ({ specs: { before: spec }, wished: { maxChanges: _most, ...wished } }) => {
        const world = converge(spec);
        const decisions = wishedDecisions(spec, world, wished);
        const plan = planFor(spec, world, { decisions });
        for (const action of actionsOf(plan)) {
          if (action.kind !== 'vm.delete') continue;
          const partition = world.inventory.vms.find(({ name }) => name === action.vm)?.partition ?? '';
          const why = decisions.vms[partition]?.removable[action.vm];
          expect(why !== undefined || spec.partitions[partition]?.policy.scaleDown.after === 0, action.vm).toBe(true);
        }
        const settled = applyPlan(spec, world, plan);
        for (const { name, policy } of Object.values(spec.partitions)) {
          const count = (of: World): number => of.inventory.vms.filter(({ partition }) => partition === name).length;
          expect(count(settled)).toBeGreaterThanOrEqual(Math.min(policy.vms.min, count(world)));
        }
        const perAlias = (of: World): Record<string, number> =>
          Object.fromEntries(
            [...Map.groupBy(of.inventory.processes, ({ subscription }) => subscription)].map(([alias, { length }]) => [
              alias,
              length,
            ]),
          );
        expect(perAlias(settled)).toEqual(perAlias(world));
      }),
      RUNS,
    );
  });

  it('moves no more of a subscription than policy may take down, and one VM of a partition at most', () => {
    fc.assert(
      fc.property(calm, ({ specs: { before: spec }, wished }) => {
        const world = converge(spec);
        const plan = planWith(spec, world, wished);
        const moved = actionsOf(plan).flatMap((action) => (action.kind === 'process.remove' ? [action] : []));
        for (const [alias, gone] of Map.groupBy(moved, ({ process }) => process.replace(/-\d+$/, ''))) {
          const all = world.inventory.processes.filter(({ subscription }) => subscription === alias).length;
          // One more where one that shares a VM and must not moves as well.
          expect(gone.length, alias).toBeLessThanOrEqual(Math.max(1, Math.floor(all * spec.guards.disruption)) + 1);
        }
        const drained = moved.filter(({ reason }) => reason.includes('unneeded'));
        for (const partition of Object.keys(spec.partitions)) {
          const here = drained.filter(({ vm }) => vm.startsWith(`${partition}-`)).map(({ vm }) => vm);
          expect(new Set(here).size).toBeLessThanOrEqual(1);
        }
      }),
      RUNS,
    );
  });

  it('makes and removes no machine where VMs are held', () => {
    fc.assert(
      fc.property(scenes, ({ specs: { before, after }, happened, wished }) => {
        const world = disturbedWorld(before, happened);
        const plan = planWith(after, world, { ...wished, hold: true });
        for (const action of actionsOf(plan)) {
          const inSpec = Object.keys(after.partitions).some((name) => action.vm.startsWith(`${name}-`));
          if (inSpec) expect(action.kind).not.toBe('vm.delete');
        }
        expect(machinesOf(applyPlan(after, world, plan))).toBe(machinesOf(world));
      }),
      RUNS,
    );
  });

  it('keeps the spare room, or says that it is missing', () => {
    fc.assert(
      fc.property(calm, ({ specs: { after }, wished: { maxChanges: _most, ...wished } }) => {
        const start = converge(after);
        const plan = planWith(after, start, wished);
        const world = applyPlan(after, start, plan);
        for (const { name, policy } of Object.values(after.partitions)) {
          if (plan.holds.some(({ target }) => target === name)) continue;
          const empty = world.inventory.vms.filter(
            (vm) => vm.partition === name && !world.inventory.processes.some((process) => process.vm === vm.name),
          );
          expect(empty.length, name).toBeGreaterThanOrEqual(policy.spare.vms);
        }
      }),
      RUNS,
    );
  });
});

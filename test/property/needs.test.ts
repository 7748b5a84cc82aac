/** Laws of needs: whatever happened, nothing starts before what it needs and nothing goes before those that need it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Plan } from '../../src/model/plan.ts';
import type { Spec } from '../../src/model/spec.ts';
import { indexWorld } from '../../src/plan/index-world.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { prerequisites } from '../../src/plan/prerequisites.ts';
import type { World } from '../../src/plan/reference/world.ts';
import { anEmptyWorld, applyPlan, converge, planFor, planInput } from '../support/builders.ts';
import { disturbances, disturbedWorld, editedSpecs, MISHAPS } from '../support/plan-worlds.ts';

const RUNS = { numRuns: Number(process.env.STRATOS_PROPERTY_RUNS ?? 300) };
/** For each pair of aliases, whether the later one needs the earlier: `turn` says which is which. */
const ties = fc.record({ pairs: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), turn: fc.boolean() });
type Ties = typeof ties extends fc.Arbitrary<infer T> ? T : never;

const scenes = fc.record({
  ...{ specs: editedSpecs, before: ties, after: ties, happened: disturbances(MISHAPS) },
  fresh: fc.boolean(),
});

/** The spec with needs between its subscriptions, in no circle, and ports so that they are served. */
function tied(spec: Spec, { pairs, turn }: Ties): Spec {
  const names = Object.keys(spec.subscriptions).toSorted();
  if (turn) names.reverse();
  const subscriptions = Object.values(spec.subscriptions).map((subscription) => {
    const at = names.indexOf(subscription.alias);
    const needs = names
      .slice(0, at)
      .flatMap((name, other) =>
        pairs[(at * 5 + other * 3) % pairs.length] ? [{ subscription: name, as: 'X', whenLost: 'keep' as const }] : [],
      );
    return [subscription.alias, { ...subscription, ...(needs.length > 0 ? { needs } : {}) }] as const;
  });
  return { ...spec, subscriptions: Object.fromEntries(subscriptions) };
}

const actionsOf = (plan: Plan): readonly Action[] => plan.stages.flatMap((stage) => stage.actions);

/** The process that starts by this action; a machine that is one boots as soon as it is made. */
function startedBy(action: Action): string | undefined {
  if (action.kind === 'vm.create') return action.guest?.name;
  const starts = action.kind === 'process.create' || action.kind === 'process.start' || action.kind === 'process.adopt';
  return starts ? action.process : undefined;
}

interface Scene {
  readonly specs: { readonly before: Spec; readonly after: Spec };
  readonly before: Ties;
  readonly after: Ties;
  readonly happened: Parameters<typeof disturbedWorld>[1];
  readonly fresh: boolean;
}
const worldOf = ({ specs, before, happened, fresh }: Scene): World =>
  fresh ? anEmptyWorld(specs.after) : disturbedWorld(tied(specs.before, before), happened);

describe('makePlan', { timeout: 120_000 }, () => {
  it('starts nothing before as much as is missing of what it needs is ready, also where steps fail', () => {
    let starts = 0;
    fc.assert(
      fc.property(scenes, fc.nat(5), (scene, failing) => {
        const spec = tied(scene.specs.after, scene.after);
        const world = worldOf(scene);
        const input = planInput(spec, world);
        const needs = prerequisites(input, indexWorld(input));
        const got = new Map<string, Set<string>>();
        let step = 0;
        const fails = (): boolean => failing > 0 && ++step % (failing + 3) === 0;
        const failed = new Set<string>();
        applyPlan(spec, world, makePlan(input), {
          fails: (action) => {
            const is = fails();
            if (is) failed.add(action.id);
            return is;
          },
          onStep: (_world, action) => {
            const process = startedBy(action);
            if (failed.has(action.id) || process === undefined) return;
            const alias = process.replace(/-\d+$/, '');
            if (action.kind !== 'process.adopt')
              for (const need of needs.unmet(alias)) {
                starts += 1;
                expect(got.get(need)?.size ?? 0, `${need} for ${process}`).toBeGreaterThanOrEqual(needs.missing(need));
              }
            // A machine that boots is not ready yet.
            if (action.kind === 'vm.create') return;
            got.set(alias, (got.get(alias) ?? new Set()).add(process));
          },
        });
      }),
      RUNS,
    );
    expect(starts).toBeGreaterThan(0);
  });

  it('removes what goes for good after all that needed it', () => {
    let removals = 0;
    fc.assert(
      fc.property(editedSpecs, ties, ({ before }, needs) => {
        const spec = tied(before, needs);
        const world = converge(spec);
        const plan = planFor({ ...spec, subscriptions: {} }, world);
        applyPlan({ ...spec, subscriptions: {} }, world, plan, {
          onStep: (now, action) => {
            if (action.kind !== 'process.remove') return;
            const alias = action.process.replace(/-\d+$/, '');
            removals += 1;
            const left = now.inventory.processes.filter((process) => process.needs?.includes(alias));
            expect(
              left.map(({ name }) => name),
              action.process,
            ).toEqual([]);
          },
        });
      }),
      RUNS,
    );
    expect(removals).toBeGreaterThan(0);
  });

  it('comes to an end, whatever is needed', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        converge(tied(scene.specs.after, scene.after), worldOf(scene), 24);
      }),
      RUNS,
    );
  });

  it('lays stages out so that each comes after what it waits for, and depends on what is there', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const plan = planFor(tied(scene.specs.after, scene.after), worldOf(scene));
        const known = new Set<string>();
        for (const stage of plan.stages) {
          for (const id of stage.after ?? []) expect(known).toContain(id);
          for (const action of stage.actions) {
            expect(known).not.toContain(action.id);
            for (const id of action.dependsOn) expect(known, action.id).toContain(id);
            known.add(action.id);
          }
          known.add(stage.id);
        }
        expect(actionsOf(plan).length).toBeGreaterThanOrEqual(plan.stages.length);
      }),
      RUNS,
    );
  });

  it('does not depend on the order of subscriptions, needs or records', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const spec = tied(scene.specs.after, scene.after);
        const input = planInput(spec, worldOf(scene));
        const turned = Object.values(spec.subscriptions)
          .toReversed()
          .map((each) => [each.alias, each.needs ? { ...each, needs: each.needs.toReversed() } : each] as const);
        const { processes, vms } = input.inventory;
        expect(
          makePlan({
            ...input,
            spec: { ...spec, subscriptions: Object.fromEntries(turned) },
            inventory: { ...input.inventory, processes: processes.toReversed(), vms: vms.toReversed() },
          }),
        ).toStrictEqual(makePlan(input));
      }),
      RUNS,
    );
  });
});

/** Laws of placement over several IaaS and zones, over generated specs, worlds that something happened to, and IaaS that refuse. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClosedPlacement } from '../../src/model/decision.ts';
import type { Plan, VmCreate } from '../../src/model/plan.ts';
import type { PlacementSpec, Spec } from '../../src/model/spec.ts';
import type { World } from '../../src/plan/reference/world.ts';
import { anEmptyWorld, applyPlan, converge, planFor, planInput } from '../support/builders.ts';
import { disturbances, disturbedWorld, editedSpecs } from '../support/plan-worlds.ts';

const RUNS = { numRuns: Number(process.env.STRATOS_PROPERTY_RUNS ?? 200) };
const scenes = fc.record({ specs: editedSpecs, happened: disturbances() });
const PLACES = [
  { iaas: 'lab' },
  { iaas: 'edge' },
  { iaas: 'pool' },
  { iaas: 'lab', zone: 'north' },
  { iaas: 'edge', zone: 'two' },
  { iaas: 'lab', partition: 'web' },
] as const;
const closures = fc
  .subarray([...PLACES])
  .map((places) => places.map((place): ClosedPlacement => ({ ...place, reason: `${place.iaas} has no capacity` })));

const creates = (plan: Plan): readonly VmCreate[] =>
  plan.stages.flatMap(({ actions }) => actions.filter((action): action is VmCreate => action.kind === 'vm.create'));
const partitionOf = (vm: string): string => vm.slice(0, vm.lastIndexOf('-'));
const entriesOf = (spec: Spec): readonly { readonly partition: string; readonly entry: PlacementSpec }[] =>
  Object.values(spec.partitions).flatMap(({ name, placement }) =>
    placement.map((entry) => ({ partition: name, entry })),
  );
const isClosed = (closed: readonly ClosedPlacement[], partition: string, iaas: string, zone?: string): boolean =>
  closed.some(
    (place) =>
      place.iaas === iaas &&
      (place.partition === undefined || place.partition === partition) &&
      (place.zone === undefined || place.zone === zone),
  );

/** VMs of a partition on an IaaS that are recorded or whose machine is there. */
const countOn = ({ inventory }: World, partition: string, iaas: string): number =>
  inventory.vms.filter((vm) => vm.partition === partition && vm.iaas === iaas).length;

const planWith = (spec: Spec, world: World, closed: readonly ClosedPlacement[]): Plan =>
  planFor(spec, world, { decisions: { ...planInput(spec, world).decisions, closed } });

describe('placement', { timeout: 120_000 }, () => {
  it('keeps to the bounds of every entry, at every step, whatever is closed', () => {
    fc.assert(
      fc.property(scenes, closures, ({ specs: { before, after }, happened }, closed) => {
        const world = disturbedWorld(before, happened);
        const plan = planWith(after, world, closed);
        const settled = applyPlan(after, world, plan, {
          onStep: (now) => {
            for (const { partition, entry } of entriesOf(after))
              expect(countOn(now, partition, entry.iaas)).toBeLessThanOrEqual(
                Math.max(entry.max, countOn(world, partition, entry.iaas)),
              );
          },
        });
        if (plan.holds.length > 0) return;
        for (const { partition, entry } of entriesOf(after))
          expect(countOn(settled, partition, entry.iaas)).toBeGreaterThanOrEqual(entry.min ?? 0);
      }),
      RUNS,
    );
  });

  it('never takes an entry that has its minimum below it', () => {
    fc.assert(
      fc.property(scenes, ({ specs: { before, after }, happened }) => {
        const world = disturbedWorld(before, happened);
        const released = planFor(after, world).stages.flatMap(({ actions }) =>
          actions.flatMap((action) => (action.kind === 'vm.delete' ? [action.vm] : [])),
        );
        // What is drained on somebody's word, or was on its way out, goes in any case.
        const asked = new Set(
          world.inventory.vms.flatMap((vm) => (vm.draining || vm.cordoned || vm.state !== 'ready' ? [vm.name] : [])),
        );
        for (const { partition, entry } of entriesOf(after)) {
          const here = world.inventory.vms.filter((vm) => vm.partition === partition && vm.iaas === entry.iaas);
          const gone = here.filter((vm) => released.includes(vm.name) && !asked.has(vm.name)).length;
          if (gone > 0) expect(here.length - gone).toBeGreaterThanOrEqual(Math.min(entry.min ?? 0, here.length));
        }
      }),
      RUNS,
    );
  });

  it('asks nothing of what is closed, and says so where something is missing for it', () => {
    fc.assert(
      fc.property(editedSpecs, closures, ({ before }, closed) => {
        const plan = planWith(before, anEmptyWorld(before), closed);
        for (const { vm, iaas, zone } of creates(plan))
          expect(isClosed(closed, partitionOf(vm), iaas, zone)).toBe(false);
        const made = Map.groupBy(creates(plan), ({ vm }) => partitionOf(vm));
        for (const { name, placement, policy } of Object.values(before.partitions)) {
          const count = made.get(name)?.length ?? 0;
          const room = placement.some(
            ({ iaas, max, zones }) =>
              (made.get(name) ?? []).filter((action) => action.iaas === iaas).length < max &&
              iaas !== 'pool' &&
              (zones ?? [undefined]).some((zone) => !isClosed(closed, name, iaas, zone)),
          );
          // What one does not have, another gives: less than the minimum is made only where nothing is left to ask.
          if (room) expect(count).toBeGreaterThanOrEqual(policy.vms.min);
          else if (count < policy.vms.min)
            expect(plan.holds.some(({ target, unmet }) => target === name && unmet)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('gives each new VM the open zone that has fewest', () => {
    fc.assert(
      fc.property(scenes, closures, ({ specs: { before, after }, happened }, closed) => {
        const world = disturbedWorld(before, happened);
        const recorded = new Map(world.inventory.vms.map((vm) => [vm.name, vm]));
        const counts = new Map<string, number>();
        const key = (partition: string, iaas: string, zone: string) => `${partition} ${iaas} ${zone}`;
        const add = (at: string) => counts.set(at, (counts.get(at) ?? 0) + 1);
        for (const [iaas, listing] of Object.entries(world.observation.iaas)) {
          if (listing.status !== 'listed') continue;
          for (const { id, vm, partition, zone } of listing.machines) {
            const record = world.inventory.vms.find((other) => other.iaas === iaas && other.machine === id);
            const of = record?.partition ?? partition ?? partitionOf(vm ?? '');
            if (zone !== undefined) add(key(of, iaas, zone));
          }
        }
        // A record whose IaaS is silent counts where it was made.
        for (const { partition, iaas, zone } of world.inventory.vms)
          if (zone !== undefined && world.observation.iaas[iaas]?.status !== 'listed') add(key(partition, iaas, zone));
        for (const { vm, iaas, zone } of creates(planWith(after, world, closed))) {
          const partition = partitionOf(vm);
          const zones = after.partitions[partition]?.placement.find((entry) => entry.iaas === iaas)?.zones;
          const before = recorded.get(vm);
          const isNew = before === undefined || !['creating'].includes(before.state);
          if (zones && isNew) {
            const open = zones.filter((each) => !isClosed(closed, partition, iaas, each));
            const fewest = Math.min(...open.map((each) => counts.get(key(partition, iaas, each)) ?? 0));
            expect(counts.get(key(partition, iaas, zone ?? '')) ?? 0).toBe(fewest);
          }
          if (zone !== undefined) add(key(partition, iaas, zone));
        }
      }),
      RUNS,
    );
  });

  it('has zones of new partitions differ by one at most', () => {
    fc.assert(
      fc.property(editedSpecs, ({ before }) => {
        const world = converge(before);
        for (const { partition, entry } of entriesOf(before)) {
          const counts = (entry.zones ?? []).map(
            (zone) =>
              world.inventory.vms.filter(
                (vm) => vm.partition === partition && vm.iaas === entry.iaas && vm.zone === zone,
              ).length,
          );
          if (counts.length > 0) expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
      RUNS,
    );
  });
});

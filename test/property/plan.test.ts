/** Laws of the planner, over generated specs and worlds that something happened to. Examples of each are in test/unit/plan. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Plan } from '../../src/model/plan.ts';
import type { Spec } from '../../src/model/spec.ts';
import type { World } from '../../src/plan/reference/world.ts';
import { applyPlan, converge, planFor, planInput } from '../support/builders.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { disturbances, disturbedWorld, editedSpecs, MISHAPS, type Mishap } from '../support/plan-worlds.ts';

const RUNS = { numRuns: Number(process.env.STRATOS_PROPERTY_RUNS ?? 200) };
/** Those after which something is only seen once the plan was applied. */
const SLOW: readonly Mishap[] = ['machine stopped', 'vm record lost'];

const scenes = (of: readonly Mishap[] = MISHAPS) => fc.record({ specs: editedSpecs, happened: disturbances(of) });

/** What moves by policy or to be apart, moves one at a time, a plan for each. */
const movesByPolicy = ({ partitions, subscriptions }: Spec): boolean =>
  Object.values(partitions).some(({ policy }) => policy.scaleDown.after === 0) ||
  Object.values(subscriptions).some(({ spread, apart }) => spread || apart.length > 0);

const actionsOf = (plan: Plan): readonly Action[] => plan.stages.flatMap((stage) => stage.actions);

interface Load {
  readonly cpu: number;
  readonly memory: number;
  readonly count: number;
}

/** What containers take of each VM, and with `recorded` also what is only recorded there. */
function loads(spec: Spec, world: World, recorded = false): ReadonlyMap<string, Load> {
  const on = new Map<string, Map<string, string>>();
  const put = (vm: string, process: string, alias: string) => {
    on.set(vm, (on.get(vm) ?? new Map<string, string>()).set(process, alias));
  };
  for (const [vm, seen] of Object.entries({ ...world.hidden, ...world.observation.vms })) {
    if (seen.status === 'reached') for (const process of seen.processes) put(vm, process.name, process.subscription);
  }
  if (recorded) for (const process of world.inventory.processes) put(process.vm, process.name, process.subscription);
  const loadOf = (aliases: Iterable<string>): Load => {
    let [cpu, memory, count] = [0, 0, 0];
    for (const alias of aliases) {
      const resources = spec.cartridges[spec.subscriptions[alias]?.cartridge ?? '']?.resources;
      cpu += Math.round((resources?.cpu ?? 0) * 1000);
      memory += resources?.memory ?? 0;
      count += 1;
    }
    return { cpu, memory, count };
  };
  return new Map([...on].map(([vm, processes]) => [vm, loadOf(processes.values())]));
}

/** Records of each alias, and those of them that serve. */
function census(world: World) {
  const ready = new Map<string, number>();
  const total = new Map<string, number>();
  const add = (to: Map<string, number>, key: string) => to.set(key, (to.get(key) ?? 0) + 1);
  for (const process of world.inventory.processes) {
    add(total, process.subscription);
    const seen = world.observation.vms[process.vm];
    const container = seen?.status === 'reached' && seen.processes.find(({ name }) => name === process.name);
    if (process.state === 'ready' && container && container.state === 'running') add(ready, process.subscription);
  }
  return { ready, total };
}

function inPlaceAliases(plan: Plan): ReadonlySet<string> {
  const removed = new Set(
    actionsOf(plan).flatMap((action) => (action.kind === 'process.remove' ? [action.process] : [])),
  );
  return new Set(
    actionsOf(plan).flatMap((action) =>
      action.kind === 'process.create' && removed.has(action.process) ? [action.subscription] : [],
    ),
  );
}

function desiredOf(spec: Spec, world: World, alias: string): number {
  return planInput(spec, world).decisions.processes[alias]?.desired ?? 0;
}

/** Ready processes that a plan must not go below, given how many there were. */
function floorOf(spec: Spec, world: World, plan: Plan, alias: string): number {
  const rollout = spec.subscriptions[alias]?.rollout;
  if (!rollout) return 0;
  const away = Math.max(
    Number(rollout.maxUnavailable),
    rollout.maxSurge === 0 || inPlaceAliases(plan).has(alias) ? 1 : 0,
  );
  return Math.max(0, desiredOf(spec, world, alias) - away);
}

describe('makePlan', { timeout: 120_000 }, () => {
  it('leaves nothing to do for a second plan', () => {
    fc.assert(
      fc.property(scenes(), ({ specs, happened }) => {
        const world = disturbedWorld(specs.before, happened);
        // What was held back may be done once something else is gone: that takes another run, and ends.
        const held = planFor(specs.after, world).holds.length > 0;
        const slow = held || happened.some(({ what }) => SLOW.includes(what));
        converge(specs.after, world, movesByPolicy(specs.after) ? 16 : slow ? 5 : 1);
      }),
      RUNS,
    );
  });

  it('does not depend on the order of its input', () => {
    fc.assert(
      fc.property(scenes(), fc.nat(), ({ specs, happened }, seed) => {
        const world = disturbedWorld(specs.before, happened);
        const input = planInput(specs.after, world);
        expect(makePlan(shuffled(input, seed))).toStrictEqual(makePlan(input));
      }),
      RUNS,
    );
  });

  it('is well formed: unique ids, dependencies that come before, reasons', () => {
    fc.assert(
      fc.property(scenes(), ({ specs, happened }) => {
        const plan = planFor(specs.after, disturbedWorld(specs.before, happened));
        const known = new Set<string>();
        for (const stage of plan.stages) {
          expect(stage.actions.length).toBeGreaterThan(0);
          for (const action of stage.actions) {
            expect(known.has(action.id), `${action.id} is given twice`).toBe(false);
            expect(action.reason).not.toBe('');
            for (const id of action.dependsOn) expect(known.has(id), `${action.id} depends on ${id}`).toBe(true);
            known.add(action.id);
          }
          for (const ids of Object.values(stage.withdrawAfter ?? {}))
            for (const id of ids) expect(known.has(id)).toBe(true);
          known.add(stage.id);
        }
        for (const { reason } of plan.holds) expect(reason).not.toBe('');
        expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan);
      }),
      RUNS,
    );
  });

  it('never puts more on a VM than it carries, at any point', () => {
    fc.assert(
      fc.property(scenes(), ({ specs: { before, after }, happened }) => {
        const world = disturbedWorld(before, happened);
        const start = loads(after, world, true);
        applyPlan(after, world, planFor(after, world), {
          onStep: (now, action) => {
            expectWithinCapacity(after, start, now, action.vm);
          },
        });
      }),
      RUNS,
    );
  });

  it('keeps to capacity, rotation and rollout whatever fails', () => {
    fc.assert(
      fc.property(
        scenes(),
        fc.array(fc.nat(40), { maxLength: 4 }),
        ({ specs: { before, after }, happened }, failing) => {
          const world = disturbedWorld(before, happened);
          const plan = planFor(after, world);
          const [start, counts] = [loads(after, world, true), census(world)];
          let n = 0;
          // The model itself refuses to remove what is still in rotation, and to give a number twice.
          applyPlan(after, world, plan, {
            fails: () => failing.includes(n++),
            onStep: (now, action) => {
              expectWithinCapacity(after, start, now, action.vm);
              expectWithinRollout(after, world, plan, counts, now);
            },
          });
        },
      ),
      RUNS,
    );
  });

  it('keeps the number of processes within what the rollout policy allows, at every step', () => {
    fc.assert(
      fc.property(scenes(), ({ specs: { before, after }, happened }) => {
        const world = disturbedWorld(before, happened);
        const plan = planFor(after, world);
        const start = census(world);
        applyPlan(after, world, plan, {
          onStep: (now) => {
            expectWithinRollout(after, world, plan, start, now);
          },
        });
      }),
      RUNS,
    );
  });

  it('never takes what serves down for what does not start', () => {
    fc.assert(
      fc.property(scenes(), fc.func(fc.boolean()), ({ specs: { before, after }, happened }, fails) => {
        const world = disturbedWorld(before, happened);
        const plan = planFor(after, world);
        const start = census(world);
        applyPlan(after, world, plan, {
          fails: (action) => action.kind === 'process.create' && fails(action.id),
          onStep: (now) => {
            expectWithinRollout(after, world, plan, start, now);
          },
        });
      }),
      RUNS,
    );
  });

  it('stays within min and max, of processes and of VMs', () => {
    fc.assert(
      fc.property(scenes(), ({ specs: { before, after }, happened }) => {
        const world = disturbedWorld(before, happened);
        const plan = planFor(after, world);
        const vmsAtStart = Map.groupBy(world.inventory.vms, (vm) => vm.partition);
        const settled = applyPlan(after, world, plan, {
          onStep: (now) => {
            for (const { name, policy } of Object.values(after.partitions)) {
              const vms = now.inventory.vms.filter((vm) => vm.partition === name).length;
              expect(vms).toBeLessThanOrEqual(Math.max(policy.vms.max, vmsAtStart.get(name)?.length ?? 0));
            }
          },
        });
        const { total } = census(settled);
        for (const { alias, scaling } of Object.values(after.subscriptions)) {
          const count = total.get(alias) ?? 0;
          const held = plan.holds.length > 0;
          if (!held) expect(count).toBeGreaterThanOrEqual(scaling.processes.min);
          if (!held) expect(count).toBeLessThanOrEqual(scaling.processes.max);
        }
        for (const { name, policy } of Object.values(after.partitions)) {
          if (plan.holds.length > 0) continue;
          const vms = settled.inventory.vms.filter((vm) => vm.partition === name).length;
          expect(vms).toBeGreaterThanOrEqual(policy.vms.min);
          expect(vms).toBeLessThanOrEqual(policy.vms.max);
        }
      }),
      RUNS,
    );
  });

  it('never stops a process and starts it again, unless it is replaced in place and says so', () => {
    fc.assert(
      fc.property(scenes(), ({ specs, happened }) => {
        const removed = new Map<string, Action>();
        const started = new Set<string>();
        for (const action of actionsOf(planFor(specs.after, disturbedWorld(specs.before, happened)))) {
          if (action.kind === 'process.remove') {
            expect(started.has(`${action.vm}/${action.process}`), `${action.process} is started and removed`).toBe(
              false,
            );
            removed.set(action.process, action);
          }
          if (action.kind !== 'process.create' && action.kind !== 'process.start') continue;
          started.add(`${action.vm}/${action.process}`);
          const gone = removed.get(action.process);
          if (!gone) continue;
          expect(action.reason).toContain('in place');
          expect(gone.vm).toBe(action.vm);
          expect(action.dependsOn).toContain(gone.id);
        }
      }),
      RUNS,
    );
  });

  it('never touches what is not ours', () => {
    const mishaps: readonly Mishap[] = [
      'foreign container',
      'vm of others',
      'vm drained',
      'container lost',
      'vm cordoned',
    ];
    fc.assert(
      fc.property(scenes(mishaps), ({ specs: { before, after }, happened }) => {
        const world = disturbedWorld(before, happened);
        const plan = planFor(after, world);
        for (const action of actionsOf(plan)) {
          const seen = world.observation.vms[action.vm];
          expect(seen?.status === 'reached' && seen.lineage === 'theirs').toBe(false);
          if ('process' in action) expect(action.process).not.toContain('theirs');
          if (action.kind === 'vm.delete') expect(seen?.status === 'reached' ? seen.foreign : []).toEqual([]);
        }
        const settled = applyPlan(after, world, plan);
        for (const [name, seen] of Object.entries(world.observation.vms)) {
          if (seen.status !== 'reached' || seen.foreign.length === 0) continue;
          const now = settled.observation.vms[name];
          expect(now?.status === 'reached' ? now.foreign : undefined).toEqual(seen.foreign);
          expect(plan.notices.map(({ target }) => target)).toContain(name);
        }
      }),
      RUNS,
    );
  });

  it('never doubles what is on a VM that does not answer', () => {
    const mishaps: readonly Mishap[] = [
      'vm unreachable',
      'machine failed',
      'iaas silent',
      'container lost',
      'vm of others',
    ];
    fc.assert(
      fc.property(scenes(mishaps), ({ specs: { before, after }, happened }) => {
        const world = disturbedWorld(before, happened);
        const plan = planFor(after, world);
        const away = new Set(
          world.inventory.vms.flatMap(({ name }) => (world.observation.vms[name]?.status === 'reached' ? [] : [name])),
        );
        for (const action of actionsOf(plan)) expect(away.has(action.vm), `${action.id} on ${action.vm}`).toBe(false);
        const start = census(world).total;
        const { total } = census(applyPlan(after, world, plan));
        for (const [alias, count] of total) {
          expect(count).toBeLessThanOrEqual(Math.max(desiredOf(after, world, alias), start.get(alias) ?? 0));
        }
      }),
      RUNS,
    );
  });

  it('is taken up by the next run wherever it was cut: nothing doubled, nothing orphaned', () => {
    fc.assert(
      fc.property(
        scenes(MISHAPS.filter((what) => what !== 'iaas silent')),
        fc.nat(60),
        fc.constantFrom(undefined, 'begun' as const, 'unrecorded' as const),
        ({ specs: { before, after }, happened }, stopAfter, interruption) => {
          const world = disturbedWorld(before, happened);
          const plan = planFor(after, world);
          const cut = applyPlan(after, world, plan, { stopAfter, ...(interruption ? { interruption } : {}) });
          const settled = converge(after, cut, 16);
          const whole = converge(after, world, 16);
          if (planFor(after, settled).holds.length + planFor(after, whole).holds.length === 0)
            expect(census(settled).ready).toEqual(census(whole).ready);
          expectSound(settled);
        },
      ),
      RUNS,
    );
  });

  it('acts on nothing but what `only` names', () => {
    fc.assert(
      fc.property(
        scenes(),
        fc.constantFrom('shop', 'blog', 'wiki', 'app', 'site'),
        ({ specs: { before, after }, happened }, alias) => {
          const world = disturbedWorld(before, happened);
          const plan = planFor(after, world, { only: [alias] });
          const planned = new Set(actionsOf(plan).map(({ id }) => id));
          const stages = new Set(plan.stages.map(({ id }) => id));
          for (const action of actionsOf(plan)) {
            expect(action.kind).not.toBe('vm.delete');
            for (const id of action.dependsOn)
              expect(planned.has(id) || stages.has(id), `${action.id} after ${id}`).toBe(true);
            if ('process' in action) expect(action.process.startsWith(`${alias}-`), action.id).toBe(true);
          }
          applyPlan(after, world, plan);
        },
      ),
      RUNS,
    );
  });
});

function expectWithinCapacity(spec: Spec, start: ReturnType<typeof loads>, now: World, name: string): void {
  const load = loads(spec, now).get(name);
  const vm = now.inventory.vms.find((candidate) => candidate.name === name);
  if (!load || !vm) return;
  const was = start.get(name) ?? { cpu: 0, memory: 0, count: 0 };
  const places = spec.partitions[vm.partition]?.policy.processesPerVm ?? 0;
  expect(load.memory).toBeLessThanOrEqual(Math.max(vm.size.memory, was.memory));
  expect(load.cpu).toBeLessThanOrEqual(Math.max(vm.size.cpu * 1000, was.cpu));
  expect(load.count).toBeLessThanOrEqual(Math.max(places, was.count));
}

function expectWithinRollout(spec: Spec, world: World, plan: Plan, start: ReturnType<typeof census>, now: World): void {
  const { ready, total } = census(now);
  for (const { alias, rollout } of Object.values(spec.subscriptions)) {
    const most = desiredOf(spec, world, alias) + Number(rollout.maxSurge);
    expect(total.get(alias) ?? 0, `total of ${alias}`).toBeLessThanOrEqual(Math.max(most, start.total.get(alias) ?? 0));
    const least = Math.min(floorOf(spec, world, plan, alias), start.ready.get(alias) ?? 0);
    expect(ready.get(alias) ?? 0, `ready of ${alias}`).toBeGreaterThanOrEqual(least);
  }
}

/** No container without a record, no record without a container, no number given twice. */
function expectSound(world: World): void {
  for (const { name: vm } of world.inventory.vms) {
    const seen = world.observation.vms[vm];
    if (seen?.status !== 'reached' || seen.lineage === 'theirs') continue;
    const records = world.inventory.processes.filter((process) => process.vm === vm);
    expect(records.map(({ name }) => name).sort()).toEqual(seen.processes.map(({ name }) => name).sort());
    expect(new Set(seen.processes.map(({ index }) => index)).size).toBe(seen.processes.length);
  }
  const names = world.inventory.processes.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
}

/** The same value with lists and keys in another order. Placement, ports and the like keep theirs: their order means something. */
function shuffled<T>(value: T, seed: number, key = ''): T {
  if (typeof value !== 'object' || value === null || value instanceof Set) return value;
  const mix = <V>(items: V[]): V[] =>
    items
      .map((item, at) => ({ item, rank: Math.sin(seed + at * 7919) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => shuffled(item, seed));
    return (['vms', 'processes', 'machines', 'images', 'foreign'].includes(key) ? mix(items) : items) as T;
  }
  return Object.fromEntries(
    mix(Object.entries(value)).map(([name, item]) => [name, shuffled(item as unknown, seed, name)]),
  ) as T;
}

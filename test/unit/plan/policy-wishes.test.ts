import { describe, expect, it } from 'vitest';
import type { Decisions, ProcessDecision, VmDecision } from '../../../src/model/decision.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { bytes, cores, instant, millis } from '../../../src/model/quantity.ts';
import { NO_MEASUREMENT, type ProcessSample } from '../../../src/model/signal.ts';
import type { PlacementSpec, Spec } from '../../../src/model/spec.ts';
import type { World } from '../../../src/plan/reference/world.ts';
import {
  anEmptyWorld,
  applyPlan,
  aSpec,
  converge,
  LAB,
  planFor,
  planInput,
  type PartitionOptions,
  type SpecOptions,
  type SubscriptionOptions,
} from '../../support/builders.ts';
import { disturb } from '../../support/plan-worlds.ts';

const MIB = 2 ** 20;

interface Wish {
  readonly shop?: Partial<ProcessDecision>;
  readonly web?: Partial<VmDecision>;
  readonly maxChanges?: number;
}

/** One partition, one cartridge, `shop`. What is empty stays until policy says otherwise. */
const spec = (partition: PartitionOptions = {}, shop: SubscriptionOptions = {}, more: SpecOptions = {}): Spec =>
  aSpec({ partitions: { web: partition }, subscriptions: { shop: { port: 8080, ...shop } }, ...more });

/** What policy decides by itself, and what it is made to decide. */
function decisions(of: Spec, world: World, { shop = {}, web = {}, maxChanges }: Wish): Decisions {
  const { decisions: own } = planInput(of, world);
  const { shop: process } = own.processes;
  const { web: vms } = own.vms;
  if (!process || !vms) throw new Error('shop and web are there');
  return {
    ...own,
    processes: { ...own.processes, shop: { ...process, sleep: {}, wake: {}, ...shop } },
    vms: { ...own.vms, web: { ...vms, ...web } },
    ...(maxChanges === undefined ? {} : { maxChanges }),
  };
}

const wish = (of: Spec, world: World, what: Wish, samples?: Readonly<Record<string, ProcessSample>>): Plan =>
  planFor(of, world, {
    decisions: decisions(of, world, what),
    ...(samples ? { measurement: { at: instant(0), ...NO_MEASUREMENT, processes: samples } } : {}),
  });

const ids = (plan: Plan, ...kinds: string[]): string[] =>
  plan.stages
    .flatMap(({ actions }) => actions)
    .flatMap(({ id, kind, vm }) => (kinds.includes(kind) ? [`${id}@${vm}`] : []));
const holds = (plan: Plan): string[] => plan.holds.map(({ target, reason }) => `${target}: ${reason}`);
const vmsOf = (world: World): string[] => world.inventory.vms.map(({ name }) => name).sort();

/** Puts processes to sleep on paper. */
const asleep = (of: Spec, world: World, ...names: string[]): World =>
  names.reduce((now, name) => {
    const sleep = { [name]: { depth: 'stopped' as const, reason: 'idle' } };
    return applyPlan(of, now, wish(of, now, { shop: { sleep } }));
  }, world);

describe('makePlan puts to sleep and wakes', () => {
  const whole = spec({}, { min: 3 });
  const settled = converge(whole);
  const sleep = { 'shop-2': { depth: 'frozen' as const, reason: 'idle for 5m' } };

  it('who policy names, after everything else, and leaves the gateways as they are', () => {
    const plan = wish(whole, settled, { shop: { sleep } });
    expect(plan.stages.map(({ kind }) => kind)).toEqual(['processes']);
    expect(plan.stages[0]?.actions).toMatchObject([
      { kind: 'process.sleep', process: 'shop-2', depth: 'frozen', reason: 'idle for 5m' },
    ]);
    const sleeping = applyPlan(whole, settled, plan);
    expect(wish(whole, sleeping, { shop: { sleep } }).stages).toEqual([]);
    expect(wish(whole, sleeping, {}).stages).toEqual([]);
  });

  it('one that is frozen deeper, never one that is stopped less deep', () => {
    const deep = { 'shop-2': { depth: 'stopped' as const, reason: 'idle for 30m' } };
    const frozen = applyPlan(whole, settled, wish(whole, settled, { shop: { sleep } }));
    const deeper = wish(whole, frozen, { shop: { sleep: deep } });
    expect(ids(deeper, 'process.sleep')).toEqual(['process.sleep:shop-2@web-1']);
    expect(wish(whole, applyPlan(whole, frozen, deeper), { shop: { sleep } }).stages).toEqual([]);
  });

  it('a sleeper that is needed', () => {
    const sleeping = asleep(whole, settled, 'shop-2');
    const plan = wish(whole, sleeping, { shop: { wake: { 'shop-2': '3 are needed', 'shop-1': '3 are needed' } } });
    expect(ids(plan, 'process.wake')).toEqual(['process.wake:shop-2@web-1']);
    expect(planFor(whole, applyPlan(whole, sleeping, plan)).stages).toEqual([]);
  });

  it('no more at a time than guards.disruption allows', () => {
    const all = Object.fromEntries(
      ['shop-1', 'shop-2', 'shop-3'].map((name) => [name, { depth: 'frozen' as const, reason: 'idle' }]),
    );
    const plan = wish(whole, settled, { shop: { sleep: all } });
    expect(ids(plan, 'process.sleep')).toEqual(['process.sleep:shop-1@web-1']);
    expect(holds(plan)).toEqual([
      'shop: 2 more go to sleep later: policy takes down 1 at a time, by guards.disruption',
    ]);
  });

  it('nobody who is replaced', () => {
    const next = spec({}, { min: 3 }, { cartridges: { php: { image: 'php:2' } } });
    expect(ids(wish(next, settled, { shop: { sleep } }), 'process.sleep')).toEqual([]);
  });

  it('and replaces a sleeper like any other', () => {
    const next = spec({}, { min: 3 }, { cartridges: { php: { image: 'php:2' } } });
    const plan = planFor(next, asleep(whole, settled, 'shop-2'));
    expect(ids(plan, 'process.remove').sort()).toEqual([1, 2, 3].map((n) => `process.remove:shop-${n}@web-1`));
  });
});

describe('makePlan chooses who goes', () => {
  const whole = spec({ processesPerVm: 4 }, { min: 4 });
  const settled = converge(whole);
  const gone = (
    world: World,
    samples?: Readonly<Record<string, ProcessSample>>,
    web: Partial<VmDecision> = {},
    desired = 3,
  ) => ids(wish(whole, world, { shop: { desired }, web }, samples), 'process.remove');

  it('the one with fewest requests in flight', () => {
    const flight = (of: readonly number[]) =>
      Object.fromEntries(of.map((requestsInFlight, at) => [`shop-${at + 1}`, { requestsInFlight }]));
    expect(gone(settled, flight([3, 1, 2, 2]))).toEqual(['process.remove:shop-2@web-1']);
    expect(gone(settled, flight([2, 2, 2, 2]))).toEqual(['process.remove:shop-4@web-1']);
  });

  it('a sleeper first', () => {
    expect(gone(asleep(whole, settled, 'shop-1'))).toEqual(['process.remove:shop-1@web-1']);
  });

  it('of a VM that policy does not need before the one with fewest processes', () => {
    const two = spec({ processesPerVm: 3 }, { min: 4 });
    const plan = wish(two, converge(two), {
      shop: { desired: 3 },
      web: { removable: { 'web-1': 'unneeded for 10m' } },
    });
    expect(ids(plan, 'process.remove')[0]).toContain('@web-1');
  });

  it('a share at a time where policy judges by load, all at once where the bounds say so', () => {
    const judged = spec({}, { min: 1, max: 8, target: { cpu: 0.7 } });
    const full = spec({}, { min: 6, max: 8 });
    const plan = wish(judged, converge(full), { shop: { desired: 2 } });
    expect(ids(plan, 'process.remove')).toHaveLength(1);
    expect(holds(plan)).toEqual([
      'shop: 3 of 4 too many stay for now: policy takes down 1 at a time, by guards.disruption',
    ]);
    const bound = spec({}, { min: 1, max: 2, target: { cpu: 0.7 } });
    expect(ids(planFor(bound, converge(full)), 'process.remove')).toHaveLength(4);
  });
});

describe('makePlan and VMs that are not needed', () => {
  const whole = spec({ processesPerVm: 4 }, { min: 5 });
  const settled = converge(whole);
  const less = spec({ processesPerVm: 4 }, { min: 4 });

  it('keeps an empty one until policy says that it may go', () => {
    const world = applyPlan(less, settled, planFor(less, settled));
    expect(vmsOf(world)).toEqual(['web-1', 'web-2']);
    expect(planFor(less, world).stages).toEqual([]);
    const plan = wish(less, world, { web: { removable: { 'web-2': 'unneeded for 10m' } } });
    expect(ids(plan, 'vm.delete')).toEqual(['vm.delete:web-2@web-2']);
  });

  it('empties one at a time onto VMs that run something, a share of a subscription for each plan', () => {
    const three = spec({ processesPerVm: 4 }, { min: 3, spread: true });
    const loose = spec({ processesPerVm: 4 }, { min: 3 });
    const web = { removable: { 'web-1': 'unneeded', 'web-2': 'unneeded', 'web-3': 'unneeded' } };
    let world = converge(three);
    const plan = wish(loose, world, { web });
    expect(ids(plan, 'process.create', 'process.remove', 'vm.delete')).toEqual([
      'process.create:shop-4@web-1',
      'process.remove:shop-3@web-3',
      'vm.delete:web-3@web-3',
    ]);
    for (let round = 0; round < 2; round += 1) world = applyPlan(loose, world, wish(loose, world, { web }));
    expect(vmsOf(world)).toEqual(['web-1']);
    expect(wish(loose, world, { web }).stages).toEqual([]);
  });

  it('does not empty one when not everything on it has a place, or the image would have to be moved onto an empty VM', () => {
    const tight = spec({ processesPerVm: 4 }, { min: 8 });
    const world = converge(tight);
    expect(wish(tight, world, { web: { removable: { 'web-2': 'unneeded for 10m' } } }).stages).toEqual([]);
    const lone = spec({ min: 2 }, { min: 1 });
    expect(wish(lone, converge(lone), { web: { removable: { 'web-1': 'unneeded for 10m' } } }).stages).toEqual([]);
  });

  it('empties none onto one whose first process is only planned: it may not come', () => {
    const web = {
      strategy: 'spread',
      spare: { vms: 1 },
      scaleDown: { after: millis(0), afterGrowth: millis(0) },
    } as const;
    const shop = { min: 1 };
    const both = aSpec({ partitions: { web }, subscriptions: { shop, app: { min: 1 } } });
    const world = converge(aSpec({ partitions: { web }, subscriptions: { shop } }));
    const plan = planFor(both, world);
    expect(ids(plan, 'vm.create', 'process.create', 'process.remove', 'vm.delete')).toEqual([
      'vm.create:web-3@web-3',
      'process.create:app-1@web-2',
    ]);
    const settled = converge(both, applyPlan(both, world, plan));
    expect(settled.inventory.processes.map(({ vm }) => vm)).toEqual(['web-1', 'web-1']);
    expect(vmsOf(settled)).toHaveLength(2);
  });

  it('uses one again when load returns, before it makes another', () => {
    const more = spec({ processesPerVm: 4 }, { min: 7 });
    const plan = wish(more, settled, { web: { removable: { 'web-2': 'unneeded for 10m' } } });
    expect(ids(plan, 'vm.create', 'vm.delete')).toEqual([]);
    expect(ids(plan, 'process.create')).toEqual(['process.create:shop-6@web-2', 'process.create:shop-7@web-2']);
  });

  it('makes and removes none while they are held, and still repairs', () => {
    const more = spec({ processesPerVm: 4 }, { min: 9 });
    const plan = wish(more, settled, { web: { hold: '3 machines in a row did not come up' } });
    expect(ids(plan, 'vm.create')).toEqual([]);
    expect(ids(plan, 'process.create')).toHaveLength(3);
    expect(holds(plan).join()).toContain('3 machines in a row did not come up');
    const kept = wish(spec({ processesPerVm: 4 }, { min: 0 }), settled, {
      web: { hold: 'the breaker is open', removable: { 'web-1': 'unneeded', 'web-2': 'unneeded' } },
    });
    expect(ids(kept, 'vm.delete')).toEqual([]);
    expect(holds(kept)).toContain('web-2: it is empty and not needed, and stays: the breaker is open');
  });

  it('starts from no VM at all', () => {
    const none = spec({ min: 0 }, { min: 0, max: 3 });
    expect(planFor(none, anEmptyWorld(none)).stages).toEqual([]);
    const plan = wish(none, anEmptyWorld(none), { shop: { desired: 1 } });
    expect(ids(plan, 'vm.create', 'process.create')).toEqual(['vm.create:web-1@web-1', 'process.create:shop-1@web-1']);
  });
});

describe('makePlan keeps room', () => {
  it('for so many of the largest cartridge', () => {
    const roomy = spec({ processesPerVm: 2, spare: { processes: 1 } }, { min: 2 });
    const plan = planFor(roomy, anEmptyWorld(roomy));
    expect(ids(plan, 'vm.create')).toHaveLength(2);
    expect(plan.stages[0]?.actions[1]?.reason).toBe('web keeps room for 1 more of php ready');
    expect(planFor(roomy, applyPlan(roomy, anEmptyWorld(roomy), plan)).stages).toEqual([]);
  });

  it('and empty VMs, which policy cannot take away', () => {
    const roomy = spec({ spare: { vms: 1 } }, { min: 2 });
    const world = converge(roomy);
    expect(vmsOf(world)).toEqual(['web-1', 'web-2']);
    expect(wish(roomy, world, { web: { removable: { 'web-1': 'unneeded', 'web-2': 'unneeded' } } }).stages).toEqual([]);
  });

  it('as far as the maximum allows, and says what is missing', () => {
    const roomy = spec({ max: 1, spare: { vms: 1 } }, { min: 2 });
    expect(holds(planFor(roomy, anEmptyWorld(roomy)))).toEqual([
      'web: 1 VM without a process is to be kept ready and missing: web has 1 of at most 1 VM',
    ]);
  });
});

describe('makePlan buys', () => {
  const size = (memory: number, price: number) => ({ cpu: cores(8), memory: bytes(memory * MIB), price });
  const edge = { ...LAB, name: 'edge' };
  const sizes = (placement: readonly PlacementSpec[], min: number, partition: PartitionOptions = {}) =>
    spec({ placement, memory: 512, min: 0, max: 9, ...partition }, { min }, { iaas: [LAB, edge] });
  const bought = (of: Spec): string[] =>
    planFor(of, anEmptyWorld(of)).stages.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.kind === 'vm.create' ? [`${action.iaas} ${action.size.memory / MIB}`] : [])),
    );

  it.each([
    ['small ones for little', 2, [size(512, 3), size(2048, 10)], ['lab 512']],
    ['a large one where it costs less for all that waits', 8, [size(512, 3), size(2048, 10)], ['lab 2048']],
    ['a small one for what is left over', 9, [size(512, 3), size(2048, 10)], ['lab 2048', 'lab 512']],
    [
      'small ones where they are cheaper by the process',
      8,
      [size(512, 3), size(2048, 13)],
      ['lab 512', 'lab 512', 'lab 512', 'lab 512'],
    ],
  ])('%s', (_, min, choice, vms) => {
    expect(bought(sizes([{ iaas: 'lab', max: 9, sizes: choice }], min))).toEqual(vms);
  });

  it('large ones when small ones cannot hold it all within the maximum', () => {
    const choice = [size(512, 3), size(2048, 100)];
    expect(bought(sizes([{ iaas: 'lab', max: 9, sizes: choice }], 8, { max: 1 }))).toEqual(['lab 2048']);
  });

  it('by weight where there are weights, and in order where there are none', () => {
    const weighted = [
      { iaas: 'lab', max: 9, weight: 1 },
      { iaas: 'edge', max: 9, weight: 2 },
    ];
    expect(bought(sizes(weighted, 6, { processesPerVm: 1 })).map((vm) => vm.split(' ')[0])).toEqual([
      'edge',
      'lab',
      'edge',
      'edge',
      'lab',
      'edge',
    ]);
    const ordered = weighted.map(({ iaas }) => ({ iaas, max: 2 }));
    expect(bought(sizes(ordered, 3, { processesPerVm: 1 })).map((vm) => vm.split(' ')[0])).toEqual([
      'lab',
      'lab',
      'edge',
    ]);
  });

  it('nothing dearer than what the budget has left', () => {
    const of = sizes([{ iaas: 'lab', max: 9, sizes: [size(512, 3)] }], 6);
    const world = anEmptyWorld(of);
    const plan = wish(of, world, { web: { spend: 7 } });
    expect(ids(plan, 'vm.create')).toHaveLength(2);
    expect(holds(plan).join()).toContain('a VM on lab costs more than the 1 an hour that may be spent on further ones');
  });
});

describe('makePlan and company', () => {
  const two = (blog: SubscriptionOptions, partition: PartitionOptions = {}) =>
    aSpec({
      partitions: { web: { min: 2, ...partition } },
      subscriptions: { blog: { min: 1, ...blog }, shop: { min: 1 } },
    });
  const home = (world: World, alias: string) =>
    world.inventory.processes.find(({ subscription }) => subscription === alias)?.vm;

  it('puts a process near another where there is room', () => {
    const spread = two({}, { strategy: 'spread' });
    expect(home(converge(spread), 'shop')).not.toBe(home(converge(spread), 'blog'));
    const near = aSpec({
      partitions: { web: { min: 2, strategy: 'spread' } },
      subscriptions: { blog: { min: 1 }, shop: { min: 1, near: ['blog'] } },
    });
    expect(home(converge(near), 'shop')).toBe(home(converge(near), 'blog'));
  });

  it.each(['pack', 'spread'] as const)('keeps apart what must be apart, whoever says it: %s', (strategy) => {
    const world = converge(two({ apart: ['shop'] }, { strategy }));
    expect(home(world, 'shop')).not.toBe(home(world, 'blog'));
    const tight = two({ apart: ['shop'] }, { min: 1, max: 1, strategy });
    expect(holds(planFor(tight, anEmptyWorld(tight))).join()).toContain('on a VM without blog');
  });

  it('puts none where another that it must be apart from is leaving before that has gone, whatever fails', () => {
    const shop = { min: 1, surge: 0, unavailable: 1, apart: ['blog'] };
    const both = aSpec({ partitions: { web: { max: 2 } }, subscriptions: { blog: { min: 1 }, shop } });
    const alone = aSpec({ partitions: { web: { max: 2 } }, subscriptions: { shop } });
    const world = disturb(converge(both), { what: 'vm drained', n: 1 });
    const plan = planFor(alone, world);
    expect(ids(plan, 'process.create')).toEqual(['process.create:shop-2@web-1']);
    const settled = applyPlan(alone, world, plan, { fails: ({ id }) => id === 'process.remove:blog-1' });
    expect(settled.inventory.processes.map(({ name, vm }) => `${name}@${vm}`)).toEqual(['blog-1@web-1']);
  });

  it('moves one that must be apart only now, and one of a subscription that is spread only now', () => {
    const together = converge(two({}));
    expect(home(together, 'shop')).toBe(home(together, 'blog'));
    const apart = two({ apart: ['shop'] });
    const plan = planFor(apart, together);
    expect(ids(plan, 'process.create', 'process.remove')).toHaveLength(2);
    const settled = applyPlan(apart, together, plan);
    expect(home(settled, 'shop')).not.toBe(home(settled, 'blog'));
    expect(planFor(apart, settled).stages).toEqual([]);
    const crowded = converge(spec({ min: 3 }, { min: 3 }));
    const spread = spec({ min: 3 }, { min: 3, spread: true });
    expect(ids(planFor(spread, crowded), 'process.remove')).toHaveLength(1);
    const vms = converge(spread, crowded, 2).inventory.processes.map(({ vm }) => vm);
    expect(new Set(vms).size).toBe(3);
  });
});

describe('makePlan with a bound on changes', () => {
  it('does what is below the minimum first, and says what is left', () => {
    const both = aSpec({ subscriptions: { blog: { min: 3 }, shop: { min: 2 } } });
    const world = converge(aSpec({ subscriptions: { blog: { min: 3 }, shop: { min: 0 } } }));
    const next = aSpec({
      cartridges: { php: { image: 'php:2' } },
      subscriptions: { blog: { min: 3 }, shop: { min: 2 } },
    });
    expect(ids(planFor(both, world), 'process.create')).toHaveLength(2);
    const plan = wish(next, world, { maxChanges: 3 });
    expect(ids(plan, 'process.create').filter((id) => id.includes('shop'))).toHaveLength(2);
    expect(ids(plan, 'process.create', 'process.remove')).toHaveLength(3);
    expect(holds(plan).at(-1)).toContain('left for the next run, as one run makes 3 changes');
  });

  it('replaces in place both or neither', () => {
    const whole = spec({}, { min: 2, surge: 0 });
    const next = spec({}, { min: 2, surge: 0 }, { cartridges: { php: { image: 'php:2' } } });
    const plan = wish(next, converge(whole), { maxChanges: 1 });
    expect(ids(plan, 'process.create', 'process.remove')).toEqual([
      'process.remove:shop-1@web-1',
      'process.create:shop-1@web-1',
    ]);
  });
});

describe('makePlan replaces what never got ready', () => {
  it('without a VM for a surge', () => {
    const options = { max: 2, processesPerVm: 2, scaleDown: { after: millis(0), afterGrowth: millis(0) } };
    const whole = spec(options);
    const settled = converge(whole);
    const failed = {
      ...settled,
      inventory: {
        ...settled.inventory,
        processes: settled.inventory.processes.map((process) => ({ ...process, state: 'failed' as const })),
      },
    };
    const next = spec(options, {}, { cartridges: { php: { image: 'php:2' } } });
    expect(ids(planFor(next, failed), 'vm.create')).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/model/observation.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import { NO_BOUND } from '../../../src/model/bounds.ts';
import { DEFAULT_GUARDS } from '../../../src/model/policy.ts';
import { type PlacementSpec } from '../../../src/model/spec.ts';
import { dealBudget, type Ask } from '../../../src/policy/budget.ts';
import { cheapestOf, priceOf } from '../../../src/model/prices.ts';
import { ourMachines } from '../../../src/policy/our-machines.ts';
import { vmDemand } from '../../../src/policy/vm-demand.ts';
import { aPartition, aSpec, type PartitionOptions } from '../../support/builders.ts';
import { ago, aProcess, aVm, decisionsOf, inputOf, MINUTE, NOW, reached, UNREACHABLE, type Scene } from './scene.ts';

const GIB = 2 ** 30;

describe('decide, VMs', () => {
  it('takes the bounds of the partition policy', () => {
    expect(decisionsOf({ vms: [] }).vms.web).toEqual({
      partition: 'web',
      min: 1,
      max: 4,
      reasons: ['policy web-vms wants 1 to 4 VMs'],
      removable: {},
    });
  });
});

describe('decide, VMs that may go', () => {
  const since = ago(10 * MINUTE);
  /** Two VMs of two cores and 2 GiB; `php` takes a quarter of a core and 256 MiB. */
  const scene = (parts: Scene = {}): Scene => ({
    shop: { min: 0 },
    vms: [aVm('web-1'), aVm('web-2')],
    policyMemory: { vms: { 'web-1': { unneededSince: since }, 'web-2': { unneededSince: since } } },
    ...parts,
  });
  const removable = (parts: Scene = {}) => decisionsOf(scene(parts)).vms.web?.removable;
  const memoryOf = (parts: Scene = {}) => decisionsOf(scene(parts)).memory.vms;
  const tenants = (count: number) => Array.from({ length: count }, (_, at) => aProcess(`shop-${at + 1}`));

  it('are those that were not needed for long enough', () => {
    const reason = 'unneeded for 10m: 0% of it is taken';
    expect(removable()).toEqual({ 'web-1': reason, 'web-2': reason });
    const vms = { 'web-1': { unneededSince: since }, 'web-2': { unneededSince: ago(10 * MINUTE - 1) } };
    expect(removable({ policyMemory: { vms } })).toEqual({ 'web-1': reason });
    expect(removable({ policyMemory: {} })).toEqual({});
    expect(memoryOf({ policyMemory: {} })).toEqual({
      'web-1': { unneededSince: NOW },
      'web-2': { unneededSince: NOW },
    });
  });

  it('have less of them taken than the policy says, by CPU or memory', () => {
    expect(removable({ processes: tenants(3) })?.['web-1']).toBe('unneeded for 10m: 37.5% of it is taken');
    expect(removable({ processes: tenants(4) })).not.toHaveProperty('web-1');
    expect(memoryOf({ processes: tenants(4) })['web-1']).not.toHaveProperty('unneededSince');
    expect(removable({ processes: tenants(1), cartridge: { cpu: 1 } })).not.toHaveProperty('web-1');
    expect(removable({ processes: tenants(1), cartridge: { memory: 1024 } })).not.toHaveProperty('web-1');
    expect(removable({ processes: tenants(4), partition: { scaleDown: { below: 0.6 } } })).toHaveProperty('web-1');
    const leaving = tenants(4).map((process) => ({ ...process, state: 'leaving' as const }));
    expect(removable({ processes: leaving })).toHaveProperty('web-1');
    const foreign = tenants(4).map((process) => ({ ...process, subscription: 'gone' }));
    expect(removable({ processes: foreign })).toHaveProperty('web-1');
  });

  it.each<[string, Scene]>([
    ['does not answer', { seen: { 'web-1': UNREACHABLE } }],
    ['was not looked at', { seen: {}, vms: [aVm('web-1', { state: 'creating' }), aVm('web-2')] }],
    ['is being removed', { vms: [aVm('web-1', { state: 'deleting' }), aVm('web-2'), aVm('web-3')] }],
    ['has volumes', { seen: { 'web-1': reached({ volumes: ['shop'] }) } }],
    ['has containers of others', { seen: { 'web-1': reached({ foreign: ['other'] }) } }],
  ])('are none that %s', (_, parts) => {
    expect(Object.keys(removable(parts) ?? {})).toEqual(['web-2']);
    expect(memoryOf(parts)).not.toHaveProperty('web-1');
  });

  it('may have an empty list of volumes', () => {
    expect(removable({ seen: { 'web-1': reached({ volumes: [] }) } })).toHaveProperty('web-1');
  });

  it('begin anew with each process that is made on them', () => {
    const process = aProcess('shop-1', { createdAt: new Date(ago(4 * MINUTE)).toISOString() });
    expect(memoryOf({ processes: [process] })['web-1']).toEqual({
      unneededSince: ago(4 * MINUTE),
      grewAt: ago(4 * MINUTE),
    });
    const old = aProcess('shop-1', { createdAt: new Date(ago(11 * MINUTE)).toISOString() });
    expect(memoryOf({ processes: [old] })['web-1']).toEqual({ unneededSince: since, grewAt: ago(11 * MINUTE) });
    expect(removable({ processes: [process] })).toEqual({ 'web-2': 'unneeded for 10m: 0% of it is taken' });
    const gone = { 'web-1': { unneededSince: since, grewAt: ago(3 * MINUTE) } };
    expect(memoryOf({ policyMemory: { vms: gone } })['web-1']?.unneededSince).toBe(ago(3 * MINUTE));
    const crowd = memoryOf({ processes: [process, ...tenants(9).slice(1)] })['web-1'];
    expect(crowd).toEqual({ grewAt: ago(4 * MINUTE) });
  });

  it('do not begin anew for a process whose time is yet to come, or is none', () => {
    for (const createdAt of [new Date(NOW + 1).toISOString(), 'yesterday'])
      expect(memoryOf({ processes: [aProcess('shop-1', { createdAt })] })['web-1']).toEqual({ unneededSince: since });
  });

  it('are none where the partition has its minimum, and it says so', () => {
    const decided = decisionsOf(scene({ partition: { min: 2 } })).vms.web;
    expect(decided?.removable).toEqual({});
    expect(decided?.reasons).toEqual([
      'policy web-vms wants 2 to 4 VMs',
      'none may go: 2 are there and 2 is the minimum',
    ]);
    const vms = [aVm('web-1'), aVm('web-2'), aVm('web-3', { state: 'deleting' })];
    expect(removable({ partition: { min: 2 }, vms })).toEqual({});
    expect(decisionsOf(scene({ partition: { min: 2 }, policyMemory: {} })).vms.web?.reasons).toHaveLength(1);
  });

  it('are none for a while after the partition grew', () => {
    const grown = (ms: number) => [aVm('web-1'), aVm('web-2', { createdAt: new Date(ago(ms)).toISOString() })];
    expect(removable({ vms: grown(10 * MINUTE) })).toHaveProperty('web-1');
    expect(decisionsOf(scene({ vms: grown(10 * MINUTE - 1) })).vms.web?.reasons.at(-1)).toBe(
      'none may go: it grew 10m ago, and for 10m after that none does',
    );
    expect(
      removable({ vms: grown(3 * MINUTE), partition: { scaleDown: { afterGrowth: millis(MINUTE) } } }),
    ).toHaveProperty('web-1');
  });

  it('are none of a partition that is gone', () => {
    const vms = [aVm('web-1'), aVm('web-2'), aVm('old-1')];
    expect(Object.keys(decisionsOf(scene({ vms })).vms)).toEqual(['web']);
    expect(memoryOf({ vms, policyMemory: { vms: { 'old-1': { grewAt: since } } } })).not.toHaveProperty('old-1');
  });

  it('are none while a breaker is open', () => {
    const decided = decisionsOf(scene({ policyMemory: { ...scene().policyMemory, bootFailures: { web: 3 } } })).vms.web;
    expect(decided).toMatchObject({ removable: {}, hold: 'the last 3 machines of web did not come up' });
  });
});

describe('decide, machines that do not come up', () => {
  const after = (failures: number, ms?: number, parts: Scene = {}) =>
    decisionsOf({
      policyMemory: {
        bootFailures: { web: failures },
        ...(ms === undefined ? {} : { bootFailedAt: { web: ago(ms) } }),
      },
      ...parts,
    });

  it('hold the partition from the number of the guards on', () => {
    expect(after(2)).toMatchObject({ alarms: [], vms: { web: { max: 4 } } });
    expect(after(2).vms.web).not.toHaveProperty('hold');
    expect(after(3).alarms).toEqual(['the last 3 machines of web did not come up']);
    expect(after(3).vms.web).toMatchObject({
      hold: 'the last 3 machines of web did not come up',
      reasons: ['policy web-vms wants 1 to 4 VMs', 'the last 3 machines of web did not come up'],
    });
    const guards = { breaker: { bootFailures: 1, unreachable: 0.45 } };
    expect(after(1, undefined, { spec: { guards } }).alarms).toEqual(['the last 1 machine of web did not come up']);
  });

  it('are tried again, one at a time, after a time that doubles', () => {
    expect(after(3, 5 * MINUTE - 1000).vms.web?.hold).toBe(
      'the last 3 machines of web did not come up, and one is tried again in 1s',
    );
    const retry = after(3, 5 * MINUTE);
    expect(retry.vms.web).not.toHaveProperty('hold');
    expect(retry.vms.web?.max).toBe(2);
    expect(retry.alarms).toEqual(['the last 3 machines of web did not come up, and one is tried again']);
    expect(after(4, 10 * MINUTE - 1).vms.web).toHaveProperty('hold');
    expect(after(4, 10 * MINUTE).vms.web).not.toHaveProperty('hold');
    expect(after(9, 30 * MINUTE - 1).vms.web).toHaveProperty('hold');
    expect(after(9, 30 * MINUTE).vms.web).not.toHaveProperty('hold');
    expect(after(3, 5 * MINUTE, { vms: [] }).vms.web?.max).toBe(1);
    expect(after(3, 5 * MINUTE, { vms: [], partition: { min: 3 } }).vms.web).toMatchObject({ min: 1, max: 1 });
  });
});

describe('priceOf', () => {
  const small = { cpu: cores(1), memory: bytes(GIB) };
  const large = { cpu: cores(4), memory: bytes(8 * GIB) };
  const placement: readonly PlacementSpec[] = [
    {
      iaas: 'lab',
      max: NO_BOUND,
      sizes: [
        { ...small, price: 0.1 },
        { ...large, price: 0.7 },
      ],
    },
    { iaas: 'cloud', max: NO_BOUND, price: 0.5 },
    { iaas: 'own', max: NO_BOUND },
  ];
  const partition = aPartition('web', { placement });

  it('is that of the size, or of the entry, or the dearest of what it may be', () => {
    expect(priceOf(partition, 'lab', small)).toBe(0.1);
    expect(priceOf(partition, 'lab', large)).toBe(0.7);
    expect(priceOf(partition, 'lab', { ...small, memory: bytes(2 * GIB) })).toBe(0.7);
    expect(priceOf(partition, 'lab', { ...small, cpu: cores(2) })).toBe(0.7);
    expect(priceOf(partition, 'lab', undefined)).toBe(0.7);
    expect(priceOf(partition, 'cloud', small)).toBe(0.5);
    expect(priceOf(partition, 'own', small)).toBe(0);
    expect(priceOf(partition, 'elsewhere', small)).toBe(0);
    expect(priceOf(undefined, 'lab', small)).toBe(0);
    const free = aPartition('web', { placement: [{ iaas: 'lab', max: 1, sizes: [small, { ...large, price: 1 }] }] });
    expect(priceOf(free, 'lab', small)).toBe(0);
  });

  it('cheapestOf is the least that one more costs', () => {
    const cheapest = (entries: readonly PlacementSpec[]) => cheapestOf(aPartition('web', { placement: entries }));
    expect(cheapest(placement.slice(0, 2))).toBe(0.1);
    expect(cheapest(placement.slice(1, 2))).toBe(0.5);
    expect(cheapest(placement)).toBe(0);
    expect(cheapest([{ iaas: 'lab', max: 1, sizes: [small] }])).toBe(0);
    expect(cheapest([])).toBe(0);
  });
});

describe('ourMachines', () => {
  const listing = (machines: readonly Machine[]) => ({ lab: { status: 'listed' as const, machines } });
  const counted = (parts: Scene) => {
    const { spec, inventory, observation } = inputOf({
      partition: { placement: [{ iaas: 'lab', max: NO_BOUND, price: 0.25 }] },
      vms: [aVm('web-1'), aVm('web-2')],
      ...parts,
    });
    return ourMachines(spec, inventory, observation);
  };

  it('counts what is recorded', () => {
    expect(counted({})).toEqual({ total: 2, cost: 0.5, byPartition: new Map([['web', 2]]) });
    expect(counted({ vms: [] })).toEqual({ total: 0, cost: 0, byPartition: new Map() });
  });

  it('counts each machine with our label that is not recorded, in any state', () => {
    const machines: Machine[] = [
      { id: 'm-web-1', vm: 'web-1', partition: 'web', state: 'running' },
      { id: 'm-web-9', vm: 'web-9', partition: 'web', state: 'failed' },
      { id: 'm-db-1', vm: 'db-1', state: 'deleting' },
      { id: 'host', state: 'running' },
    ];
    expect(counted({ iaas: listing(machines) })).toEqual({
      total: 4,
      cost: 0.75,
      byPartition: new Map([
        ['web', 3],
        ['db', 1],
      ]),
    });
  });

  it('counts a record without an id and the machine made for it once, and a second one too', () => {
    const { machine: _none, ...asked } = aVm('web-1', { state: 'creating' });
    const made = (id: string): Machine => ({ id, vm: 'web-1', partition: 'web', state: 'pending' });
    expect(counted({ vms: [asked], iaas: listing([made('a')]) }).total).toBe(1);
    expect(counted({ vms: [asked], iaas: listing([made('a'), made('b')]) }).total).toBe(2);
    const elsewhere = { cloud: { status: 'listed' as const, machines: [made('a')] } };
    expect(counted({ vms: [asked], iaas: elsewhere }).total).toBe(2);
  });

  it('counts records alone where an IaaS could not be listed', () => {
    expect(counted({ iaas: { lab: { status: 'failed', message: 'no route' } } }).total).toBe(2);
  });
});

describe('vmDemand', () => {
  const demand = (count: number, partition: PartitionOptions = {}, cartridge = {}) => {
    const spec = aSpec({ partitions: { web: { max: 50, ...partition } }, cartridges: { php: cartridge } });
    return vmDemand(spec, () => count).get('web');
  };

  it('is enough for CPU, memory and places of all processes', () => {
    expect(demand(8)).toBe(1);
    expect(demand(9)).toBe(2);
    expect(demand(9, {}, { cpu: 0.1 })).toBe(2);
    expect(demand(9, {}, { memory: 8 })).toBe(2);
    expect(demand(9, {}, { memory: 8, cpu: 0.01 })).toBe(1);
    expect(demand(9, { processesPerVm: 3 })).toBe(3);
  });

  it('takes the largest size that may be had', () => {
    const size = (cpu: number, gib: number) => ({ cpu: cores(cpu), memory: bytes(gib * GIB) });
    const placement = [{ iaas: 'lab', max: NO_BOUND, sizes: [size(2, 2), size(4, 4)] }];
    expect(demand(16, { placement })).toBe(1);
    expect(demand(17, { placement })).toBe(2);
    const mixed = [...placement, { iaas: 'cloud', max: NO_BOUND }];
    expect(demand(17, { placement: mixed, cpu: 8, memory: 8192 })).toBe(1);
  });

  it('has what is spare, the minimum and the maximum', () => {
    expect(demand(9, { spare: { vms: 1, processes: 0 } })).toBe(3);
    expect(demand(0, { min: 3 })).toBe(3);
    expect(demand(0, { min: 0 })).toBe(0);
    expect(demand(99, { max: 4 })).toBe(4);
  });

  it('sums all subscriptions of a partition, and only those', () => {
    const spec = aSpec({
      partitions: { web: { max: 50 }, db: { max: 50, min: 0 } },
      cartridges: { php: {}, sql: { partition: 'db', memory: 1024 } },
      subscriptions: { shop: {}, blog: {}, data: { cartridge: 'sql' }, lost: { cartridge: 'gone' } },
    });
    const counts: Record<string, number> = { shop: 8, blog: 1, data: 5, lost: 500 };
    expect(vmDemand(spec, (alias) => counts[alias] ?? 0)).toEqual(
      new Map([
        ['web', 2],
        ['db', 3],
      ]),
    );
  });
});

describe('dealBudget', () => {
  const ask = (partition: string, parts: Partial<Ask> = {}): Ask => ({
    partition,
    have: 0,
    min: 0,
    max: 10,
    demand: 0,
    price: 0,
    ...parts,
  });
  const maxima = (asks: readonly Ask[], maxVms: number, total = asks.reduce((sum, { have }) => sum + have, 0)) =>
    Object.fromEntries(
      [...dealBudget(asks, { total, cost: 0 }, { maxVms }).grants].map(([name, { max }]) => [name, max]),
    );

  it('leaves the bounds of the policy where there is none', () => {
    const deal = dealBudget([ask('a', { have: 20, demand: 30 })], { total: 20, cost: 99 }, DEFAULT_GUARDS);
    expect(deal).toEqual({ grants: new Map([['a', { max: 10, unmet: 0 }]]) });
  });

  it('gives minimums first, then demands, then equal shares', () => {
    expect(maxima([ask('b', { min: 2 }), ask('a', { demand: 5 })], 3)).toEqual({ a: 1, b: 2 });
    expect(maxima([ask('b', { min: 2 }), ask('a', { demand: 3 })], 9)).toEqual({ a: 5, b: 4 });
    expect(maxima([ask('b'), ask('a')], 3)).toEqual({ a: 2, b: 1 });
    expect(maxima([ask('b', { demand: 5 }), ask('a', { demand: 5 })], 7)).toEqual({ a: 5, b: 2 });
  });

  it('counts what exists, also elsewhere, and takes none of it away', () => {
    expect(maxima([ask('a', { have: 3 })], 5, 4)).toEqual({ a: 4 });
    expect(maxima([ask('a', { have: 6, demand: 8 })], 5)).toEqual({ a: 6 });
    expect(maxima([ask('a', { have: 12 })], 20)).toEqual({ a: 10 });
    expect(maxima([ask('a', { have: 4, demand: 2, min: 3 }), ask('b', { demand: 1 })], 5)).toEqual({ a: 4, b: 1 });
    expect(maxima([ask('a', { min: 12, demand: 12 }), ask('b', { demand: 1 })], 11)).toEqual({ a: 10, b: 1 });
  });

  it('keeps to the money by the cheapest price', () => {
    const deal = (maxCostPerHour: number, cost: number, asks: readonly Ask[]) =>
      dealBudget(asks, { total: 2, cost }, { maxVms: NO_BOUND, maxCostPerHour });
    const one = deal(1, 0.4, [ask('a', { have: 2, demand: 3, price: 0.2 })]);
    expect(one.grants.get('a')?.max).toBe(5);
    expect(one.grants.get('a')?.spend).toBeCloseTo(0.6);
    expect(one).not.toHaveProperty('spent');
    const two = deal(1, 0.4, [ask('a', { demand: 1, price: 0.2 }), ask('b', { demand: 1, price: 0.3 })]);
    expect(two.grants.get('a')?.max).toBe(1);
    expect(two.grants.get('a')?.spend).toBeCloseTo(0.25);
    expect(two.grants.get('b')?.spend).toBeCloseTo(0.35);
    expect(deal(1, 1, [ask('a', { price: 0 })]).grants.get('a')).toEqual({ max: 10, spend: 0, unmet: 0 });
    expect(deal(1, 3, [ask('a', { have: 2, demand: 3, price: 0.5 })]).grants.get('a')).toEqual({
      max: 2,
      spend: 0,
      unmet: 1,
    });
    // 0.3 / 0.1 is 2.9999999999999996
    expect(deal(0.3, 0, [ask('a', { demand: 3, price: 0.1 })]).grants.get('a')).toMatchObject({ max: 3, unmet: 0 });
  });

  it('says what is spent, and who needs more', () => {
    const asks = [ask('b', { demand: 4 }), ask('a', { have: 1, demand: 2 }), ask('c')];
    expect(dealBudget(asks, { total: 2, cost: 0.5 }, { maxVms: 2 }).spent).toBe(
      'the budget is spent (maxVms 2, and 2 are ours): more VMs are needed and not made: a 1, b 4',
    );
    const priced = asks.map((entry) => ({ ...entry, price: 1 }));
    const guards = { maxVms: NO_BOUND, maxCostPerHour: 0.75 };
    expect(dealBudget(priced, { total: 2, cost: 0.5 }, guards).spent).toBe(
      'the budget is spent (maxCostPerHour 0.75, and ours cost 0.5): more VMs are needed and not made: a 1, b 4',
    );
    expect(dealBudget(priced, { total: 2, cost: 0.5 }, { ...guards, maxVms: 9 }).spent).toMatch(
      /\(maxVms 9, and 2 are ours; maxCostPerHour 0.75, and ours cost 0.5\)/,
    );
    const over = dealBudget([ask('a', { have: 1, demand: 30, max: 2 })], { total: 1, cost: 0 }, { maxVms: 2 });
    expect(over).not.toHaveProperty('spent');
  });
});

describe('decide, budget', () => {
  it('bounds partitions, and alarms when more is needed', () => {
    const decided = decisionsOf({
      shop: { min: 20 },
      partition: { max: 9, placement: [{ iaas: 'lab', max: NO_BOUND, price: 0.5 }] },
      spec: { guards: { maxVms: 2, maxCostPerHour: 10 } },
    });
    expect(decided.vms.web).toEqual({
      partition: 'web',
      min: 1,
      max: 2,
      reasons: ['policy web-vms wants 1 to 9 VMs', 'the budget of the fleet leaves it 2'],
      removable: {},
      spend: 9.5,
    });
    expect(decided.alarms).toEqual([
      'the budget is spent (maxVms 2, and 1 are ours; maxCostPerHour 10, and ours cost 0.5): more VMs are needed and not made: web 1',
    ]);
  });

  it('lowers a minimum that it does not pay for', () => {
    const scene = { vms: [], partition: { min: 3 }, spec: { guards: { maxVms: 1 } } };
    expect(decisionsOf(scene).vms.web).toMatchObject({ min: 1, max: 1 });
  });
});

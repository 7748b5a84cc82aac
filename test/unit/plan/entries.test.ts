import { describe, expect, it } from 'vitest';
import type { PlacementAlgorithm } from '../../../src/model/policy.ts';
import { bytes, cores } from '../../../src/model/quantity.ts';
import type { PlacementSpec, Spec } from '../../../src/model/spec.ts';
import {
  anEmptyWorld,
  applyPlan,
  aSpec,
  converge,
  LAB,
  planFor,
  planInput,
  type PartitionOptions,
} from '../../support/builders.ts';

const size = (name: string, price: number) => ({ name, cpu: cores(2), memory: bytes(2 ** 31), price });
const fleet = (
  placement: readonly PlacementSpec[],
  algorithm: PlacementAlgorithm | undefined,
  min: number,
  more: PartitionOptions = {},
): Spec =>
  aSpec({
    iaas: [LAB, { ...LAB, name: 'edge' }],
    partitions: {
      web: { placement, min: 0, max: 9, processesPerVm: 1, ...(algorithm ? { algorithm } : {}), ...more },
    },
    subscriptions: { shop: { min, spread: true } },
  });
const made = (spec: Spec): readonly string[] =>
  planFor(spec, anEmptyWorld(spec)).stages.flatMap(({ actions }) =>
    actions.flatMap((action) =>
      action.kind === 'vm.create' ? [`${action.iaas}${action.zone === undefined ? '' : `/${action.zone}`}`] : [],
    ),
  );

describe('a placement', () => {
  const two = [
    { iaas: 'lab', max: 3, weight: 3 },
    { iaas: 'edge', max: 9 },
  ];

  it.each<[PlacementAlgorithm | undefined, string[]]>([
    ['one-after-another', ['lab', 'lab', 'lab', 'edge']],
    ['round-robin', ['lab', 'edge', 'lab', 'edge']],
    ['weighted', ['lab', 'lab', 'lab', 'edge']],
  ])('is filled %s', (algorithm, expected) => {
    expect(made(fleet(two, algorithm, 4))).toEqual(expected);
  });

  it('takes the cheapest size of all entries, whatever their order, and the next where it is full', () => {
    const entries = [
      { iaas: 'lab', max: 9, sizes: [size('a', 5)] },
      { iaas: 'edge', max: 2, sizes: [size('b', 9), size('c', 4)] },
    ];
    const spec = fleet(entries, 'cheapest', 3);
    const bought = planFor(spec, anEmptyWorld(spec)).stages.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.kind === 'vm.create' ? [action.size.name] : [])),
    );
    expect(bought).toEqual(['c', 'c', 'a']);
  });

  it('has the least of each entry before anything else', () => {
    const entries = [
      { iaas: 'lab', max: 9 },
      { iaas: 'edge', min: 2, max: 9 },
    ];
    expect(made(fleet(entries, undefined, 3))).toEqual(['edge', 'edge', 'lab']);
    expect(made(fleet(entries, undefined, 0))).toEqual(['edge', 'edge']);
  });

  it('gives zones one VM each before any gets a second', () => {
    const entries = [
      { iaas: 'lab', max: 4, zones: ['a', 'b', 'c'] },
      { iaas: 'edge', max: 9 },
    ];
    expect(made(fleet(entries, undefined, 5))).toEqual(['lab/a', 'lab/b', 'lab/c', 'lab/a', 'edge']);
  });

  it('is asked where it is open: another zone, then another entry', () => {
    const spec = fleet(
      [
        { iaas: 'lab', max: 9, zones: ['a', 'b'] },
        { iaas: 'edge', max: 9 },
      ],
      undefined,
      2,
    );
    const planned = (...zones: string[]) => {
      const closed = zones.map((zone) => ({ iaas: 'lab', zone, reason: `${zone} has no capacity` }));
      const { decisions } = planInput(spec, anEmptyWorld(spec));
      const plan = planFor(spec, anEmptyWorld(spec), { decisions: { ...decisions, closed } });
      return plan.stages.flatMap(({ actions }) =>
        actions.flatMap((action) => (action.kind === 'vm.create' ? [action.zone ?? action.iaas] : [])),
      );
    };
    expect(planned('a')).toEqual(['b', 'b']);
    expect(planned('a', 'b')).toEqual(['edge', 'edge']);
  });

  it('says why nothing is asked for where everything is closed', () => {
    const spec = fleet([{ iaas: 'lab', max: 9 }], undefined, 0, { min: 1 });
    const { decisions } = planInput(spec, anEmptyWorld(spec));
    const closed = [{ iaas: 'lab', reason: 'lab has no capacity since 12:03 UTC, and is asked again at 12:08 UTC' }];
    const { holds } = planFor(spec, anEmptyWorld(spec), { decisions: { ...decisions, closed } });
    expect(holds).toEqual([
      {
        target: 'web',
        reason: `1 of at least 1 VM is missing: ${closed[0]?.reason ?? ''}`,
        unmet: true,
      },
    ]);
  });
});

describe('a placement gives back', () => {
  /** VMs of a fleet of four, all empty and none needed, that go. */
  const released = (placement: readonly PlacementSpec[], algorithm?: PlacementAlgorithm, least = 2) => {
    const before = fleet(placement, algorithm, 4);
    const world = converge(before);
    const after = fleet(placement, algorithm, 0, { min: least });
    const { decisions } = planInput(after, world);
    const removable = Object.fromEntries(world.inventory.vms.map(({ name }) => [name, 'unneeded for 10m']));
    const { web: own } = decisions.vms;
    if (!own) throw new Error('web is there');
    const web = { ...own, removable };
    const plan = planFor(after, world, { decisions: { ...decisions, vms: { web } } });
    const left = applyPlan(after, world, plan).inventory.vms;
    return left.map(({ iaas, zone }) => (zone === undefined ? iaas : `${iaas}/${zone}`)).sort();
  };

  it('from the last entry first', () => {
    expect(
      released([
        { iaas: 'lab', max: 2 },
        { iaas: 'edge', max: 9 },
      ]),
    ).toEqual(['lab', 'lab']);
  });

  it('from the one that has most, where they take turns', () => {
    const entries = [
      { iaas: 'lab', max: 9 },
      { iaas: 'edge', max: 9 },
    ];
    expect(released(entries, 'round-robin')).toEqual(['edge', 'lab']);
  });

  it('the dearest first, where the cheapest is taken', () => {
    const entries = [
      { iaas: 'lab', max: 2, sizes: [size('a', 1)] },
      { iaas: 'edge', max: 9, sizes: [size('b', 2)] },
    ];
    expect(released(entries, 'cheapest', 1)).toEqual(['lab']);
  });

  it('nothing of what an entry has at least', () => {
    expect(
      released(
        [
          { iaas: 'lab', max: 2 },
          { iaas: 'edge', min: 1, max: 9 },
        ],
        undefined,
        1,
      ),
    ).toEqual(['edge']);
  });

  it('from the zone that has most', () => {
    expect(released([{ iaas: 'lab', max: 9, zones: ['a', 'b', 'c'] }], undefined, 3)).toEqual([
      'lab/a',
      'lab/b',
      'lab/c',
    ]);
  });
});

describe('a subscription that is spread', () => {
  it('has its processes in as many zones as it can, before a second one goes to a zone', () => {
    const spec = aSpec({
      partitions: {
        web: { placement: [{ iaas: 'lab', max: 9, zones: ['a', 'b'] }], min: 4, max: 4 },
      },
      subscriptions: { one: { min: 1 }, shop: { min: 2, spread: true }, two: { min: 1 } },
    });
    const world = converge(spec);
    const zoneOf = new Map(world.inventory.vms.map(({ name, zone }) => [name, zone]));
    const zones = world.inventory.processes
      .filter(({ subscription }) => subscription === 'shop')
      .map(({ vm }) => zoneOf.get(vm));
    expect(zones.sort()).toEqual(['a', 'b']);
  });
});

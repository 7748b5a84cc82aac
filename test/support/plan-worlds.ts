/** Generators for the laws of the planner: specs, and worlds that something happened to. */
import fc from 'fast-check';
import type { Decisions } from '../../src/model/decision.ts';
import type { ProcessRecord, VmRecord } from '../../src/model/inventory.ts';
import type { Machine, ReachedVm } from '../../src/model/observation.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import { NO_BOUND } from '../../src/model/bounds.ts';
import { PLACEMENT_ALGORITHMS } from '../../src/model/policy.ts';
import { type Spec } from '../../src/model/spec.ts';
import type { World } from '../../src/plan/reference/world.ts';
import {
  aPool,
  aSpec,
  converge,
  LAB,
  planInput,
  type CartridgeOptions,
  type PartitionOptions,
  type SubscriptionOptions,
} from './builders.ts';

const GIB = 2 ** 30;
/** What is empty goes at once, and policy finds every VM that is half empty unneeded. */
const AT_ONCE = { after: millis(0), afterGrowth: millis(0) };
const SIZES = [
  { cpu: cores(1), memory: bytes(GIB), price: 1 },
  { cpu: cores(4), memory: bytes(4 * GIB), price: 3 },
];

const partitionOptions: fc.Arbitrary<PartitionOptions> = fc
  .record({
    min: fc.nat(2),
    more: fc.nat(3),
    memory: fc.constantFrom(512, 1024, 2048),
    cpu: fc.constantFrom(1, 2),
    processesPerVm: fc.constantFrom(NO_BOUND, 1, 2, 3),
    strategy: fc.constantFrom('pack' as const, 'spread' as const),
    network: fc.constantFrom('10.66.0.0/22', '10.66.0.0/29'),
    placement: fc.constantFrom(
      [{ iaas: 'lab', max: NO_BOUND }],
      [
        { iaas: 'lab', max: 1 },
        { iaas: 'edge', max: 3 },
      ],
      [
        { iaas: 'pool', max: NO_BOUND },
        { iaas: 'lab', max: 2 },
      ],
      [
        { iaas: 'lab', max: 3, weight: 1, sizes: SIZES },
        { iaas: 'edge', max: 3, weight: 2, price: 1 },
      ],
      [
        { iaas: 'lab', max: 3, zones: ['north', 'south'] },
        { iaas: 'edge', min: 1, max: 2, zones: ['one', 'two', 'three'], sizes: SIZES },
      ],
    ),
    algorithm: fc.constantFrom(undefined, undefined, ...PLACEMENT_ALGORITHMS),
    spare: fc.constantFrom({}, {}, {}, { processes: 1 }, { vms: 1 }),
    scaleDown: fc.constantFrom({}, {}, AT_ONCE),
  })
  .map(({ more, algorithm, ...options }) => ({
    ...options,
    ...(algorithm === undefined ? {} : { algorithm }),
    max: Math.max(1, options.min + more),
  }));

const cartridgeOptions: fc.Arbitrary<CartridgeOptions> = fc.record({
  partition: fc.constantFrom('web', 'api'),
  image: fc.constantFrom('a:1', 'a:2', 'b:1'),
  cpu: fc.constantFrom(0.1, 0.25, 0.5),
  memory: fc.constantFrom(128, 256, 512),
  volumes: fc.constantFrom([], [], [{ name: 'data', path: '/data' }]),
  privileged: fc.constantFrom(false, false, true),
});

const subscriptionOptions = (cartridges: readonly string[]): fc.Arbitrary<SubscriptionOptions> =>
  fc
    .record({
      cartridge: fc.constantFrom(...cartridges),
      min: fc.nat(4),
      surge: fc.nat(2),
      unavailable: fc.nat(2),
      spread: fc.boolean(),
      exposed: fc.boolean(),
      env: fc.constantFrom('1', '2'),
      near: fc.constantFrom([], [], ['shop'], ['wiki', 'blog']),
      apart: fc.constantFrom([], [], [], ['shop'], ['blog']),
    })
    .map(({ exposed, env, ...options }) => ({
      ...options,
      env: { VERSION: { kind: 'value', value: env } },
      ...(exposed ? { port: 8080 } : {}),
    }));

interface Parts {
  readonly web: PartitionOptions;
  readonly api: PartitionOptions;
  readonly one: CartridgeOptions;
  readonly two: CartridgeOptions;
  readonly shop: SubscriptionOptions | null;
  readonly blog: SubscriptionOptions | null;
  readonly wiki: SubscriptionOptions | null;
  /** Of runtime `vm`, behind the gateways of web. */
  readonly app: SubscriptionOptions | null;
  readonly site: SubscriptionOptions | null;
  readonly own: PartitionOptions;
  readonly guest: CartridgeOptions;
}

const maybe = (options: fc.Arbitrary<SubscriptionOptions>) => fc.option(options, { freq: 5 });

const guestOptions = (port: number): fc.Arbitrary<SubscriptionOptions | null> =>
  fc.option(
    fc
      .record({ min: fc.nat(3), surge: fc.constantFrom(1, 2), unavailable: fc.nat(1), exposed: fc.boolean() })
      .map(({ exposed, ...options }) => ({ ...options, cartridge: 'guest', ...(exposed ? { port } : {}) })),
    { freq: 2 },
  );

const parts: fc.Arbitrary<Parts> = fc.record({
  web: partitionOptions,
  api: partitionOptions,
  one: cartridgeOptions,
  two: cartridgeOptions,
  shop: maybe(subscriptionOptions(['one'])),
  blog: maybe(subscriptionOptions(['one', 'two'])),
  wiki: maybe(subscriptionOptions(['two'])),
  app: guestOptions(8090),
  site: guestOptions(8091),
  own: fc.record({
    max: fc.constantFrom(3, 6),
    guestsOf: fc.constant('web'),
    placement: fc.constant([{ iaas: 'edge', max: NO_BOUND }]),
  }),
  guest: fc.constantFrom('win-1', 'win-2').map((image) => ({ partition: 'own', runtime: 'vm' as const, image })),
});

function specOf(all: Parts): Spec {
  const subscriptions = Object.fromEntries(
    (['shop', 'blog', 'wiki', 'app', 'site'] as const).flatMap((alias) => {
      const options = all[alias];
      return options ? [[alias, options]] : [];
    }),
  );
  return aSpec({
    iaas: [LAB, { ...LAB, name: 'edge' }, aPool('pool', 3)],
    partitions: { web: all.web, api: all.api, own: all.own },
    cartridges: { one: all.one, two: all.two, guest: all.guest },
    subscriptions,
  });
}

/** A spec, and the same after a few edits. Cartridges stay in their partition: moving takes two reconciles and has tests of its own. */
export const editedSpecs: fc.Arbitrary<{ readonly before: Spec; readonly after: Spec }> = fc
  .tuple(
    parts,
    parts,
    fc.array(fc.constantFrom<keyof Parts>('web', 'api', 'one', 'two', 'shop', 'blog', 'wiki', 'app', 'site', 'guest'), {
      maxLength: 3,
    }),
  )
  .map(([before, other, edits]) => {
    const after: Record<keyof Parts, unknown> = { ...before };
    for (const key of edits) after[key] = other[key];
    const at = (cartridge: CartridgeOptions, partition: string | undefined): CartridgeOptions => ({
      ...cartridge,
      ...(partition === undefined ? {} : { partition }),
    });
    const edited = after as unknown as Parts;
    const blog =
      edited.blog && before.blog ? { ...edited.blog, cartridge: before.blog.cartridge ?? 'one' } : edited.blog;
    const settled = {
      ...edited,
      blog,
      one: at(edited.one, before.one.partition),
      two: at(edited.two, before.two.partition),
    };
    // A VM keeps the size and the network it was made with.
    const web = { ...settled.web, network: before.web.network ?? '10.66.0.0/22' };
    const api = { ...settled.api, network: before.api.network ?? '10.66.0.0/22' };
    return { before: specOf(before), after: specOf({ ...settled, web, api }) };
  });

export const MISHAPS = [
  'container lost',
  'container stopped',
  'record lost',
  'record failed',
  'record creating',
  'record leaving',
  'machine lost',
  'machine stopped',
  'machine failed',
  'vm record lost',
  'vm record creating',
  'vm unprepared',
  'vm changed',
  'vm unreachable',
  'vm of others',
  'vm cordoned',
  'vm drained',
  'foreign container',
  'gateway edited',
  'gateway stopped',
  'iaas silent',
] as const;
export type Mishap = (typeof MISHAPS)[number];

/** What can happen to a machine that is a process: nobody is inside, and its label does not change. */
const OF_GUESTS: ReadonlySet<Mishap> = new Set<Mishap>([
  ...(['container stopped', 'record lost', 'record failed', 'record creating', 'record leaving'] as const),
  ...(['machine lost', 'machine failed', 'vm record lost', 'vm cordoned', 'vm drained', 'iaas silent'] as const),
]);

/** Something that happens, to the n-th of what it can happen to. */
export interface Disturbance {
  readonly what: Mishap;
  readonly n: number;
}

export const disturbances = (of: readonly Mishap[] = MISHAPS, maxLength = 4): fc.Arbitrary<Disturbance[]> =>
  fc.array(fc.record({ what: fc.constantFrom(...of), n: fc.nat(20) }), { maxLength });

/** The world that `before` makes, after what happened to it. */
export function disturbedWorld(before: Spec, happened: readonly Disturbance[]): World {
  const world = happened.reduce(disturb, converge(before));
  // Only what is recorded or listed is looked at.
  const known = new Set(world.inventory.vms.map(({ name }) => name));
  for (const listing of Object.values(world.observation.iaas)) {
    if (listing.status === 'listed') for (const { vm } of listing.machines) if (vm !== undefined) known.add(vm);
  }
  const vms = Object.fromEntries(Object.entries(world.observation.vms).filter(([name]) => known.has(name)));
  return { ...world, observation: { ...world.observation, vms } };
}

export function disturb(world: World, { what, n }: Disturbance): World {
  const processes = [...world.inventory.processes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const vms = [...world.inventory.vms].sort((a, b) => (a.name < b.name ? -1 : 1));
  const process = processes[n % Math.max(1, processes.length)];
  const vm = vms[n % Math.max(1, vms.length)];
  const guest = what.startsWith('container') ? vms.find(({ name }) => name === process?.vm) : vm;
  if (guest?.runtime === 'vm' && !OF_GUESTS.has(what))
    return what === 'machine stopped'
      ? onVm(world, guest.name, (seen) => stopped(seen, seen.processes[0]?.name ?? ''))
      : world;
  switch (what) {
    case 'container lost':
      return process ? onVm(world, process.vm, (seen) => without(seen, process.name)) : world;
    case 'container stopped':
      return process ? onVm(world, process.vm, (seen) => stopped(seen, process.name)) : world;
    case 'record lost':
      return process
        ? withRecords(
            world,
            processes.filter((other) => other !== process),
          )
        : world;
    case 'record failed':
      return process ? withState(world, process, 'failed') : world;
    case 'record creating':
      return process ? withState(world, process, 'creating') : world;
    case 'record leaving':
      return process ? withState(world, process, 'leaving') : world;
    case 'machine lost':
      return vm
        ? hide(
            withMachines(world, vm, () => []),
            vm.name,
            false,
          )
        : world;
    case 'machine stopped':
      return vm
        ? hide(
            withMachines(world, vm, (machine) => [{ ...machine, state: 'stopped' }]),
            vm.name,
            true,
          )
        : world;
    case 'machine failed':
      return vm
        ? hide(
            withMachines(world, vm, (machine) => [{ ...machine, state: 'failed' }]),
            vm.name,
            false,
          )
        : world;
    case 'vm record lost':
      return vm ? loseVmRecord(world, vm) : world;
    case 'vm record creating':
      return vm && !processes.some((other) => other.vm === vm.name) ? halfMade(world, vm) : world;
    case 'vm unprepared':
      return vm ? onVm(world, vm.name, ({ prepared: _prepared, ...seen }) => seen) : world;
    case 'vm changed':
      return vm ? onVm(world, vm.name, (seen) => ({ ...seen, drift: ['table inet stratos is gone'] })) : world;
    case 'vm unreachable': {
      const unreachable = { status: 'unreachable', reason: 'timeout', message: 'no answer' } as const;
      if (!vm || world.observation.vms[vm.name]?.status !== 'reached') return world;
      return {
        ...world,
        observation: { ...world.observation, vms: { ...world.observation.vms, [vm.name]: unreachable } },
      };
    }
    case 'vm of others':
      return vm ? onVm(world, vm.name, (seen) => ({ ...seen, lineage: 'theirs' })) : world;
    case 'vm cordoned':
      return vm ? withVm(world, { ...vm, cordoned: true }) : world;
    case 'vm drained':
      return vm ? withVm(world, { ...vm, cordoned: true, draining: true }) : world;
    case 'foreign container':
      return vm ? onVm(world, vm.name, (seen) => ({ ...seen, foreign: [...seen.foreign, `theirs-${n}`] })) : world;
    case 'gateway edited':
      return vm
        ? onVm(world, vm.name, (seen) => ({ ...seen, gateway: { ...seen.gateway, configDigest: 'edited' } }))
        : world;
    case 'gateway stopped':
      return vm ? onVm(world, vm.name, (seen) => ({ ...seen, gateway: { ...seen.gateway, running: false } })) : world;
    case 'iaas silent': {
      const iaas = ['lab', 'edge', 'pool'][n % 3] ?? 'lab';
      const failed = { status: 'failed', message: 'no answer' } as const;
      return { ...world, observation: { ...world.observation, iaas: { ...world.observation.iaas, [iaas]: failed } } };
    }
  }
}

/** What policy may wish, to the n-th of what it can wish it of. */
export interface Wishes {
  readonly removable: readonly number[];
  readonly sleep: readonly { readonly n: number; readonly depth: 'frozen' | 'stopped' }[];
  readonly wake: readonly number[];
  readonly hold: boolean;
  readonly maxChanges?: number;
}

export const wishes: fc.Arbitrary<Wishes> = fc
  .record({
    removable: fc.array(fc.nat(20), { maxLength: 6 }),
    sleep: fc.array(fc.record({ n: fc.nat(20), depth: fc.constantFrom('frozen' as const, 'stopped' as const) }), {
      maxLength: 6,
    }),
    wake: fc.array(fc.nat(20), { maxLength: 3 }),
    hold: fc.constantFrom(false, false, false, true),
    maxChanges: fc.constantFrom(undefined, undefined, undefined, 1, 2, 3, 5),
  })
  .map(({ maxChanges, ...others }) => ({ ...others, ...(maxChanges === undefined ? {} : { maxChanges }) }));

/** What policy decides of a world, and beyond it what it is wished to. Names are those of the VMs and processes that `from` has. */
export function wishedDecisions(spec: Spec, world: World, wished: Wishes, from: World = world): Decisions {
  const { decisions } = planInput(spec, world);
  const sorted = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).sort();
  const vmNames = sorted(from.inventory.vms);
  const processNames = sorted(from.inventory.processes);
  const pick = (names: readonly string[], n: number): string => names[n % Math.max(1, names.length)] ?? '';
  const unneeded = new Set(wished.removable.map((n) => pick(vmNames, n)));
  const sleep = new Map(wished.sleep.map(({ n, depth }) => [pick(processNames, n), { depth, reason: 'idle for 5m' }]));
  const wake = new Set(wished.wake.map((n) => pick(processNames, n)).filter((name) => !sleep.has(name)));
  const of = (alias: string, name: string): boolean => name.startsWith(`${alias}-`);
  return {
    ...decisions,
    ...(wished.maxChanges === undefined ? {} : { maxChanges: wished.maxChanges }),
    processes: Object.fromEntries(
      Object.entries(decisions.processes).map(([alias, decision]) => [
        alias,
        {
          ...decision,
          sleep: Object.fromEntries([...sleep].filter(([name]) => of(alias, name))),
          wake: Object.fromEntries([...wake].filter((name) => of(alias, name)).map((name) => [name, 'it is needed'])),
        },
      ]),
    ),
    vms: Object.fromEntries(
      Object.entries(decisions.vms).map(([partition, decision]) => [
        partition,
        {
          ...decision,
          removable: Object.fromEntries(
            [...unneeded].filter((name) => of(partition, name)).map((name) => [name, 'unneeded for 10m']),
          ),
          ...(wished.hold ? { hold: 'the breaker is open' } : {}),
        },
      ]),
    ),
  };
}

function onVm(world: World, name: string, change: (seen: ReachedVm) => ReachedVm): World {
  const seen = world.observation.vms[name];
  if (seen?.status !== 'reached') return world;
  return { ...world, observation: { ...world.observation, vms: { ...world.observation.vms, [name]: change(seen) } } };
}

function without(seen: ReachedVm, name: string): ReachedVm {
  return { ...seen, processes: seen.processes.filter((process) => process.name !== name) };
}

function stopped(seen: ReachedVm, name: string): ReachedVm {
  return {
    ...seen,
    processes: seen.processes.map((process) => (process.name === name ? { ...process, state: 'stopped' } : process)),
  };
}

function withRecords(world: World, processes: readonly ProcessRecord[]): World {
  return { ...world, inventory: { ...world.inventory, processes } };
}

function withState(world: World, record: ProcessRecord, state: ProcessRecord['state']): World {
  return withRecords(
    world,
    world.inventory.processes.map((other) => (other.name === record.name ? { ...other, state } : other)),
  );
}

function withVm(world: World, vm: VmRecord): World {
  const vms = world.inventory.vms.map((other) => (other.name === vm.name ? vm : other));
  return { ...world, inventory: { ...world.inventory, vms } };
}

function withMachines(world: World, vm: VmRecord, change: (machine: Machine) => readonly Machine[]): World {
  const listing = world.observation.iaas[vm.iaas];
  if (listing?.status !== 'listed') return world;
  const machines = listing.machines.flatMap((machine) => (machine.id === vm.machine ? change(machine) : [machine]));
  return {
    ...world,
    observation: {
      ...world.observation,
      iaas: { ...world.observation.iaas, [vm.iaas]: { status: 'listed', machines } },
    },
  };
}

/** Takes a VM out of sight; what is on its disk may come back. */
function hide(world: World, name: string, keep: boolean): World {
  const { [name]: seen, ...vms } = world.observation.vms;
  const hidden = keep && seen?.status === 'reached' ? { ...world.hidden, [name]: seen } : world.hidden;
  return { ...world, observation: { ...world.observation, vms }, hidden };
}

/** The inventory forgot a VM and its processes; its machine is labelled with its name, unless it is a host of a pool. */
function loseVmRecord(world: World, vm: VmRecord): World {
  if (vm.iaas === 'pool') return world;
  return {
    ...world,
    inventory: {
      ...world.inventory,
      vms: world.inventory.vms.filter((other) => other.name !== vm.name),
      processes: world.inventory.processes.filter((process) => process.vm !== vm.name),
    },
  };
}

function halfMade(world: World, vm: VmRecord): World {
  const { machine: _machine, endpoint: _endpoint, prepared: _prepared, ...rest } = vm;
  const forgotten = withVm(world, { ...rest, state: 'creating' });
  // A host of a pool does not tell which VM it was taken for.
  return vm.iaas === 'pool' ? hide(forgotten, vm.name, false) : forgotten;
}

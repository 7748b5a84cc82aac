import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/model/plan.ts';
import type { World } from '../../../src/plan/reference/world.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { millis } from '../../../src/model/quantity.ts';
import { NO_BOUND } from '../../../src/model/bounds.ts';
import { type Spec } from '../../../src/model/spec.ts';
import {
  anEmptyWorld,
  aPool,
  applyPlan,
  aSpec,
  converge,
  LAB,
  planFor,
  planInput,
  type CartridgeOptions,
  type PartitionOptions,
  type SpecOptions,
  type SubscriptionOptions,
} from '../../support/builders.ts';
import { disturb, type Mishap } from '../../support/plan-worlds.ts';

/** A plan as a transcript: a line for each stage. */
function transcript(plan: Plan): string[] {
  return plan.stages.map(({ kind, actions, withdraw = [] }) => {
    const texts = actions.map((action) => {
      if ('process' in action) return `${verb(action.kind)} ${action.process}@${action.vm}`;
      if (action.kind === 'gateway.configure')
        return withdraw.length === 0 ? action.vm : `${action.vm} without ${withdraw.join(' ')}`;
      return action.kind === 'vm.prepare' || action.kind === 'image.copy'
        ? action.vm
        : `${verb(action.kind)} ${action.vm}`;
    });
    return `${kind}: ${texts.join(', ')}`;
  });
}

const verb = (kind: string): string => kind.slice(kind.indexOf('.') + 1);
const holds = (plan: Plan): string[] => plan.holds.map(({ target, reason }) => `${target}: ${reason}`);

/** What is empty goes at once. */
const AT_ONCE = { after: millis(0), afterGrowth: millis(0) };

/** One partition, one cartridge, `shop`; what is empty goes at once. */
function spec(
  partition: PartitionOptions = {},
  subscription: SubscriptionOptions = {},
  cartridge: CartridgeOptions = {},
  more: SpecOptions = {},
): Spec {
  return aSpec({
    partitions: { web: { scaleDown: AT_ONCE, ...partition } },
    cartridges: { php: cartridge },
    subscriptions: { shop: { port: 8080, ...subscription } },
    ...more,
  });
}

const after = (world: World, ...what: [Mishap, number?][]): World =>
  what.reduce((now, [mishap, n = 0]) => disturb(now, { what: mishap, n }), world);

/** The world with a second container of a process on another VM, which no record has. */
function disturbTwin(world: World, name: string, vm: string): World {
  const containers = Object.values(world.observation.vms).flatMap((seen) =>
    seen.status === 'reached' ? seen.processes : [],
  );
  const original = containers.find((process) => process.name === name);
  const seen = world.observation.vms[vm];
  if (!original || seen?.status !== 'reached') throw new Error(`no ${name} or no ${vm}`);
  const crowded = { ...seen, processes: [...seen.processes, { ...original, index: 7 }] };
  return { ...world, observation: { ...world.observation, vms: { ...world.observation.vms, [vm]: crowded } } };
}

describe('makePlan from nothing', () => {
  it('makes VMs, prepares them, copies the image, creates processes and configures gateways', () => {
    const plan = planFor(spec({ min: 2 }), anEmptyWorld(spec()));
    expect(transcript(plan)).toEqual([
      'machines: create web-1, create web-2',
      'prepare: web-1, web-2',
      'images: web-1',
      'processes: create shop-1@web-1, create shop-2@web-1',
      'gateway: web-1, web-2',
    ]);
    expect(plan.stages.map(({ id }) => id)).toEqual(['web/1', 'web/2', 'web/3', 'web/4', 'web/5']);
  });

  it('needs no gateway for what nobody reaches', () => {
    const quiet = aSpec({ subscriptions: { shop: {} } });
    expect(transcript(planFor(quiet, anEmptyWorld(quiet)))).not.toContainEqual(expect.stringContaining('gateway'));
  });

  it.each<[string, PartitionOptions, SubscriptionOptions, string]>([
    ['packs', { min: 2 }, { min: 3 }, 'create shop-1@web-1, create shop-2@web-1, create shop-3@web-1'],
    [
      'spreads',
      { min: 2, strategy: 'spread' },
      { min: 3 },
      'create shop-1@web-1, create shop-2@web-2, create shop-3@web-1',
    ],
    ['keeps apart', {}, { min: 3, spread: true }, 'create shop-1@web-1, create shop-2@web-2, create shop-3@web-3'],
    ['gives each a VM of its own', { processesPerVm: 1 }, { min: 2 }, 'create shop-1@web-1, create shop-2@web-2'],
    ['adds VMs for memory', { memory: 256 }, { min: 2 }, 'create shop-1@web-1, create shop-2@web-2'],
    ['adds VMs for cpu', { cpu: 0.25 }, { min: 2 }, 'create shop-1@web-1, create shop-2@web-2'],
    ['adds VMs for addresses', { network: '10.66.0.0/30' }, { min: 2 }, 'create shop-1@web-1, create shop-2@web-2'],
  ])('%s', (_, partition, subscription, processes) => {
    const whole = spec(partition, subscription);
    expect(transcript(planFor(whole, anEmptyWorld(whole)))).toContain(`processes: ${processes}`);
  });

  it('counts VMs as people do: web-10 comes after web-9', () => {
    const many = spec({ max: 12, processesPerVm: 2 }, { min: 20 });
    const more = spec({ max: 12, processesPerVm: 3 }, { min: 22 });
    expect(transcript(planFor(more, converge(many)))).toContain(
      'processes: create shop-21@web-1, create shop-22@web-2',
    );
  });

  it('holds what does not fit, with the numbers', () => {
    const tight = spec({ max: 1, memory: 512 }, { min: 3 });
    const plan = planFor(tight, anEmptyWorld(tight));
    expect(transcript(plan)).toContain('processes: create shop-1@web-1, create shop-2@web-1');
    expect(holds(plan)).toEqual([
      'shop: 1 of 3 not created: each asks 256Mi and 0.25 CPU; most is free on web-1: 0 and 1.5 CPU; web has 1 of at most 1 VM',
    ]);
  });

  it('holds what no VM will ever have, and adds none for it', () => {
    const huge = spec({ min: 0, memory: 512 }, { min: 1 }, { memory: 4096 });
    const plan = planFor(huge, anEmptyWorld(huge));
    expect(plan.stages).toEqual([]);
    expect(holds(plan)).toEqual([expect.stringContaining('an empty VM has only 512Mi and 2 CPU')]);
  });

  it('holds rather than put together what must be apart', () => {
    const apart = spec({ max: 1 }, { min: 2, spread: true });
    const plan = planFor(apart, anEmptyWorld(apart));
    expect(transcript(plan)).toContain('processes: create shop-1@web-1');
    expect(holds(plan)).toEqual([expect.stringContaining('on a VM without another of it')]);
  });

  it('overflows to the next IaaS', () => {
    const placement = [
      { iaas: 'lab', max: 1 },
      { iaas: 'edge', max: 1 },
    ];
    const burst = spec({ processesPerVm: 1, placement }, { min: 3 }, {}, { iaas: [LAB, { ...LAB, name: 'edge' }] });
    const plan = planFor(burst, anEmptyWorld(burst));
    const made = plan.stages[0]?.actions.map((action) => (action.kind === 'vm.create' ? action.iaas : action.kind));
    expect(made).toEqual(['lab', 'edge']);
    expect(holds(plan)).toEqual([expect.stringContaining('lab has 1 of 1 VMs, edge has 1 of 1 VMs')]);
  });

  it('does not overflow because an IaaS is silent', () => {
    const placement = [
      { iaas: 'lab', max: 1 },
      { iaas: 'edge', max: 1 },
    ];
    const burst = spec({ placement }, {}, {}, { iaas: [LAB, { ...LAB, name: 'edge' }] });
    const plan = planFor(burst, after(anEmptyWorld(burst), ['iaas silent']));
    expect(plan.stages).toEqual([]);
    expect(holds(plan)).toContainEqual(expect.stringContaining('lab cannot be listed'));
  });

  it('copies an image once as privileged processes need it and once as others do, even where one is there', () => {
    const cartridges = { plain: { image: 'os:1' }, host: { image: 'os:1', privileged: true } };
    const one = aSpec({ cartridges, subscriptions: { shop: { min: 2, cartridge: 'plain' } } });
    const both = aSpec({
      cartridges,
      subscriptions: { shop: { min: 2, cartridge: 'plain' }, agent: { min: 2, cartridge: 'host' } },
    });
    const copies = (plan: Plan) =>
      plan.stages.flatMap(({ actions }) => actions.flatMap((act) => (act.kind === 'image.copy' ? [act] : [])));
    const fresh = copies(planFor(both, anEmptyWorld(both)));
    expect(fresh.map(({ privileged = false }) => privileged).sort()).toEqual([false, true]);
    expect(new Set(fresh.map(({ id }) => id)).size).toBe(2);
    const added = planFor(both, converge(one));
    expect(copies(added)).toMatchObject([{ vm: 'web-1', privileged: true }]);
    expect(copies(planFor(both, converge(both, converge(one))))).toEqual([]);
  });

  it('takes no more hosts from a pool than it has, for all partitions together', () => {
    const pool = (min: number): PartitionOptions => ({ min, placement: [{ iaas: 'pool', max: NO_BOUND }] });
    const shared = aSpec({ iaas: [aPool('pool', 3)], partitions: { api: pool(2), web: pool(2) }, subscriptions: {} });
    const plan = planFor(shared, anEmptyWorld(shared));
    expect(plan.stages.filter(({ kind }) => kind === 'machines').map(({ actions }) => actions.length)).toEqual([2, 1]);
    expect(holds(plan)).toEqual(['web: 1 of at least 2 VMs is missing: pool has no host left']);
  });

  it('holds a subscription whose environment cannot be had, and leaves what runs of it alone', () => {
    const both = aSpec({ subscriptions: { shop: { min: 1 }, blog: { min: 2 } } });
    const world = converge(aSpec({ subscriptions: { shop: { min: 1 }, blog: { min: 1 } } }));
    const plan = planFor(both, world, { unresolved: { blog: 'PASSWORD is not set' } });
    expect(transcript(plan)).toEqual([]);
    expect(holds(plan)).toEqual(['blog: 1 of 2 exist and no more can be created: PASSWORD is not set']);
  });

  it('holds a subscription whose image the store does not have, and goes on with the others', () => {
    const both = aSpec({
      cartridges: { php: {}, node: {} },
      subscriptions: { shop: { min: 1 }, blog: { min: 1, cartridge: 'node' } },
    });
    const plan = planFor(both, anEmptyWorld(both), { images: { 'php:1': 'sha256:1', 'node:1': undefined } });
    expect(transcript(plan)).toContain('processes: create shop-1@web-1');
    expect(holds(plan)).toEqual([
      'blog: 0 of 1 exist and no more can be created: the store has no image node:1: see stratos cartridge ls',
    ]);
  });
});

describe('makePlan repairs', () => {
  const whole = spec({ min: 2, strategy: 'spread' });
  const settled = converge(whole);

  it.each<[string, [Mishap, number?][], string[]]>([
    ['a container that is gone', [['container lost']], ['processes: create shop-1@web-1']],
    ['a container that is stopped', [['container stopped']], ['processes: start shop-1@web-1']],
    [
      'a process that did not get ready',
      [['record failed']],
      ['processes: create shop-1@web-1', 'gateway: web-1, web-2'],
    ],
    ['a record that was lost', [['record lost']], ['processes: adopt shop-1@web-1', 'gateway: web-1, web-2']],
    ['a process that was leaving', [['record leaving']], ['processes: adopt shop-1@web-1', 'gateway: web-1, web-2']],
    [
      'a process that was leaving and is stopped',
      [['record leaving'], ['container stopped']],
      ['processes: create shop-3@web-1', 'gateway: web-1, web-2', 'removals: remove shop-1@web-1'],
    ],
    ['a gateway whose file was edited', [['gateway edited']], ['gateway: web-1']],
    ['a gateway that is stopped', [['gateway stopped', 1]], ['gateway: web-2']],
    ['a VM that lost its preparation', [['vm unprepared']], ['prepare: web-1']],
    ['a VM whose network somebody changed', [['vm changed']], ['prepare: web-1']],
    ['a VM that is stopped', [['machine stopped']], ['machines: start web-1', 'gateway: web-2', 'gateway: web-1']],
    [
      'a VM that is gone',
      [['machine lost']],
      [
        'machines: forget web-1, create web-1',
        'prepare: web-1',
        'images: web-1',
        'processes: create shop-1@web-1',
        'gateway: web-2',
        'gateway: web-1',
      ],
    ],
    [
      'a VM that the inventory lost',
      [['vm record lost']],
      ['machines: adopt web-1', 'prepare: web-1', 'processes: adopt shop-1@web-1', 'gateway: web-1, web-2'],
    ],
  ])('%s', (_, happened, lines) => {
    expect(transcript(planFor(whole, after(settled, ...happened)))).toEqual(lines);
  });

  it('tells what cannot be had from what is put off', () => {
    const unmet = (plan: Plan) => plan.holds.map((hold) => hold.unmet ?? false);
    expect(unmet(planFor(spec({ min: 1, max: 1, processesPerVm: 1 }), anEmptyWorld(spec())))).toEqual([true]);
    const machine = after(settled, ['iaas silent']);
    expect(unmet(planFor(whole, machine))).toEqual([true]);
    expect(planFor(whole, settled).holds).toEqual([]);
  });

  it('says what somebody changed on a VM that it prepares again, and that preparation changed where it did', () => {
    const reasons = (changed: World) =>
      planFor(whole, changed).stages.flatMap(({ actions }) => actions.map(({ reason }) => reason));
    const drifted = after(settled, ['vm changed']);
    expect(reasons(drifted)).toEqual(['table inet stratos is gone']);
    const prepareFingerprint = (vm: string) => `newer ${vm}`;
    const { stages } = makePlan({ ...planInput(whole, drifted), prepareFingerprint });
    expect(stages[0]?.actions[0]).toMatchObject({ kind: 'vm.prepare', reason: 'how VMs are prepared changed' });
  });

  it('removes a process that was leaving where it is not needed, or not what it should be', () => {
    const leaving = after(settled, ['record leaving']);
    const fewer = planFor(spec({ min: 2, strategy: 'spread' }, { min: 1, max: 1 }), leaving);
    expect(transcript(fewer)).toContainEqual('removals: remove shop-1@web-1');
    const changed = planFor(spec({ min: 2, strategy: 'spread' }, {}, { image: 'php:2' }), leaving);
    expect(transcript(changed).join('\n')).not.toContain('adopt');
  });

  it('leaves a VM that does not answer as it is, and makes nothing in its place', () => {
    const plan = planFor(whole, after(settled, ['vm unreachable']));
    expect(plan.stages).toEqual([]);
    expect(plan.notices).toEqual([{ target: 'web-1', message: 'does not answer and is left as it is: no answer' }]);
    expect(holds(plan)).toContainEqual(expect.stringContaining('web-1: nothing is done on it'));
  });

  it('forgets nothing that an IaaS did not list', () => {
    const plan = planFor(whole, after(settled, ['machine lost'], ['iaas silent']));
    expect(plan.stages).toEqual([]);
    expect(holds(plan)).toContainEqual(expect.stringContaining('no machine of lab is added, repaired or removed'));
  });

  it('never touches a VM with the label of another inventory', () => {
    const plan = planFor(whole, after(settled, ['vm of others'], ['container lost']));
    expect(plan.stages).toEqual([]);
    expect(plan.notices).toContainEqual({
      target: 'web-1',
      message: 'belongs to another inventory and is not touched: theirs',
    });
  });

  it('removes a container of ours that has no use, and reports one that is not ours', () => {
    const fewer = spec({ min: 2, strategy: 'spread' }, { min: 1 });
    const plan = planFor(fewer, after(converge(fewer, settled), ['foreign container']));
    expect(plan.stages).toEqual([]);
    expect(plan.notices.map(({ message }) => message)).toEqual([
      'has containers that are not ours and are left alone: theirs-0',
    ]);
    const lost = planFor(fewer, after(settled, ['record lost', 1]));
    expect(transcript(lost)).toContain('removals: remove shop-2@web-2');
  });

  it('completes a VM that was being made, or forgets it when nothing needs it', () => {
    const more = spec({ min: 3, strategy: 'spread' });
    const cut = applyPlan(more, settled, planFor(more, settled), { stopAfter: 0, interruption: 'begun' });
    expect(transcript(planFor(more, cut))[0]).toBe('machines: create web-3');
    expect(transcript(planFor(whole, cut))).toEqual(['machines: forget web-3', 'gateway: web-1, web-2']);
    const made = applyPlan(more, settled, planFor(more, settled), { stopAfter: 0, interruption: 'unrecorded' });
    expect(transcript(planFor(whole, made))).toEqual([
      'machines: create web-3',
      'gateway: web-1, web-2',
      'release: delete web-3',
      'gateway: web-1, web-2',
    ]);
  });

  it('reloads a gateway whose file is right and was never loaded', () => {
    const seen = settled.observation.vms['web-1'];
    if (seen?.status !== 'reached') throw new Error('web-1 is not there');
    const stale = { ...seen, gateway: { ...seen.gateway, loadedDigest: 'before' } };
    const observation = { ...settled.observation, vms: { ...settled.observation.vms, 'web-1': stale } };
    expect(transcript(planFor(whole, { ...settled, observation }))).toEqual(['gateway: web-1']);
  });

  describe('a container whose name is recorded on another VM', () => {
    const [first] = settled.inventory.processes;
    const twin = disturbTwin(settled, first?.name ?? '', 'web-2');

    it('is removed, and the recorded one stays', () => {
      const plan = planFor(whole, twin);
      expect(transcript(plan)).toEqual(['removals: remove shop-1@web-2']);
      expect(planFor(whole, applyPlan(whole, twin, plan)).stages).toEqual([]);
    });

    it('stays as long as the recorded one cannot be seen', () => {
      const plan = planFor(whole, after(twin, ['vm unreachable', 0]));
      expect(plan.stages).toEqual([]);
      expect(holds(plan)).toContain('web-2/shop-1: the inventory has shop-1 on web-1, which cannot be seen');
    });
  });

  it('with `only`, forgets no VM on which nothing of it was', () => {
    const two = aSpec({
      subscriptions: { blog: { port: 81, min: 1 }, shop: { port: 80, min: 1 } },
      partitions: { web: { processesPerVm: 1 } },
    });
    const plan = planFor(two, after(converge(two), ['machine lost', 1]), { only: ['blog'] });
    expect(plan.stages).toEqual([]);
  });

  it('takes up no machine beyond the maximum', () => {
    const one = spec({ min: 1, max: 1 }, {}, {});
    const plan = planFor(one, after(converge(one), ['vm record lost']), { only: ['shop'] });
    expect(plan.notices[0]?.message).toContain('carries our label and is not taken up');
  });
});

describe('makePlan replaces', () => {
  const before = spec({ min: 1, max: 1 }, { min: 3 });
  const changed = (
    subscription: SubscriptionOptions = {},
    partition: PartitionOptions = {},
    cartridge: CartridgeOptions = {},
  ) => spec({ min: 1, max: 1, ...partition }, { min: 3, ...subscription }, { image: 'php:2', ...cartridge });
  const settled = converge(before);

  it('one by one by default, each new one before an old one goes', () => {
    expect(transcript(planFor(changed(), settled))).toEqual([
      'images: web-1',
      'processes: create shop-4@web-1',
      'gateway: web-1 without shop-1',
      'removals: remove shop-1@web-1',
      'processes: create shop-5@web-1',
      'gateway: web-1 without shop-2',
      'removals: remove shop-2@web-1',
      'processes: create shop-6@web-1',
      'gateway: web-1 without shop-3',
      'removals: remove shop-3@web-1',
    ]);
  });

  it('keeps a snapshot of what another revision replaces where the policy says so, and of nothing else', () => {
    const removals = (plan: Plan) =>
      plan.stages.flatMap(({ actions }) => actions.flatMap((act) => (act.kind === 'process.remove' ? [act] : [])));
    const kept = removals(planFor(changed({ rollout: { snapshot: true } }), settled));
    expect(kept.map(({ snapshot }) => snapshot)).toEqual([true, true, true]);
    expect(removals(planFor(changed(), settled)).some((action) => 'snapshot' in action)).toBe(false);
    const fewer = spec({ min: 1, max: 1 }, { min: 1, rollout: { snapshot: true } });
    expect(removals(planFor(fewer, settled)).map((action) => 'snapshot' in action)).toEqual([false, false]);
    const drained = after(converge(spec({ min: 2, max: 2 }, { min: 3 })), ['vm drained']);
    const moved = removals(planFor(spec({ min: 2, max: 2 }, { min: 3, rollout: { snapshot: true } }), drained));
    expect(new Set(moved.map((action) => 'snapshot' in action))).toEqual(new Set([false]));
  });

  it('as many at a time as the policy says', () => {
    expect(transcript(planFor(changed({ surge: 2, unavailable: 1 }), settled))).toEqual([
      'images: web-1',
      'processes: create shop-4@web-1, create shop-5@web-1',
      'gateway: web-1 without shop-1 shop-2 shop-3',
      'removals: remove shop-1@web-1, remove shop-2@web-1, remove shop-3@web-1',
      'processes: create shop-6@web-1',
      'gateway: web-1',
    ]);
  });

  it('in place without a surge', () => {
    const plan = planFor(changed({ surge: 0 }), settled);
    expect(transcript(plan).slice(0, 5)).toEqual([
      'images: web-1',
      'gateway: web-1 without shop-1',
      'removals: remove shop-1@web-1',
      'processes: create shop-1@web-1',
      'gateway: web-1 without shop-2',
    ]);
    expect(plan.stages[2]?.actions[0]?.reason).toContain('replaced in place as maxSurge is 0');
  });

  it('in place what has volumes', () => {
    const plan = planFor(changed({}, {}, { volumes: [{ name: 'data', path: '/data' }] }), settled);
    expect(transcript(plan)).toContain('processes: create shop-1@web-1');
    expect(plan.stages[2]?.actions[0]?.reason).toContain('replaced in place as it has volumes');
  });

  it('in place where no VM has room for one more', () => {
    const full = spec({ min: 1, max: 1, processesPerVm: 2 });
    const next = spec({ min: 1, max: 1, processesPerVm: 2 }, {}, { image: 'php:2' });
    const plan = planFor(next, converge(full));
    expect(transcript(plan).slice(0, 4)).toEqual([
      'images: web-1',
      'gateway: web-1 without shop-1',
      'removals: remove shop-1@web-1',
      'processes: create shop-1@web-1',
    ]);
    expect(plan.stages[2]?.actions[0]?.reason).toContain('replaced in place as no VM has room for one more');
  });

  it('on a further VM where one may be added, which goes again afterwards', () => {
    const full = spec({ min: 1, max: 2, processesPerVm: 2 });
    const next = spec({ min: 1, max: 2, processesPerVm: 2 }, {}, { image: 'php:2' });
    const world = converge(full);
    const lines = transcript(planFor(next, world));
    expect(lines[0]).toBe('machines: create web-2');
    expect(lines).toContain('processes: create shop-3@web-2');
    const settledAgain = converge(next, applyPlan(next, world, planFor(next, world)), 1);
    expect(settledAgain.inventory.vms.map(({ name }) => name)).toEqual(['web-1']);
  });

  it('all subscriptions in step, each gateway once a wave', () => {
    const two = (image: string) =>
      aSpec({ cartridges: { php: { image } }, subscriptions: { blog: { port: 81 }, shop: { port: 80 } } });
    const plan = planFor(two('php:2'), converge(two('php:1')));
    expect(transcript(plan)).toEqual([
      'images: web-1',
      'processes: create blog-3@web-1, create shop-3@web-1',
      'gateway: web-1 without blog-1 shop-1',
      'removals: remove blog-1@web-1, remove shop-1@web-1',
      'processes: create blog-4@web-1, create shop-4@web-1',
      'gateway: web-1 without blog-2 shop-2',
      'removals: remove blog-2@web-1, remove shop-2@web-1',
    ]);
  });

  it('one after the other where there is room for one only, rather than take anything away first', () => {
    const two = (image: string) =>
      aSpec({
        partitions: { web: { max: 1, processesPerVm: 5 } },
        cartridges: { php: { image } },
        subscriptions: { blog: {}, shop: {} },
      });
    const plan = planFor(two('php:2'), converge(two('php:1')));
    const waves = transcript(plan).filter((line) => line.startsWith('processes'));
    expect(waves).toEqual([
      'processes: create blog-3@web-1',
      'processes: create blog-4@web-1',
      'processes: create shop-3@web-1',
      'processes: create shop-4@web-1',
    ]);
  });

  it('nothing more once a new one does not start', () => {
    const plan = planFor(changed(), settled);
    const world = applyPlan(changed(), settled, plan, { fails: (action) => action.id === 'process.create:shop-4' });
    const states = world.inventory.processes.map(({ name, state }) => `${name} ${state}`);
    expect(states.sort()).toEqual(['shop-1 ready', 'shop-2 ready', 'shop-3 ready', 'shop-4 failed']);
  });

  it('what a run that was cut left half way, without a process too many', () => {
    const world = applyPlan(changed(), settled, planFor(changed(), settled), { stopAfter: 5 });
    const names = converge(changed(), world, 1).inventory.processes.map(({ name }) => name);
    expect(names).toHaveLength(3);
  });

  it('nothing where only health, hosts or rollout changed, except gateways', () => {
    const next = spec({ min: 1, max: 1 }, { min: 3, hosts: ['shop.test'], surge: 2 }, { health: { path: '/up' } });
    expect(transcript(planFor(next, settled))).toEqual(['gateway: web-1']);
  });

  it('nothing while its image is missing', () => {
    const plan = planFor(changed(), settled, { images: {} });
    expect(plan.stages).toEqual([]);
  });
});

describe('makePlan removes', () => {
  it('processes of a subscription that is gone, then the VMs they needed', () => {
    const world = converge(spec({ processesPerVm: 1 }, { min: 3 }));
    const plan = planFor(spec({ processesPerVm: 1 }, {}, {}, { subscriptions: {} }), world);
    expect(transcript(plan)).toEqual([
      'gateway: web-1 without shop-1 shop-2 shop-3, web-2 without shop-1 shop-2 shop-3, web-3 without shop-1 shop-2 shop-3',
      'removals: remove shop-1@web-1, remove shop-2@web-2, remove shop-3@web-3',
      'release: delete web-3, delete web-2',
      'gateway: web-1',
    ]);
    const last = plan.stages[2]?.actions[0];
    expect(last?.dependsOn).toEqual(['process.remove:shop-3']);
  });

  it('no VM that has volumes, even of a subscription that is gone', () => {
    const world = converge(spec({ processesPerVm: 1 }, { min: 2 }, { volumes: [{ name: 'data', path: '/data' }] }));
    const none = spec({ processesPerVm: 1 }, {}, {}, { subscriptions: {} });
    const plan = planFor(none, world);
    expect(plan.stages.map(({ kind }) => kind)).not.toContain('release');
    const reason = 'it is empty and not needed, and stays: it has volumes of shop, and they would be lost';
    expect(holds(plan)).toEqual([`web-2: ${reason}`, `web-1: ${reason}`]);
    expect(transcript(planFor(none, applyPlan(none, world, plan)))).toEqual([]);
  });

  it('everything of a partition that is gone', () => {
    const world = converge(spec({ min: 2 }));
    const plan = planFor(aSpec({ partitions: {}, cartridges: {}, subscriptions: {} }), world);
    expect(transcript(plan)).toEqual([
      'gateway: web-1 without shop-1 shop-2, web-2 without shop-1 shop-2',
      'removals: remove shop-1@web-1, remove shop-2@web-1',
      'release: delete web-2, delete web-1',
    ]);
  });

  it.each<[string, PartitionOptions, [Mishap, number?][], string]>([
    ['from the VM nearest to empty', { processesPerVm: 3 }, [], 'remove shop-4@web-2'],
    ['what failed first', { processesPerVm: 3 }, [['record failed', 1]], 'remove shop-2@web-1'],
    ['from a cordoned VM', { processesPerVm: 3 }, [['vm cordoned', 0]], 'remove shop-3@web-1'],
    ['the highest from the VM with most', { min: 2, strategy: 'spread' }, [], 'remove shop-4@web-2'],
  ])('%s', (_, partition, happened, line) => {
    const world = after(converge(spec(partition, { min: 4 })), ...happened);
    expect(transcript(planFor(spec(partition, { min: 3 }), world))).toContain(`removals: ${line}`);
  });

  it('VMs above a lowered maximum, after moving what is on them', () => {
    const world = converge(spec({ max: 3 }, { min: 3, spread: true }));
    const plan = planFor(spec({ max: 2, scaleDown: {} }, { min: 3 }), world);
    expect(transcript(plan)).toEqual([
      'processes: create shop-4@web-1',
      'gateway: web-1 without shop-3, web-2 without shop-3, web-3 without shop-3',
      'removals: remove shop-3@web-3',
      'release: delete web-3',
      'gateway: web-1, web-2',
    ]);
  });
});

describe('makePlan with marked VMs', () => {
  const whole = spec({ min: 2, max: 2, strategy: 'spread' });
  const settled = converge(whole);

  it('moves processes off a VM that is drained, new before old, and keeps it for the minimum', () => {
    expect(transcript(planFor(whole, after(settled, ['vm drained'])))).toEqual([
      'processes: create shop-3@web-2',
      'gateway: web-1 without shop-1, web-2 without shop-1',
      'removals: remove shop-1@web-1',
    ]);
  });

  it('releases a drained VM that the minimum does not need', () => {
    const fewer = spec({ min: 1, max: 2, strategy: 'spread' });
    expect(transcript(planFor(fewer, after(settled, ['vm drained'])))).toContain('release: delete web-1');
  });

  it('holds a drain that has nowhere to go', () => {
    const tight = spec({ min: 2, max: 2, processesPerVm: 1 });
    const plan = planFor(tight, after(converge(tight), ['vm drained']));
    expect(plan.stages).toEqual([]);
    expect(holds(plan)).toContainEqual(expect.stringContaining('shop-1 stay for now: web has 2 of at most 2 VMs'));
  });

  it('holds a drain of what has volumes', () => {
    const pinned = spec({ min: 2 }, {}, { volumes: [{ name: 'data', path: '/data' }] });
    const plan = planFor(pinned, after(converge(pinned), ['vm drained']));
    expect(plan.stages).toEqual([]);
    expect(holds(plan)).toContainEqual('shop-1: stays on web-1, where its volumes are: web-1 is being drained');
  });

  it('puts nothing new on a cordoned VM, and leaves what is there', () => {
    const cordoned = after(settled, ['vm cordoned']);
    expect(planFor(whole, cordoned).stages).toEqual([]);
    const more = spec({ min: 2, max: 2, strategy: 'spread' }, { min: 4 });
    expect(transcript(planFor(more, cordoned))).toContain('processes: create shop-3@web-2, create shop-4@web-2');
  });

  it('keeps a cordoned VM that is empty', () => {
    const plan = planFor(spec({ min: 1 }, { min: 0 }), after(settled, ['vm cordoned', 1]));
    expect(transcript(plan)).not.toContainEqual(expect.stringContaining('delete web-2'));
    expect(holds(plan)).toContainEqual(expect.stringContaining('it is cordoned'));
  });
});

describe('makePlan with `only`', () => {
  const both = aSpec({
    partitions: { api: {}, web: {} },
    cartridges: { php: {}, node: { partition: 'api' } },
    subscriptions: { blog: { port: 81 }, shop: { port: 80 }, api: { port: 82, cartridge: 'node' } },
  });

  it.each<[readonly string[], readonly string[], readonly string[]]>([
    [['shop'], ['web'], ['shop-1', 'shop-2']],
    [['web'], ['web'], ['blog-1', 'blog-2', 'shop-1', 'shop-2']],
    [
      ['blog', 'api'],
      ['api', 'web'],
      ['api-1', 'api-2', 'blog-1', 'blog-2'],
    ],
    [['nobody'], [], []],
  ])('%s acts on what it names', (only, partitions, processes) => {
    const plan = planFor(both, anEmptyWorld(both), { only });
    expect([...new Set(plan.stages.map(({ partition }) => partition))].sort()).toEqual(partitions);
    const made = plan.stages.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.kind === 'process.create' ? [action.process] : [])),
    );
    expect(made.sort()).toEqual(processes);
  });

  it('removes a subscription that is gone, and no VM', () => {
    const plan = planFor(aSpec({ subscriptions: {} }), converge(spec({ processesPerVm: 1 }, { min: 2 })), {
      only: ['shop'],
    });
    expect(transcript(plan)).toContain('removals: remove shop-1@web-1, remove shop-2@web-2');
    expect(transcript(plan)).not.toContainEqual(expect.stringContaining('release'));
  });
});

describe('makePlan moves a subscription to another partition', () => {
  const at = (partition: string) =>
    aSpec({
      partitions: { api: {}, web: {} },
      cartridges: { php: { partition } },
      subscriptions: { shop: { port: 80 } },
    });

  it('by two plans: the new ones first, the old ones when those are ready', () => {
    const world = converge(at('web'));
    const first = planFor(at('api'), world);
    expect(transcript(first)).toContain('processes: create shop-3@api-1, create shop-4@api-1');
    expect(transcript(first)).not.toContainEqual(expect.stringContaining('remove shop'));
    expect(holds(first)).toContain('shop: stays in web until 2 are ready in api: 0 are');
    const slow = applyPlan(at('api'), world, first, { fails: ({ id }) => id === 'process.create:shop-4' });
    expect(transcript(planFor(at('api'), slow))).not.toContainEqual(expect.stringContaining('remove shop'));
    const second = planFor(at('api'), applyPlan(at('api'), world, first));
    expect(transcript(second)).toContain('removals: remove shop-1@web-1, remove shop-2@web-1');
  });
});

describe('makePlan for machines that are processes, and nothing else', () => {
  const site = (min: number) =>
    aSpec({
      partitions: { web: {}, win: { guestsOf: 'web' } },
      cartridges: { php: {}, iis: { partition: 'win', runtime: 'vm' } },
      subscriptions: { shop: { port: 8080 }, app: { cartridge: 'iis', port: 8081, min } },
    });
  const world = converge(site(2));
  const order = (plan: Plan) =>
    plan.stages.flatMap(({ actions }) => actions.map(({ id }) => id)).filter((id) => /^(process|gateway)/.test(id));

  it.each([['app'], ['win']])('%s configures the gateways of another partition', (only) => {
    const more = planFor(site(3), world, { only: [only] });
    expect(order(more)).toEqual(['process.create:app-3', 'gateway.configure:web-1']);
    expect(planFor(site(3), applyPlan(site(3), world, more)).stages).toEqual([]);
    const less = planFor(site(1), world, { only: [only] });
    expect(order(less)).toEqual(['gateway.configure:web-1', 'process.remove:app-2']);
    applyPlan(site(1), world, less);
  });

  it('depends on nothing that is not done: gateways are told as they are', () => {
    const now = disturb(world, { what: 'vm changed', n: 0 });
    const { stages } = planFor(site(3), now, { only: ['win'] });
    const ids = new Set(stages.flatMap(({ actions }) => actions.map(({ id }) => id)));
    for (const { dependsOn } of stages.flatMap(({ actions }) => actions))
      for (const id of dependsOn) expect(ids).toContain(id);
    expect(ids).toContain('gateway.configure:web-1');
  });
});

describe('makePlan ends the VMs whose gateways serve another partition', () => {
  const site = (min: number, subscriptions: object) =>
    aSpec({
      partitions: { web: { min }, win: { guestsOf: 'web' } },
      cartridges: { iis: { partition: 'win', runtime: 'vm' } },
      subscriptions: { ...subscriptions },
    });
  const app = { app: { cartridge: 'iis', port: 8081, min: 1 } };

  it('after its processes have left them, also where ending one fails', () => {
    const now = converge(site(1, app));
    const vms = now.inventory.vms.map((vm) => (vm.name === 'web-1' ? { ...vm, cordoned: true, draining: true } : vm));
    const world = { ...now, inventory: { ...now.inventory, vms } };
    const after = site(0, {});
    const plan = planFor(after, world);
    const at = (id: string) => plan.stages.findIndex(({ actions }) => actions.some((action) => action.id === id));
    expect(at('process.remove:app-1')).toBeGreaterThan(at('gateway.configure:web-1'));
    expect(at('vm.delete:web-1')).toBeGreaterThan(at('process.remove:app-1'));
    expect(plan.stages[at('vm.delete:web-1')]?.after).toEqual([
      plan.stages.findLast((one) => one.partition === 'win')?.id,
    ]);
    const kept = applyPlan(after, world, plan, { fails: ({ id }) => id === 'vm.delete:web-1' });
    expect(kept.inventory.vms.map(({ name }) => name)).toEqual(['web-1']);
    // A gateway that is not told keeps its process.
    const untold = applyPlan(after, world, plan, { fails: ({ kind }) => kind === 'gateway.configure' });
    expect(untold.inventory.processes.map(({ name }) => name)).toEqual(['app-1']);
    expect(planFor(after, applyPlan(after, world, plan)).stages).toEqual([]);
  });
});

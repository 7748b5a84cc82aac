import { describe, expect, it } from 'vitest';
import { cores, type BitRate } from '../../../src/model/quantity.ts';
import { limitsText } from '../../../src/model/limits.ts';
import type { Plan } from '../../../src/model/plan.ts';
import type { Spec } from '../../../src/model/spec.ts';
import type { World } from '../../../src/plan/reference/world.ts';
import {
  applyPlan,
  aSpec,
  converge,
  planFor,
  type CartridgeOptions,
  type SubscriptionOptions,
} from '../../support/builders.ts';
import { disturb } from '../../support/plan-worlds.ts';

/** `shop` on VMs of 2 CPU and 2 GiB. */
function spec(cartridge: CartridgeOptions, subscription: SubscriptionOptions = {}): Spec {
  return aSpec({ cartridges: { php: cartridge }, subscriptions: { shop: { min: 2, ...subscription } } });
}
const lines = (plan: Plan): string[] =>
  plan.stages.flatMap(({ actions }) => actions.map((action) => `${action.id} ${action.reason}`));
const limitsIn = (world: World): (string | undefined)[] =>
  Object.values(world.observation.vms).flatMap((vm) =>
    vm.status === 'reached' ? vm.processes.map(({ limits }) => limits) : [],
  );

describe('makePlan with other limits', () => {
  it('changes what runs, and what is stopped, as it is', () => {
    const [before, after] = [spec({ memory: 256, cpu: 0.25 }), spec({ memory: 512, cpu: 0.1 })];
    const world = disturb(converge(before), { what: 'container stopped', n: 1 });
    const plan = planFor(after, world);
    expect(lines(plan)).toEqual([
      'process.limit:shop-1 CPU 0.25 → 0.1, memory 256Mi → 512Mi',
      'process.limit:shop-2 CPU 0.25 → 0.1, memory 256Mi → 512Mi',
      'process.start:shop-2 its container is stopped',
    ]);
    const php = after.cartridges.php;
    expect(limitsIn(applyPlan(after, world, plan))).toEqual(Array(2).fill(php && limitsText(php.resources)));
  });

  it('says what of the traffic is limited from now on', () => {
    const before = spec({});
    const php = before.cartridges.php;
    if (!php) throw new Error('no cartridge');
    const resources = { ...php.resources, bandwidth: { in: 1_500_000 as BitRate } };
    const after = { ...before, cartridges: { php: { ...php, resources } } };
    expect(lines(planFor(after, converge(before)))[0]).toBe('process.limit:shop-1 bandwidth in none → 1.5Mbit');
    const slower = { ...php, resources: { ...resources, cpu: cores(0.2) } };
    expect(lines(planFor({ ...before, cartridges: { php: slower } }, converge(after)))[0]).toMatch(/CPU .* → 0\.2$/);
  });

  it('gives what failed its new limits before it is tried again', () => {
    const after = spec({ memory: 512 });
    const plan = planFor(after, disturb(converge(spec({ memory: 256 })), { what: 'record failed', n: 0 }));
    expect(
      lines(plan)
        .slice(0, 3)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['process.limit:shop-1', 'process.limit:shop-2', 'process.create:shop-1']);
  });

  it('gives what is replaced its limits with its successor alone', () => {
    const plan = planFor(spec({ memory: 512, image: 'php:2' }), converge(spec({ memory: 256 })));
    expect(lines(plan).filter((line) => line.startsWith('process.limit'))).toEqual([]);
  });

  it('moves no more of what its VM has no room for than that the others fit', () => {
    // Eight of 256 MiB fill a VM; of 512 MiB four do.
    const [before, after] = [spec({ memory: 256, cpu: 0.1 }, { min: 8 }), spec({ memory: 512, cpu: 0.1 }, { min: 8 })];
    const world = converge(before);
    expect(world.inventory.vms).toHaveLength(1);
    const first = lines(planFor(after, world));
    expect(first.filter((line) => line.startsWith('process.limit'))).toHaveLength(4);
    const done = converge(after, world);
    expect(done.inventory.vms).toHaveLength(2);
    expect(new Set(limitsIn(done))).toEqual(
      new Set([after.cartridges.php && limitsText(after.cartridges.php.resources)]),
    );
  });

  it('lets what has volumes keep its limits where there is no room for others, and says so', () => {
    const volumes = [{ name: 'data', path: '/data' }];
    const before = spec({ memory: 1024, volumes }, { min: 2 });
    const world = converge(before);
    const plan = planFor(spec({ memory: 2048, volumes }, { min: 2 }), world);
    const missed = plan.holds.filter(({ unmet }) => unmet).map(({ target, reason }) => `${target}: ${reason}`);
    const why = 'web-1 has no room for its new limits, and its volumes are there: it keeps the old ones';
    expect(missed).toEqual([`shop-1: ${why}`, `shop-2: ${why}`]);
    expect(lines(plan)).toEqual([]);
  });

  it('lets a disk grow as it is, and replaces what has a larger one than it shall have', () => {
    const world = converge(spec({ disk: 64 }));
    expect(lines(planFor(spec({ disk: 128 }), world))).toEqual([
      'process.limit:shop-1 disk 64Mi → 128Mi',
      'process.limit:shop-2 disk 64Mi → 128Mi',
    ]);
    const smaller = spec({ disk: 32, memory: 128 });
    const plan = lines(planFor(smaller, world));
    expect(plan.filter((line) => line.startsWith('process.limit'))).toEqual([]);
    expect(plan).toContain('process.remove:shop-1 its disk gets smaller only when it is made anew');
    const done = converge(smaller, world);
    expect(new Set(limitsIn(done))).toEqual(new Set(['cpu=0.25 memory=134217728 pids=512 disk=33554432']));
    expect(planFor(smaller, done).stages).toEqual([]);
  });

  it('replaces in place what has volumes and a larger disk than it shall have', () => {
    const volumes = [{ name: 'data', path: '/data' }];
    const world = converge(spec({ disk: 64, volumes }));
    const plan = lines(planFor(spec({ disk: 32, volumes }), world));
    const why = 'its disk gets smaller only when it is made anew; replaced in place as it has volumes';
    expect(plan).toContain(`process.remove:shop-1 ${why}`);
    expect(limitsIn(converge(spec({ disk: 32, volumes }), world))).toEqual(
      Array(2).fill('cpu=0.25 memory=268435456 pids=512 disk=33554432'),
    );
  });
});

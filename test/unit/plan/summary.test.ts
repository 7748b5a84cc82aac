import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { isEmpty, summarize } from '../../../src/plan/summary.ts';
import { anEmptyWorld, aSpec, converge, planFor } from '../../support/builders.ts';
import { disturb } from '../../support/plan-worlds.ts';

const AT_ONCE = { after: millis(0), afterGrowth: millis(0) };

describe('summarize', () => {
  const spec = aSpec({ partitions: { web: { min: 2 } }, subscriptions: { shop: { min: 4, port: 80 } } });
  const world = converge(spec);
  const changed = aSpec({
    partitions: { web: { min: 2 } },
    cartridges: { php: { image: 'php:2' } },
    subscriptions: { shop: { min: 5, port: 80 } },
  });

  it.each([
    ['what is new', planFor(spec, anEmptyWorld(spec)), '4 to create, 2 VMs to add'],
    ['what is replaced', planFor(changed, world), '1 to create, 4 to replace'],
    [
      'what goes',
      planFor(aSpec({ partitions: { web: { scaleDown: AT_ONCE } }, subscriptions: {} }), world),
      '4 to remove, 1 VM to release',
    ],
    ['what is repaired', planFor(spec, disturb(world, { what: 'container stopped', n: 0 })), '1 to start'],
    ['gateways', planFor(spec, disturb(world, { what: 'gateway edited', n: 0 })), '1 gateway to configure'],
    ['nothing', planFor(spec, world), 'nothing to do'],
  ])('puts %s into a line', (_, plan, text) => {
    expect(summarize(plan).text).toBe(text);
    expect(isEmpty(plan)).toBe(text === 'nothing to do');
  });

  it('counts actions by kind', () => {
    expect(summarize(planFor(spec, anEmptyWorld(spec))).counts).toEqual({
      'vm.create': 2,
      'vm.prepare': 2,
      'image.copy': 1,
      'process.create': 4,
      'gateway.configure': 2,
    });
  });
});

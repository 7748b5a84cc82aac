import { describe, expect, it } from 'vitest';
import { NO_MEMORY } from '../../../src/model/memory.ts';
import { NO_MEASUREMENT } from '../../../src/model/signal.ts';
import { instant } from '../../../src/model/quantity.ts';
import type { ProcessState } from '../../../src/model/inventory.ts';
import { decide } from '../../../src/policy/decide.ts';
import { anInventory, anObservation, aSpec, type SubscriptionOptions } from '../../support/builders.ts';

function decideFor(options: SubscriptionOptions, states: readonly ProcessState[]) {
  const spec = aSpec({ subscriptions: { shop: options } });
  const processes = states.map((state, at) => ({
    name: `shop-${at + 1}`,
    subscription: 'shop',
    ordinal: at + 1,
    vm: 'web-1',
    index: at + 1,
    image: 'sha256:1',
    fingerprint: 'f',
    state,
    createdAt: '2026-01-01T00:00:00.000Z',
  }));
  const inventory = anInventory({ processes });
  return decide({
    spec,
    inventory,
    observation: anObservation(spec),
    measurement: { at: instant(0), ...NO_MEASUREMENT },
    history: {},
    memory: NO_MEMORY,
    now: instant(0),
  });
}

const ready = (count: number): ProcessState[] => Array.from({ length: count }, () => 'ready');
const target = { requestsInFlight: 20 };

describe('decide', () => {
  it.each([
    ['runs the minimum where there is no target', { min: 2 }, ready(5), 2],
    ['runs nothing where the minimum is 0', { min: 0 }, [], 0],
    ['holds the count where nothing was measured', { min: 2, max: 9, target }, ready(5), 5],
    ['raises to the minimum', { min: 2, max: 9, target }, ready(1), 2],
    ['lowers to the maximum', { min: 2, max: 4, target }, ready(9), 4],
    ['counts what is being created and what failed', { min: 0, max: 9, target }, ['creating', 'failed', 'ready'], 3],
    ['leaves out what leaves', { min: 0, max: 9, target }, ['leaving', 'ready'], 1],
  ] as const)('%s', (_, options, states, desired) => {
    const decision = decideFor(options, states).processes.shop;
    expect(decision?.desired).toBe(desired);
    expect(decision?.reasons.length).toBeGreaterThan(0);
  });

  it('says that there is no data, signal by signal, and which bound it met', () => {
    const decision = decideFor({ min: 2, max: 4, target: { requestsInFlight: 20, cpu: 0.7 } }, ready(9)).processes.shop;
    expect(decision?.reasons).toEqual([
      'no data for cpu: the count holds',
      'no data for requestsInFlight: the count holds',
      'lowered from 9 to 4 by policy shop-scaling: max 4',
    ]);
    expect(decision?.current).toBe(9);
  });

  it('takes the bounds of VMs from the partition policy', () => {
    expect(decideFor({}, []).vms.web).toEqual({
      partition: 'web',
      min: 1,
      max: 4,
      reasons: ['policy web-vms wants 1 to 4 VMs'],
      removable: {},
    });
  });
});

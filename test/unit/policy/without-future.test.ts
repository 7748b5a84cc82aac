import { describe, expect, it } from 'vitest';
import { NO_MEMORY, type PolicyMemory, type SubscriptionMemory } from '../../../src/model/memory.ts';
import { instant } from '../../../src/model/quantity.ts';
import { withoutFuture } from '../../../src/policy/without-future.ts';
import { ago, MINUTE, NOW } from './scene.ts';

const LATER = instant(NOW + MINUTE);
const BEFORE = ago(MINUTE);
const of = (shop: Partial<SubscriptionMemory>): PolicyMemory => ({
  ...NO_MEMORY,
  subscriptions: { shop: { wanted: [], ...shop } },
});

describe('withoutFuture', () => {
  it.each([
    ['raisedAt', { raisedAt: LATER, loweredAt: BEFORE }, { raisedAt: NOW, loweredAt: BEFORE }],
    ['loweredAt', { raisedAt: BEFORE, loweredAt: LATER }, { raisedAt: BEFORE, loweredAt: NOW }],
    ['panic', { panic: { since: BEFORE, last: LATER, count: 3 } }, { panic: { since: BEFORE, last: NOW, count: 3 } }],
    [
      'its beginning',
      { panic: { since: LATER, last: BEFORE, count: 3 } },
      { panic: { since: NOW, last: BEFORE, count: 3 } },
    ],
    [
      'wanted',
      {
        wanted: [
          { at: LATER, count: 4 },
          { at: BEFORE, count: 2 },
        ],
      },
      {
        wanted: [
          { at: NOW, count: 4 },
          { at: BEFORE, count: 2 },
        ],
      },
    ],
  ] as const)('takes a time to come of a subscription for now: %s', (_what, before, after) => {
    expect(withoutFuture(of(before), NOW).subscriptions).toEqual(of(after).subscriptions);
  });

  it('does so for VMs and machines that failed', () => {
    const memory: PolicyMemory = {
      ...NO_MEMORY,
      vms: { 'web-1': { unneededSince: LATER }, 'web-2': { grewAt: LATER }, 'web-3': { grewAt: BEFORE } },
      bootFailedAt: { web: LATER, db: BEFORE },
    };
    expect(withoutFuture(memory, NOW)).toEqual({
      ...memory,
      vms: { 'web-1': { unneededSince: NOW }, 'web-2': { grewAt: NOW }, 'web-3': { grewAt: BEFORE } },
      bootFailedAt: { web: NOW, db: BEFORE },
    });
  });

  it('leaves what is of the past, and of now, as it is', () => {
    const memory: PolicyMemory = {
      ...of({ raisedAt: NOW, wanted: [{ at: NOW, count: 1 }] }),
      vms: { 'web-1': { unneededSince: NOW } },
    };
    const past = withoutFuture(memory, NOW);
    expect(past).toEqual(memory);
    expect(past.subscriptions).toBe(memory.subscriptions);
    expect(past.vms).toBe(memory.vms);
  });
});

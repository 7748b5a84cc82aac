import { describe, expect, it } from 'vitest';
import { trafficOf } from '../../../src/reconcile/traffic-of.ts';
import { aSpec, converge, type SubscriptionOptions } from '../../support/builders.ts';

function asked(shop: SubscriptionOptions): readonly string[] {
  const plain = {
    partitions: { web: {}, jobs: {} },
    cartridges: { php: {}, worker: { partition: 'jobs' } },
    subscriptions: { shop: { port: 8080 }, queue: { cartridge: 'worker' } },
  };
  const { inventory } = converge(aSpec(plain));
  return [...trafficOf(aSpec({ ...plain, subscriptions: { ...plain.subscriptions, shop } }), inventory)];
}

describe('trafficOf', () => {
  it('asks nobody where only bounds count', () => {
    expect(asked({})).toEqual([]);
  });

  it.each<[string, SubscriptionOptions]>([
    ['a target', { target: { requestsInFlight: 10 } }],
    ['an idle policy', { idle: {} }],
    ['a minimum of nothing', { min: 0 }],
  ])('asks the VMs of the partition of a subscription with %s', (_what, shop) => {
    expect(asked(shop)).toEqual(['web-1']);
  });
});

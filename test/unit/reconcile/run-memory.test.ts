/** Which runs leave something for the next one: those that apply, and no other. */
import { expect, test } from 'vitest';
import type { RunRecord } from '../../../src/inventory/run-memory.ts';
import { NO_COUNTERS } from '../../../src/model/counters.ts';
import { InterruptedError } from '../../../src/model/errors.ts';
import type { StratosEvent } from '../../../src/model/event.ts';
import { NO_MEMORY } from '../../../src/model/memory.ts';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { Deps, RunLimits } from '../../../src/reconcile/deps.ts';
import { planRun } from '../../../src/reconcile/plan-run.ts';
import { reconcile } from '../../../src/reconcile/reconcile.ts';
import { memoryInventory, someDeps } from '../../cli/support.ts';
import { anInventory, aSpec } from '../../support/builders.ts';

const NOW = instant(1_700_000_000_000);
const HOLDER = { id: '1', pid: 1, host: 'here', user: 'me', operation: 'reconcile', since: '' };
const limits = (): RunLimits => ({
  ...{ only: [], lockTimeout: millis(0), parallel: 4, signal: new AbortController().signal },
});

/** A fleet with nothing to do, or one whose IaaS refuses to make its only VM; what was left, and what was asked for. */
function aFleet(vms: number, change: Partial<Deps> = {}) {
  const left: RunRecord[] = [];
  const recalled: (readonly [number, number])[] = [];
  const events: StratosEvent[] = [];
  const lock = () => Promise.resolve({ holder: HOLDER as never, release: () => Promise.resolve() });
  const refuse = () => Promise.reject(new InterruptedError('no machines today'));
  const deps = someDeps({
    loadSpec: () =>
      Promise.resolve(
        aSpec({
          partitions: { web: { min: vms } },
          subscriptions: { shop: { min: 0, tuning: { window: millis(400_000) } } },
        }),
      ),
    inventory: memoryInventory(anInventory(), { lock }),
    memory: {
      recall: (since, until) => {
        recalled.push([since, until]);
        const memory = { ...NO_MEMORY, bootFailures: { web: 1 } };
        return Promise.resolve({ history: {}, counters: NO_COUNTERS, memory });
      },
      remember: (record) => {
        left.push(record);
        return Promise.resolve();
      },
    },
    storeOf: () => Promise.resolve({ find: () => Promise.resolve(undefined) } as never),
    providerOf: () => Promise.resolve({ list: () => Promise.resolve([]), create: refuse, start: refuse } as never),
    identity: () => Promise.resolve({ privateKeyFile: '', publicKey: '' }),
    who: () => 'op@desk',
    runHook: () => Promise.resolve(undefined),
    fingerprintKey: () => Promise.resolve('key'),
    now: () => NOW,
    emit: (event) => void events.push(event),
    ...change,
  });
  return { deps, left, recalled };
}

test('an applied run leaves samples, counters and memory, also where there was nothing to do', async () => {
  const { deps, left, recalled } = aFleet(0);
  expect(await reconcile(deps, limits())).toMatchObject({ done: 0, failed: [] });
  expect(left).toMatchObject([
    { samples: { at: NOW, samples: {} }, counters: { vms: {}, lastUsed: {} }, memory: { bootFailures: { web: 1 } } },
  ]);
  // Two windows back, as policy does.
  expect(recalled).toEqual([[NOW - 800_000, NOW]]);
});

test('a plan leaves nothing', async () => {
  const { deps, left, recalled } = aFleet(0);
  await planRun(deps, limits());
  expect(recalled).toHaveLength(1);
  expect(left).toEqual([]);
});

test('a run that ends before its end leaves what it decided, once', async () => {
  const { deps, left } = aFleet(1);
  const outcome = await reconcile(deps, limits()).catch((error: unknown) => error);
  expect(outcome).toBeDefined();
  expect(left).toHaveLength(1);
  expect(left[0]?.memory.subscriptions).toBeDefined();
});

import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runMemory, type RunRecord } from '../../../src/inventory/run-memory.ts';
import { NO_COUNTERS, type Counters } from '../../../src/model/counters.ts';
import { NO_MEMORY, type PolicyMemory } from '../../../src/model/memory.ts';
import { instant } from '../../../src/model/quantity.ts';
import { tempDir } from './temp-dir.ts';

const T = instant(1_700_000_000_000);
const counters: Counters = {
  vms: {
    'web-1': {
      ...{ at: T, bootId: 'b', uptime: 12.5, cpuSeconds: 3 },
      processes: { 'shop-1': { start: '7', cpuSeconds: 1 }, 'shop-2': { cpuSeconds: 1 } },
      gateway: { worker: '1.1', servers: { 'shop-1': { requests: 5, errors: 0 }, 'shop-2': {} }, refused: { shop: 1 } },
    },
  },
  lastUsed: { 'shop-1': T },
};
const memory: PolicyMemory = {
  subscriptions: {
    shop: { raisedAt: T, panic: { since: T, last: T, count: 3 }, wanted: [{ at: T, count: 2 }] },
    blog: { wanted: [] },
  },
  vms: { 'web-1': { unneededSince: T }, 'web-2': {} },
  idleSince: { 'shop-1': T },
  bootFailures: { web: 2 },
};
const record: RunRecord = {
  samples: { at: T, samples: { shop: { at: T, count: 1, sums: { cpu: 1 } } } },
  counters,
  memory,
};

async function aMemory(directory?: string) {
  const warnings: string[] = [];
  const own = directory ?? (await tempDir());
  return { directory: own, warnings, ...runMemory(own, (message) => void warnings.push(message)) };
}
const recall = (from: { readonly recall: ReturnType<typeof runMemory>['recall'] }) => from.recall(instant(T - 1000), T);

describe('runMemory', () => {
  it('begins with nothing, and says nothing of it', async () => {
    const first = await aMemory();
    expect(await recall(first)).toEqual({ history: {}, counters: NO_COUNTERS, memory: NO_MEMORY });
    expect(first.warnings).toEqual([]);
    await expect(stat(join(first.directory, '.stratos'))).rejects.toThrow('ENOENT');
  });

  it('gives the next run what this one left, for its owner only', async () => {
    const first = await aMemory();
    await first.remember(record);
    expect(await recall(await aMemory(first.directory))).toEqual({
      history: { shop: [record.samples.samples.shop] },
      counters,
      memory,
    });
    for (const name of ['samples.jsonl', 'counters.json', 'policy-memory.json'])
      expect((await stat(join(first.directory, '.stratos', name))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['counters.json', '', 'the file is damaged'],
    ['counters.json', '{"version":1,"value":{"vms":{"web-1":null},"lastUsed":{}}}', 'of "web-1" is wrong'],
    ['counters.json', '{"version":1,"value":{"vms":{},"lastUsed":{"shop-1":1e999}}}', 'of "shop-1" must be a number'],
    ['counters.json', '{"version":9,"value":{}}', 'another version of stratos wrote it'],
    [
      'policy-memory.json',
      '{"version":1,"value":{"subscriptions":{"shop":{}},"vms":{},"idleSince":{},"bootFailures":{}}}',
      'wanted must be a list',
    ],
    ['policy-memory.json', '[]', 'another version'],
    ['policy-memory.json', 'CUT', 'the file is damaged'],
  ])('begins anew where %s is damaged: %s', async (name, text, reason) => {
    const first = await aMemory();
    await first.remember(record);
    const file = join(first.directory, '.stratos', name);
    await writeFile(file, text === 'CUT' ? (await readFile(file, 'utf8')).slice(0, -9) : text);
    const second = await aMemory(first.directory);
    const left = await recall(second);
    expect(name.startsWith('counters') ? left.counters : left.memory).toEqual(
      name.startsWith('counters') ? NO_COUNTERS : NO_MEMORY,
    );
    expect(left.history.shop).toHaveLength(1);
    expect(second.warnings).toEqual([expect.stringContaining(reason)]);
    expect(second.warnings[0]).toMatch(/^Cannot read the (counters of the run before|memory of policy) as /);
    await second.remember(record);
    expect(await recall(await aMemory(first.directory))).toMatchObject({ counters, memory });
  });

  it('warns where it cannot write, and fails nothing', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, '.stratos'), 'a file');
    const run = await aMemory(directory);
    await run.remember(record);
    expect(run.warnings.length).toBeGreaterThan(0);
    expect(run.warnings[0]).toMatch(/^Cannot write the file as .*\.stratos/);
    expect(await recall(run)).toMatchObject({ counters: NO_COUNTERS, memory: NO_MEMORY });
  });

  it('costs a round little', async () => {
    const run = await aMemory();
    // 50 ms are the goal of a whole round. The best of some counts: what else the machine does is not of it.
    let best = Infinity;
    for (let n = 0; n < 50; n++) {
      const started = performance.now();
      await run.remember({ ...record, samples: { ...record.samples, at: instant(T + n) } });
      await run.recall(T, instant(T + n));
      best = Math.min(best, performance.now() - started);
    }
    expect(best).toBeLessThan(20);
  });
});

/** Sleep and wake on real VMs: the scripts, hooks and units, through real gateways. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { get, sleepLab, type SleepLab, type Sleeper } from '../support/sleep-lab.ts';

const SHOP: Sleeper = { name: 'shop-1', index: 1, vm: 0 };
let lab: SleepLab;

beforeAll(async () => {
  lab = await sleepLab(2);
  await lab.create([SHOP]);
  await lab.serve({ alias: 'shop' }, [SHOP]);
});
afterAll(() => lab[Symbol.asyncDispose]());

const url = (vm = 0): string => `http://${lab.address(vm)}:8080/`;

describe.each(['frozen', 'stopped'] as const)('a process that is %s', (depth) => {
  test.each([0, 1])('is woken by a request to the gateway of VM %i', async (vm) => {
    await lab.until('UP', SHOP, 0, 1);
    await lab.shell('while systemctl is-active --quiet "stratos-wake@*.service"; do sleep 0.2; done');
    expect(await lab.sleep(depth, SHOP)).toEqual([{ name: 'shop-1', slept: true, depth }]);
    expect(await lab.stateOf(SHOP)).toBe(depth);
    await lab.until('DOWN', SHOP, 0, 1);
    const answer = await get(url(vm));
    console.log(depth, vm, answer);
    expect(answer).toMatchObject({ status: 200, body: 'hello\n' });
    expect(await lab.stateOf(SHOP)).toBe('awake');
    await lab.until('UP', SHOP, 0, 1);
    expect(
      await lab.shell('cat /var/lib/stratos/processes/shop-1/asleep; nft list set inet stratos asleep'),
    ).not.toContain('elements');
  });
});

/** What nobody asks for is put to sleep by policy, and the next request wakes it without Stratos: real VMs, real gateways. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plannedKinds, until } from '../support/fleet.ts';
import { startLoad } from '../support/http-load.ts';
import { getPage, STATIC_CARTRIDGE, testProject, type RunningCli, type TestProject } from '../support/project.ts';

const SPEC = `
policies:
  partition:
    two: { vms: { min: 2, max: 2 }, vm: { cpu: 2, memory: 1Gi }, processesPerVm: 2 }
  idle:
    nap: { freezeAfter: 2s, stopAfter: 5s, wake: on-request }
partitions:
  web: { policy: two, placement: [{ iaas: lab }] }
cartridges:
  static:
    image: static:1
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.1 }
subscriptions:
  shop: { cartridge: static, processes: { min: 2, max: 2 }, spread: true, idle: nap, port: 8080 }
  blog: { cartridge: static, processes: { min: 1, max: 1 }, port: 8081 }
`;

let project: TestProject;
let watching: RunningCli | undefined;

const shop = async (...args: readonly string[]) => {
  const { subscriptions } = await project.status(...args);
  const found = subscriptions.find(({ alias }) => alias === 'shop');
  if (!found) throw new Error('There is no shop');
  return found;
};
const depths = async () => (await shop()).processes.map(({ depth }) => depth);
const stopWatching = async () => {
  watching?.child.kill('SIGINT');
  await watching?.result;
  watching = undefined;
};
const sleepUntil = async (depth: 'frozen' | 'stopped') => {
  watching = project.start('reconcile', '--watch', '1s');
  await until(`both are ${depth}`, async () => (await depths()).every((each) => each === depth), 60_000);
  await stopWatching();
};

beforeAll(async () => {
  project = await testProject(SPEC);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
  await project.must('reconcile');
}, 300_000);
afterAll(async () => {
  await stopWatching();
  await project.dispose();
});

describe('an idle subscription', () => {
  test('is frozen, and the first request wakes one process without Stratos', async () => {
    await sleepUntil('frozen');
    const { urls } = await shop();
    expect(await getPage(urls[1] ?? '')).toBe(200);
    const { ready, asleep } = await shop('--refresh');
    expect({ ready, asleep }).toEqual({ ready: 1, asleep: 1 });
  });

  test('is stopped later on; both gateways answer, many at once, and a run after it finds nothing to mend', async () => {
    await sleepUntil('stopped');
    expect((await project.must('status')).stdout).toMatch(/shop .* 0\/2, 2 asleep/);
    const { urls } = await shop();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => getPage(urls[n % 2] ?? '')));
    expect(answers).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await plannedKinds(project)).filter((kind) => kind !== 'process.sleep')).toEqual([]);
  });

  test('stays awake while it is used', async () => {
    const { urls } = await shop();
    const load = startLoad({ url: urls[0] ?? '', clients: 2, keepAlive: true, pause: 200 });
    watching = project.start('reconcile', '--watch', '1s');
    await new Promise((resolve) => setTimeout(resolve, 8000));
    await stopWatching();
    expect((await shop('--refresh')).ready).toBeGreaterThanOrEqual(1);
    expect((await load.stop()).failures).toEqual({});
  });

  test('sleeps through the use of its neighbours', async () => {
    await sleepUntil('stopped');
    const blog = (await project.status()).subscriptions.find(({ alias }) => alias === 'blog');
    const load = startLoad({ url: blog?.urls[0] ?? '', clients: 2, keepAlive: false });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect((await load.stop()).failures).toEqual({});
    const { asleep } = await shop('--refresh');
    expect(asleep).toBe(2);
  });
});

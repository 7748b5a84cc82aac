/** Sleep and wake as an operator has them: by command, and by the first request, through gateways that stratos configured. */
import { expect, test } from 'vitest';
import { STATIC_CARTRIDGE, staticSpec, testProject } from '../support/project.ts';
import { get } from '../support/sleep-lab.ts';

test('a process sleeps by command, is not entered, and is woken by a request and by command', async () => {
  const spec = staticSpec({ vms: [2, 2], processesPerVm: 1, cpu: 1 }).replace(
    'policies:\n',
    'policies:\n  idle:\n    nap: { freezeAfter: 1h, stopAfter: 2h }\n',
  );
  await using project = await testProject(spec);
  await project.must('cartridge', 'build', STATIC_CARTRIDGE);
  await project.must(
    'subscribe',
    'shop',
    '--cartridge',
    'static',
    '--port',
    '8080',
    '--min',
    '1',
    '--max',
    '1',
    '--idle',
    'nap',
  );
  await project.must('reconcile');
  const urls = (await project.status()).subscriptions[0]?.urls ?? [];
  expect(urls).toHaveLength(2);
  for (const [at, depth] of (['frozen', 'stopped'] as const).entries()) {
    expect((await project.must('process', 'sleep', 'shop-1', '--depth', depth)).stdout).toContain('sleeps');
    const entered = await project.stratos('process', 'exec', 'shop-1', '--', 'true');
    expect(entered.code).not.toBe(0);
    expect(entered.stderr).toContain('as it is asleep');
    expect((await project.stratos('plan', '--detailed-exitcode')).stdout).not.toContain('start on');
    expect(await get(urls[at] ?? '')).toMatchObject({ status: 200 });
    await project.must('process', 'exec', 'shop-1', '--', 'true');
    // Led to by its wake port until nobody has come for a while.
    await expect
      .poll(async () => (await project.stratos('process', 'sleep', 'shop-1')).code, { timeout: 30_000 })
      .toBe(0);
    expect((await project.must('process', 'wake', 'shop-1')).stdout).toBe('shop-1 is awake\n');
  }
  const unknown = await project.stratos('process', 'wake', 'shop-9');
  expect(unknown).toMatchObject({ code: 1 });
  expect(unknown.stderr).toContain('Cannot find the process: "shop-9"; did you mean shop-1?');
}, 240_000);

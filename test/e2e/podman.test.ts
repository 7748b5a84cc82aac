/** A cartridge with runtime podman on one VM, through its life: up, scaled, entered, asleep and woken, another image, gone. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectConverged } from '../support/fleet.ts';
import { STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';
import { get } from '../support/sleep-lab.ts';

let project: TestProject;
let url: string;
beforeAll(async () => {
  const spec = staticSpec({ vms: [1, 1], processesPerVm: 4, cpu: 2, cartridge: 'runtime: podman' });
  project = await testProject(
    spec.replace('policies:\n', 'policies:\n  idle: { nap: { freezeAfter: 1h, stopAfter: 2h } }\n'),
  );
  await project.must('cartridge', 'build', STATIC_CARTRIDGE);
  const ports = ['--cartridge', 'static', '--port', '8080', '--idle', 'nap'];
  await project.must('subscribe', 'shop', ...ports, '--min', '1', '--max', '1');
  await project.must('reconcile');
  url = (await project.status()).subscriptions[0]?.urls[0] ?? '';
}, 300_000);
afterAll(() => project.dispose());

test('answers through the gateway, and is scaled', async () => {
  expect(await get(url)).toMatchObject({ status: 200 });
  await project.must('scale', 'shop', '--min', '2', '--max', '2');
  await project.must('reconcile');
  await expectConverged(project);
  const { stdout } = await project.must(
    'process',
    'exec',
    'shop-2',
    '--',
    'cat',
    '/run/.containerenv',
    '/proc/1/uid_map',
  );
  expect(stdout).toMatch(/^\s*0 +100000 +65536$/m);
}, 120_000);

test('sleeps, and is woken by a request', async () => {
  for (const depth of ['frozen', 'stopped']) {
    await expect
      .poll(async () => (await project.stratos('process', 'sleep', 'shop-1', '--depth', depth)).code, {
        timeout: 60_000,
      })
      .toBe(0);
    await project.must('process', 'wake', 'shop-1');
  }
  await project.must('scale', 'shop', '--min', '1', '--max', '1');
  await project.must('reconcile');
  await expect
    .poll(async () => (await project.stratos('process', 'sleep', 'shop-1')).code, { timeout: 60_000 })
    .toBe(0);
  expect(await get(url)).toMatchObject({ status: 200 });
}, 240_000);

test('becomes an image, which is rolled out', async () => {
  const script = 'echo changed >/www/index.html';
  await project.must('process', 'exec', 'shop-1', '--', 'sh', '-c', script);
  await project.must('cartridge', 'commit', 'shop', '--tag', 'static:2');
  await project.must('rollout', 'shop', '--image', 'static:2');
  await expectConverged(project);
  expect(await (await fetch(url)).text()).toBe('changed\n');
}, 120_000);

test('is repaired where somebody removed podman, and leaves nothing', async () => {
  await project.onVm('web-1', 'mv /usr/bin/podman /usr/bin/podman.aside');
  expect((await project.stratos('doctor')).stdout).toContain('podman is gone');
  await project.onVm('web-1', 'mv /usr/bin/podman.aside /usr/bin/podman');
  await project.must('unsubscribe', 'shop');
  await project.must('reconcile');
  const left = 'ls /var/lib/stratos/processes; ls -d /sys/fs/cgroup/*/lxc.payload.* 2>/dev/null; pgrep -x conmon';
  expect(await project.onVm('web-1', `{ ${left}; } | grep -v ":$" | grep .; :`)).toBe('');
}, 120_000);

/** VMs of Debian 13, with its systemd, LXC, nftables and HAProxy: the main job, and what depends most on their versions. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plannedKinds, reboot } from '../support/fleet.ts';
import {
  getPage,
  requestLoad,
  STATIC_CARTRIDGE,
  staticSpec,
  testProject,
  type TestProject,
} from '../support/project.ts';

let project: TestProject;
beforeAll(async () => {
  project = await testProject(
    `${staticSpec({ vms: [1, 1], processesPerVm: 4, cpu: 2, cartridge: 'env: { GREETING: hello }' })}subscriptions:
  shop: { cartridge: static, idle: nap, processes: { min: 2, max: 2 }, port: 8080 }
`.replace('policies:\n', 'policies:\n  idle: { nap: { freezeAfter: 1h, stopAfter: 2h } }\n'),
  );
  await project.editSpec('kind: local,', 'kind: local, suite: trixie,');
  await project.must('cartridge', 'build', STATIC_CARTRIDGE);
  // The base is built once, by debootstrap.
  await project.must('reconcile');
}, 900_000);
afterAll(() => project.dispose());

const page = async () => getPage((await project.status()).subscriptions[0]?.urls[0] ?? '');

test('is Debian 13, answers, and a second reconcile has nothing to do', async () => {
  expect(await project.onVm('web-1', 'cat /etc/debian_version')).toMatch(/^13/);
  expect(await project.onVm('web-1', 'systemctl is-system-running')).toBe('running\n');
  expect(await page()).toBe(200);
  expect((await project.must('reconcile')).stdout).toContain('nothing to do: 2 processes on 1 VM as specified');
  expect((await project.must('doctor')).stdout).toContain('all well');
});

test('undoes what somebody did to its network', async () => {
  await project.onVm('web-1', 'nft flush ruleset; ip link delete dev stratosbr0');
  expect(await plannedKinds(project)).toEqual(['vm.prepare']);
  await project.must('reconcile');
  expect(await plannedKinds(project)).toEqual([]);
  expect(await page()).toBe(200);
});

test('goes back to a snapshot', async () => {
  const write = (word: string) => project.must('process', 'exec', 'shop-1', '--', 'sh', '-c', `echo ${word} >/marker`);
  await write('first');
  await project.must('process', 'snapshot', 'shop-1');
  await write('second');
  await project.must('process', 'restore', 'shop-1', 'snap0');
  expect((await project.must('process', 'exec', 'shop-1', '--', 'cat', '/marker')).stdout).toBe('first\n');
});

test('sleeps, and is woken', async () => {
  for (const depth of ['frozen', 'stopped']) {
    await project.must('process', 'sleep', 'shop-2', '--depth', depth);
    await project.must('process', 'wake', 'shop-2');
  }
  expect(await plannedKinds(project)).toEqual([]);
});

test('rolls out without losing a request', async () => {
  const load = requestLoad((await project.status()).subscriptions[0]?.urls[0] ?? '');
  await project.editSpec('GREETING: hello', 'GREETING: good day');
  await project.must('reconcile');
  const counts = await load.stop();
  expect([...counts.keys()]).toEqual(['200']);
  expect(await plannedKinds(project)).toEqual([]);
});

test('has its processes again after it was started anew', async () => {
  await reboot(project, 'web-1');
  await expect.poll(page, { timeout: 60_000, interval: 500 }).toBe(200);
  await project.must('reconcile');
  expect(await plannedKinds(project)).toEqual([]);
});

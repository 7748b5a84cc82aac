/** The main job on real VMs: from a spec to pages, and reconcile keeps it so whatever is broken. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { reconcileUntil } from '../support/fleet.ts';
import { getPage, requestLoad, testProject, type TestProject } from '../support/project.ts';

const CARTRIDGE = fileURLToPath(new URL('../../fixtures/cartridges/static', import.meta.url));

const SPEC = `
policies:
  partition:
    web-vms:
      vms: { min: 2, max: 3 }
      vm: { cpu: 4, memory: 1Gi }
      processesPerVm: 3
      scaleDown: { after: 0s, afterGrowth: 0s, below: 1% }
partitions:
  web: { policy: web-vms, placement: [{ iaas: lab }] }
cartridges:
  static:
    image: static:1
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.1 }
    env: { GREETING: hello }   # a comment that edits keep
`;

let project: TestProject;
beforeAll(async () => {
  project = await testProject(SPEC);
  await project.must('cartridge', 'build', CARTRIDGE, '--tag', 'static:1');
  await project.must('subscribe', 'shop', '--cartridge', 'static', '--port', '8080', '--min', '4', '--max', '6');
}, 300_000);
afterAll(() => project.dispose());

const isShop = ({ alias }: { readonly alias: string }) => alias === 'shop';

const kinds = async (): Promise<string[]> => {
  const { stdout } = await project.stratos('plan', '-o', 'json');
  const plan = JSON.parse(stdout) as Plan;
  return plan.stages.flatMap((stage) => stage.actions.map((action) => action.kind));
};

const pages = async (): Promise<number[]> => {
  const { subscriptions } = await project.status();
  const urls = subscriptions.find(isShop)?.urls ?? [];
  return Promise.all(urls.map(getPage));
};

const processNames = async (): Promise<string[]> => {
  const { subscriptions } = await project.status();
  return (subscriptions.find(isShop)?.processes ?? []).map((process) => process.name).sort();
};

describe('reconcile', () => {
  test('makes VMs, copies the image, starts the processes and answers on every VM', async () => {
    const result = await project.must('reconcile');
    expect(result.stdout).not.toBe('');
    // Images have the names that people gave them.
    expect(result.stderr).toContain('image static:1 to web-2');
    const status = await project.status();
    expect(status.partitions[0]?.vms.map((vm) => [vm.name, vm.state])).toEqual([
      ['web-1', 'ready'],
      ['web-2', 'ready'],
    ]);
    expect(status.subscriptions.find(isShop)).toMatchObject({ alias: 'shop', ready: 4, total: 4 });
    expect(await pages()).toEqual([200, 200]);
  });

  test('changes nothing the second time', async () => {
    const before = await project.status();
    const result = await project.must('reconcile');
    expect(result.stdout + result.stderr).toMatch(/nothing to do/i);
    expect((await project.status()).serial).toBe(before.serial);
    expect((await project.stratos('plan', '--detailed-exitcode')).code).toBe(0);
  });

  test('touches nothing with --dry-run and says 2 with --detailed-exitcode', async () => {
    await project.must('scale', 'shop', '--min', '5');
    const before = await project.status();
    await project.must('reconcile', '--dry-run');
    expect(await project.status()).toMatchObject({ serial: before.serial });
    expect((await project.stratos('plan', '--detailed-exitcode')).code).toBe(2);
    await project.must('scale', 'shop', '--min', '4');
  });

  test('refuses to act only on a name that nothing has', async () => {
    const result = await project.stratos('reconcile', '--only', 'shoop');
    expect([result.code, result.stderr]).toEqual([64, expect.stringContaining('no alias or partition has this name')]);
  });

  test('holds one subscription whose secret is not here, and serves the others', async () => {
    const before = await project.readSpec();
    await project.editSpec(
      'subscriptions:\n',
      'subscriptions:\n  mail: { cartridge: static, env: { PIN: { fromEnv: NO_SUCH_PIN } } }\n',
    );
    const { stdout, code } = await project.stratos('reconcile').finally(() => project.writeSpec(before));
    expect([code, stdout]).toEqual([5, expect.stringContaining('the environment variable is not set: NO_SUCH_PIN')]);
    expect(await pages()).toEqual([200, 200]);
  });

  test('does not call it success when there is no room, and makes what fits', async () => {
    await project.must('scale', 'shop', '--min', '12', '--max', '12');
    const result = await project.stratos('reconcile');
    expect([result.code, result.stdout]).toEqual([5, expect.stringContaining('✗ shop: 3 of 12 not created')]);
    expect(await pages()).toEqual([200, 200, 200]);
    const again = await project.stratos('reconcile', '-o', 'json');
    expect(again.code).toBe(5);
    expect(JSON.parse(again.stdout)).toMatchObject({
      ...{ changed: false, failed: [] },
      holds: [{ target: 'shop', reason: expect.stringContaining('web has 3 of at most 3 VMs') as string, unmet: true }],
    });
    expect((await project.stratos('plan', '--detailed-exitcode')).code).toBe(2);
    await project.must('scale', 'shop', '--min', '4', '--max', '6');
    await project.must('reconcile');
  });

  test('starts a killed process again', async () => {
    const [name = ''] = await processNames();
    const vm =
      (await project.status()).subscriptions.find(isShop)?.processes.find((process) => process.name === name)?.vm ?? '';
    await project.onVm(vm, `systemctl stop stratos-process@${name}`);
    expect(await kinds()).toContain('process.start');
    await project.must('reconcile');
    expect(await kinds()).toEqual([]);
    expect(await pages()).toEqual([200, 200]);
  });

  test('makes a deleted container again', async () => {
    const [name = ''] = await processNames();
    const vm =
      (await project.status()).subscriptions.find(isShop)?.processes.find((process) => process.name === name)?.vm ?? '';
    await project.onVm(vm, `systemctl stop stratos-process@${name}; rm -rf /var/lib/stratos/processes/${name}`);
    await project.must('reconcile');
    expect(await kinds()).toEqual([]);
    expect(await processNames()).toHaveLength(4);
  });

  test('undoes an edit of the gateway', async () => {
    await project.onVm('web-1', 'echo "# mine" >> /var/lib/stratos/gateway/haproxy.cfg');
    expect(await kinds()).toEqual(['gateway.configure']);
    await project.must('reconcile');
    expect(await project.onVm('web-1', 'grep -c mine /var/lib/stratos/gateway/haproxy.cfg || true')).toBe('0\n');
  });

  test('undoes what somebody did to the network and the units of VMs', async () => {
    await project.onVm(
      'web-1',
      'nft delete table inet stratos; echo "# mine" >>/etc/systemd/system/stratos-network.service',
    );
    await project.onVm('web-2', 'ip link delete dev stratosbr0');
    const { stdout } = await project.must('plan');
    expect(stdout).toContain('stratos-network.service is edited, table inet stratos is gone');
    expect(stdout).toContain('bridge stratosbr0 is gone');
    expect(await kinds()).toEqual(['vm.prepare', 'vm.prepare']);
    await project.must('reconcile');
    expect(await kinds()).toEqual([]);
    expect(await pages()).toEqual([200, 200]);
    expect(await project.onVm('web-1', 'grep -c mine /etc/systemd/system/stratos-network.service || true')).toBe('0\n');
  });

  test('leaves a container that is not ours alone and reports it', async () => {
    await project.onVm(
      'web-1',
      'mkdir -p /var/lib/lxc/theirs && echo "lxc.uts.name = theirs" > /var/lib/lxc/theirs/config',
    );
    const { stdout } = await project.must('plan', '-o', 'json');
    expect(stdout).toContain('theirs');
    await project.must('reconcile');
    expect(await project.onVm('web-1', 'ls /var/lib/lxc')).toContain('theirs');
    await project.onVm('web-1', 'rm -r /var/lib/lxc/theirs');
  });

  test('starts a stopped VM with all that was on it', async () => {
    const vm = (await project.site.provider.list()).length;
    expect(vm).toBe(0); // another lineage: the test's own adapter sees none of the project's
    const { lineage } = await project.status();
    const provider = project.site.providerOf(lineage);
    const machine = (await provider.list()).find((candidate) => candidate.vm === 'web-2');
    await provider.stop(machine?.id ?? '');
    await project.must('reconcile');
    expect(await kinds()).toEqual([]);
    expect(await pages()).toEqual([200, 200]);
  });

  test('replaces a VM that was deleted behind its back', async () => {
    const { lineage } = await project.status();
    const provider = project.site.providerOf(lineage);
    const machine = (await provider.list()).find((candidate) => candidate.vm === 'web-1');
    await provider.delete(machine?.id ?? '');
    await project.must('reconcile');
    expect(await kinds()).toEqual([]);
    expect(await processNames()).toHaveLength(4);
    expect(await pages()).toEqual([200, 200]);
  });

  test('adds processes and a VM when they do not fit, and removes both when not needed', async () => {
    const before = (await project.status()).partitions[0]?.vms ?? [];
    await project.must('scale', 'shop', '--min', '8', '--max', '8');
    // Gateways that serve lead to what is new before the new VM has its own: it lets them in from its first process on.
    await reconcileUntil(project, { kind: 'gateway.configure' }, 'SIGKILL');
    const fresh = (await project.status()).partitions[0]?.vms.find(
      ({ name }) => !before.some((vm) => vm.name === name),
    );
    const { stdout } = await project.must(
      'vm',
      'ssh',
      fresh?.name ?? '',
      '--',
      'nft',
      'list',
      'set',
      'inet',
      'stratos',
      'peers',
    );
    for (const { address } of before) expect(stdout).toContain(address);
    await project.must('reconcile');
    expect((await project.status()).partitions[0]?.vms).toHaveLength(3);
    expect(await pages()).toEqual([200, 200, 200]);
    await project.must('scale', 'shop', '--min', '4', '--max', '6');
    await project.must('reconcile');
    expect(await processNames()).toHaveLength(4);
    expect((await project.status()).partitions[0]?.vms).toHaveLength(2);
    expect(await kinds()).toEqual([]);
  });

  test('replaces processes one at a time when their environment changes and loses no request', async () => {
    const before = await processNames();
    const load = requestLoad((await project.status()).subscriptions.find(isShop)?.urls[0] ?? '');
    await project.editSpec('GREETING: hello', 'GREETING: good day');
    await project.must('reconcile');
    const counts = await load.stop();
    expect([...counts.keys()]).toEqual(['200']);
    expect(counts.get('200')).toBeGreaterThan(20);
    const after = await processNames();
    expect(after).toHaveLength(4);
    expect(after.filter((name) => before.includes(name))).toEqual([]);
    expect(await kinds()).toEqual([]);
    expect(await project.readSpec()).toContain('# a comment that edits keep');
  });

  test('changes limits of what runs, by a saved plan: the same processes, and no request is lost', async () => {
    const before = await processNames();
    const load = requestLoad((await project.status()).subscriptions.find(isShop)?.urls[0] ?? '');
    await project.editSpec('memory: 32Mi, cpu: 0.1', 'memory: 48Mi, cpu: 0.2');
    expect(await kinds()).toEqual(before.map(() => 'process.limit'));
    const file = path.join(project.directory, 'limits.yaml');
    await project.must('plan', '-o', file);
    await project.must('apply', file);
    expect([...(await load.stop()).keys()]).toEqual(['200']);
    expect(await processNames()).toEqual(before);
    expect(await kinds()).toEqual([]);
  });

  test('keeps the old processes in rotation when new ones do not start', async () => {
    const before = await processNames();
    await project.editSpec('    env:', "    command: [/bin/sh, -c, 'exit 3']\n    env:");
    const result = await project.stratos('reconcile');
    expect(result.code).toBe(5);
    expect(result.stdout).toContain('it ends at once');
    expect(await pages()).toEqual([200, 200]);
    expect(await processNames()).toEqual(expect.arrayContaining(before));
    await project.editSpec("    command: [/bin/sh, -c, 'exit 3']\n", '');
    await project.must('reconcile');
    expect(await kinds()).toEqual([]);
    expect(await processNames()).toHaveLength(4);
  });

  test('refuses a plan that the world has moved away from', async () => {
    await project.must('scale', 'shop', '--min', '5');
    const file = path.join(project.directory, 'plan.yaml');
    await project.must('plan', '-o', file);
    const left = ['samples.jsonl', 'counters.json', 'policy-memory.json'].map((name) =>
      path.join(project.directory, '.stratos', name),
    );
    const writtenAt = () => Promise.all(left.map(async (name) => (await stat(name)).mtimeMs));
    const before = await writtenAt();
    await project.must('apply', file);
    // What it saw and decided is left for the next run, as by a reconcile.
    for (const [at, time] of (await writtenAt()).entries()) expect(time, left[at]).toBeGreaterThan(before[at] ?? 0);
    const again = await project.stratos('apply', file);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('Cannot apply the plan');
  });

  test('moves processes away from a drained VM', async () => {
    await project.must('scale', 'shop', '--min', '3', '--max', '3');
    await project.must('reconcile');
    await project.must('vm', 'drain', 'web-2');
    const { subscriptions } = await project.status();
    expect(subscriptions.find(isShop)?.processes.filter((process) => process.vm === 'web-2')).toEqual([]);
    expect(subscriptions.find(isShop)?.ready).toBe(3);
    await project.must('vm', 'uncordon', 'web-2');
    await project.must('scale', 'shop', '--min', '4', '--max', '4');
    await project.must('reconcile');
  });

  test('runs, shows, snapshots and restores inside a process', async () => {
    let [name = ''] = await processNames();
    expect((await project.must('process', 'exec', name, '--', 'sh', '-c', 'echo "$GREETING"')).stdout).toBe(
      'good day\n',
    );
    await project.must('process', 'exec', name, '--', 'sh', '-c', 'echo first > /marker');
    await project.must('process', 'snapshot', name);
    await project.must('process', 'exec', name, '--', 'sh', '-c', 'echo second > /marker');
    const snapshots = await project.must('process', 'snapshots', name, '-o', 'json');
    const snapshot = /"name":\s*"([^"]+)"/.exec(snapshots.stdout)?.[1] ?? '';
    await project.must('process', 'restore', name, snapshot);
    expect((await project.must('process', 'exec', name, '--', 'cat', '/marker')).stdout).toBe('first\n');
    // A rollout replaces the process and keeps what somebody wants to go back to.
    await project.editSpec('GREETING: good day', 'GREETING: good night');
    await project.must('reconcile');
    const here = (await project.status()).subscriptions.find(isShop)?.processes ?? [];
    const kept = await Promise.all(
      here.map(async (process) => ({
        name: process.name,
        text: (await project.must('process', 'snapshots', process.name)).stdout,
      })),
    );
    const heir = kept.find(({ text }) => text.includes(`${name}/${snapshot}`))?.name ?? '';
    await project.must('process', 'restore', heir, `${name}/${snapshot}`);
    expect((await project.must('process', 'exec', heir, '--', 'cat', '/marker')).stdout).toBe('first\n');
    name = heir;
    await project.must('process', 'restart', name);
    expect((await project.must('process', 'logs', name, '--lines', '50')).stdout).toContain('response:200');
    expect((await project.stratos('process', 'exec', name, '--', 'false')).code).toBe(1);
    expect(await kinds()).toEqual([]);
  });

  test('removes what is no longer subscribed, and destroy leaves nothing', async () => {
    await project.must('unsubscribe', 'shop');
    await project.must('reconcile');
    expect((await project.status()).subscriptions).toEqual([]);
    const { lineage } = await project.status();
    await project.must('destroy', '--yes');
    expect(await project.site.providerOf(lineage).list()).toEqual([]);
  });
});

/** Processes that are VMs: made of an image of their own, without SSH, behind the gateways of another partition. Real VMs. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateHostKey } from '../../src/ssh/key-pair.ts';
import { finishedActions, plannedKinds, until } from '../support/fleet.ts';
import { guestArchive, guestImage, withSshd } from '../support/guest-image.ts';
import { startLoad } from '../support/http-load.ts';
import { getPage, testProject, type TestProject } from '../support/project.ts';

let project: TestProject;
let url = '';

const app = async (...args: readonly string[]) => {
  const { subscriptions } = await project.status(...args);
  const found = subscriptions.find(({ alias }) => alias === 'app');
  if (!found) throw new Error('There is no app');
  return found;
};
/** On a connection of its own: one that was kept may be closed by a gateway that was loaded anew. */
const ask = (page = '') => fetch(`${url}${page}`, { headers: { connection: 'close' } });
const body = async (page = ''): Promise<string> => (await ask(page)).text();
/** Machines of the partition, as the IaaS has them. */
const machines = async (partition = 'own') =>
  (await project.site.providerOf(await lineage()).list()).filter((one) => one.process && one.partition === partition);
const lineage = async () => (await project.status()).lineage;

/** User data of what one can log in to: the host key that Stratos makes for its machine, and the project's own key. */
const KEYS = `#!/bin/sh
set -e
mkdir -p -m 700 /root/.ssh /var/log
printf %s '{{hostKey}}' | base64 -d >/etc/ssh/ssh_host_ed25519_key
chmod 600 /etc/ssh/ssh_host_ed25519_key
echo '{{hostKeyPublic}}' >/etc/ssh/ssh_host_ed25519_key.pub
echo '{{authorizedKey}}' >/root/.ssh/authorized_keys
echo '{{other}}' >/var/log/app.log
`;

beforeAll(async () => {
  project = await testProject('');
  const { directory } = project;
  const one = await guestImage(path.join(directory, 'one'), 'one');
  await guestImage(path.join(directory, 'two'), 'two');
  await guestArchive(path.join(directory, 'one.tar.gz'), one);
  await writeFile(path.join(directory, 'boot.txt'), 'it\'s $(quoted) "text"\n');
  await withSshd(await guestImage(path.join(directory, 'open'), 'open'));
  await writeFile(path.join(directory, 'keys.sh'), KEYS);
  await project.writeSpec(`${await project.readSpec()}
policies:
  partition:
    one: { vms: 1, vm: { cpu: 1, memory: 512Mi } }
    few: { vms: { max: 4 }, vm: { cpu: 1, memory: 256Mi } }
  idle:
    nap: { stopAfter: 2s, wake: on-request }
partitions:
  web: { policy: one, placement: [{ iaas: lab }] }
  own: { policy: few, placement: [{ iaas: lab }], gateway: web }
  inside: { policy: few, placement: [{ iaas: lab }], gateway: web }
cartridges:
  app:
    runtime: vm
    image: ./one.tar.gz
    partition: own
    ports: { http: 80 }
    health: { path: / }
    userData: ./boot.txt
  open:
    runtime: vm
    image: ./open
    partition: inside
    ports: { http: 80 }
    health: { path: / }
    userData: ./keys.sh
    ssh: { user: root, logs: [/var/log/app.log] }
subscriptions:
  app: { cartridge: app, processes: { min: 1, max: 1 }, port: 8080 }
  open: { cartridge: open, processes: 1, port: 8090 }
`);
  await project.must('reconcile');
  url = (await app()).urls[0] ?? '';
}, 300_000);
afterAll(() => project.dispose());

describe('a process that is a VM', () => {
  test('answers through the gateways of another partition, with its own user data and nothing of ours inside', async () => {
    expect(await body()).toBe('one');
    expect(await body('/user-data')).toBe('it\'s $(quoted) "text"');
    const [process] = (await app('--refresh')).processes;
    const [machine] = await machines();
    expect(process).toMatchObject({ name: 'app-1', vm: 'own-1', state: 'ready', address: machine?.endpoint?.address });
    expect(machine?.endpoint?.hostKeys).toEqual([]);
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('says what is not here for it', async () => {
    for (const args of [
      ['process', 'exec', 'app-1', '--', 'true'],
      ['process', 'logs', 'app-1'],
      ['process', 'snapshot', 'app-1'],
      ['vm', 'ssh', 'own-1', '--', 'true'],
    ]) {
      const { code, stderr } = await project.stratos(...args);
      expect(code, args.join(' ')).toBe(64);
      expect(stderr).toMatch(/nobody logs in/);
    }
  });

  test('is entered by its own host key where its user data take one', async () => {
    const [machine] = await machines('inside');
    expect(machine?.endpoint?.hostKeys).toEqual([expect.stringMatching(/^ssh-ed25519 \S+$/)]);
    const { stdout } = await project.must(
      'process',
      'exec',
      'open-1',
      '--',
      'sh',
      '-c',
      `printf '%s|' "$@"`,
      'sh',
      `it's`,
      '',
    );
    expect(stdout).toBe(`it's||`);
    expect((await project.stratos('process', 'exec', 'open-1', '--', 'sh', '-c', 'exit 3')).code).toBe(3);
    expect((await project.must('process', 'logs', 'open-1')).stdout).toBe('{{other}}\n');
    const shell = await project.type('tty; exit 4\n', 'process', 'shell', 'open-1');
    expect(shell.stdout).toMatch(/^\/dev\/pts\/\d+\r?$/m);
    expect(shell.code).toBe(4);
    // What has its address and another key is not entered.
    const swap =
      'printf %s "$1" >/etc/ssh/ssh_host_ed25519_key; kill "$(cat /run/sshd.pid)"; until /usr/sbin/sshd; do sleep 0.1; done';
    const { privateKey } = generateHostKey();
    await project.must('process', 'exec', 'open-1', '--', 'sh', '-c', swap, 'sh', privateKey.reveal());
    const refused = await project.stratos('process', 'exec', 'open-1', '--', 'true');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/host key/i);
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('is made twice and once, and a machine goes with each', async () => {
    await project.must('scale', 'app', '--min', '2', '--max', '2');
    await project.must('reconcile', '--only', 'app');
    expect((await app('--refresh')).ready).toBe(2);
    const names = new Set(await Promise.all(Array.from({ length: 12 }, () => body('/name'))));
    expect([...names].map((name) => name.trim()).sort()).toEqual(['own-1', 'own-2']);
    await project.must('scale', 'app', '--min', '1', '--max', '1');
    await project.must('reconcile');
    expect((await machines()).map(({ vm }) => vm)).toHaveLength(1);
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('is repaired when its VM stopped, and when it is gone', async () => {
    const provider = project.site.providerOf(await lineage());
    const [first] = await machines();
    await provider.stop(first?.id ?? '');
    await project.must('reconcile');
    expect(await getPage(url)).toBe(200);
    await provider.delete(first?.id ?? '');
    // While a gateway still finds it up it counts as one that a listing misses.
    await until('it is made anew', async () => {
      await project.must('reconcile');
      return (await getPage(url)) === 200;
    });
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('is rolled out to another image without a request lost', async () => {
    const load = startLoad({ url, clients: 2, keepAlive: true, pause: 50 });
    await project.editSpec('./one.tar.gz', './two');
    await project.must('reconcile');
    const { failures, answers } = await load.stop();
    expect(failures).toEqual({});
    expect(Object.keys(answers).sort()).toEqual(['one', 'two']);
    expect(await body()).toBe('two');
    expect(await machines()).toHaveLength(1);
  });

  test('is stopped when nobody asks for it, and started by the run after a request', async () => {
    await project.editSpec('port: 8080', 'idle: nap, port: 8080');
    const states = async () => (await machines()).map(({ state }) => state);
    await until(
      'its machine is stopped',
      async () => {
        await project.must('reconcile');
        return (await states()).every((state) => state === 'stopped');
      },
      60_000,
    );
    expect(await app('--refresh')).toMatchObject({ ready: 0, asleep: 1 });
    await project.must('reconcile');
    expect(await states()).toEqual(['stopped']);
    const refused = await ask();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('30');
    await project.must('reconcile');
    expect(await states()).toEqual(['running']);
    expect(await body()).toBe('two');
  });

  test('is taken up again when the inventory has lost it', async () => {
    const before = await machines();
    const file = path.join(project.directory, 'inventory.yaml');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, lines.filter((line) => !/^ *- .*"(own|app)-\d+"/.test(line)).join('\n'));
    await project.must('reconcile');
    expect((await machines()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(await body()).toBe('two');
  });

  test('boots after another of its partition that it needs, and goes before that, each with its subscription', async () => {
    const one = ['--cartridge', 'app', '--min', '1', '--max', '1', '--port'] as const;
    await project.must('unsubscribe', 'app', '--yes');
    await project.must('reconcile');
    await project.must('subscribe', 'app', ...one, '8080');
    await project.must('subscribe', 'site', ...one, '8081', '--needs', 'app');
    await project.must('reconcile');
    const order = await finishedActions(project);
    expect(order.filter((id) => /^(vm|process)\.create/.test(id))).toEqual([
      ...['vm.create:own-1', 'process.create:app-1'],
      ...['vm.create:own-2', 'process.create:site-1'],
    ]);
    expect(await plannedKinds(project)).toEqual([]);
    await project.must('unsubscribe', 'site', '--yes');
    await project.must('unsubscribe', 'app', '--yes');
    await project.must('reconcile');
    expect(await machines()).toEqual([]);
  });
});

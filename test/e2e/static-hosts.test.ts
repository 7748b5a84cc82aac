/** Machines that exist already, as a user with sudo, one behind a jump host: the whole path, and off again without a trace. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, plannedKinds, until } from '../support/fleet.ts';
import { getPage, STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from '../support/project.ts';
import { sshTo, vmOf, type TestVm } from '../support/vm.ts';

const REST = `${staticSpec({
  vms: [2, 2],
  processesPerVm: 2,
  cpu: 2,
  cartridge: 'env: { GREETING: hello }',
  partition: { name: 'rack', iaas: 'pool' },
})}subscriptions:
  shop: { cartridge: static, processes: { min: 3, max: 3 }, port: 8080 }
`;

let project: TestProject;
let near: TestVm;
let far: TestVm;
let spec: string;

/** As root, past what is under test: from this machine to the near one, and from there to the far one. */
const onNear = (line: string) => sshTo(project.site, near.endpoint, line);
const onFar = (line: string) =>
  onNear(
    `ssh -i /root/way -o BatchMode=yes -o StrictHostKeyChecking=accept-new root@${far.endpoint.address} ${quoted(line)}`,
  );
const way = (vm: TestVm, key = project.site.identityFile) =>
  `address: ${vm.endpoint.address}, user: ops, key: ${key}, hostKey: ${vm.endpoint.hostKeys[0] ?? ''}`;
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

beforeAll(async () => {
  project = await testProject('');
  const { site } = project;
  const make = async (name: string) => vmOf(site, await site.provider.create(await site.request(name)));
  [near, far] = await Promise.all([make('near'), make('far')]);
  const user = `
    command -v sudo >/dev/null || { apt-get -qq update && apt-get -qq -y install --no-install-recommends sudo; } >/dev/null 2>&1
    useradd -m -s /bin/bash ops && echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops && chmod 440 /etc/sudoers.d/ops
    install -d -m 700 -o ops -g ops /home/ops/.ssh && install -m 600 -o ops -g ops /root/.ssh/authorized_keys /home/ops/.ssh/authorized_keys`;
  await Promise.all([near, far].map((vm) => sshTo(site, vm.endpoint, user)));
  await onNear(`cat > /root/way <<'KEY'\n${await readFile(site.identityFile, 'utf8')}KEY\nchmod 600 /root/way`);
  // From now on only the near machine gets to the SSH server of the far one.
  await sshTo(
    site,
    far.endpoint,
    `nft 'add table inet wall; add chain inet wall in { type filter hook input priority -10; }; add rule inet wall in tcp dport 22 ip saddr != ${near.endpoint.address} ct state new reject'`,
  );
  await expect(sshTo(site, far.endpoint, 'true')).rejects.toThrow();
  spec = `apiVersion: stratos/v1
iaas:
  pool:
    kind: static
    hosts:
      near: { ${way(near)} }
      far: { ${way(far)}, jump: { ${way(near)} } }
${REST}`;
  await project.writeSpec(spec);
  await project.must('validate');
  await project.must('cartridge', 'build', STATIC_CARTRIDGE, '--tag', 'static:1');
}, 300_000);
afterAll(() => project.dispose());

describe('static hosts', () => {
  test('are prepared, get the image and serve, as a user with sudo and through a jump host', async () => {
    await project.must('reconcile');
    expect(await plannedKinds(project)).toEqual([]);
    const { subscriptions, partitions } = await project.status();
    expect(subscriptions[0]).toMatchObject({ alias: 'shop', ready: 3, total: 3 });
    expect(partitions[0]?.vms.map(({ state, processes }) => [state, processes])).toEqual([
      ['ready', 2],
      ['ready', 1],
    ]);
    const urls = subscriptions[0]?.urls ?? [];
    expect(urls).toHaveLength(2);
    for (const url of urls) expect(await getPage(url)).toBe(200);
    expect(await onFar('ls /var/lib/stratos/processes')).not.toBe('');
    expect((await project.must('doctor')).code).toBe(0);
  });

  test('run programs in processes and give their logs', async () => {
    const { subscriptions } = await project.status();
    for (const { name } of subscriptions[0]?.processes ?? []) {
      const { stdout } = await project.must(
        'process',
        'exec',
        name,
        '--',
        'sh',
        '-c',
        'echo "$GREETING from $(id -u)"',
      );
      expect(stdout).toBe('hello from 0\n');
      await project.must('process', 'exec', name, '--', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1/');
      await until(`${name} has logged a request`, async () =>
        (await project.must('process', 'logs', name)).stdout.includes('url:/'),
      );
    }
    expect((await project.must('vm', 'ssh', 'rack-2', '--', 'id', '-u')).stdout).toBe('0\n');
  });

  test('say that sudo is refused, and the others are served', async () => {
    await onFar('mv /etc/sudoers.d/ops /root/ops.sudo');
    try {
      const result = await project.stratos('reconcile');
      expect(result.code).toBe(5);
      expect(result.stdout).toMatch(/Cannot become root on rack-2 \(.*as sudo is refused without a password/);
      expect(result.stdout).not.toContain('as specified');
    } finally {
      await onFar('mv /root/ops.sudo /etc/sudoers.d/ops');
    }
    await project.must('reconcile');
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('are reached as the spec says when that was mended there', async () => {
    const wrong = path.join(project.site.directory, 'wrong');
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', wrong]);
    await project.writeSpec(spec.replace(`near: { ${way(near)} }`, `near: { ${way(near, wrong)} }`));
    const result = await project.stratos('reconcile');
    expect([result.code, result.stdout]).toEqual([5, expect.stringContaining(`key ${wrong} is refused`)]);
    await project.writeSpec(spec);
    expect((await project.must('doctor')).stdout).toContain('all well');
    await project.must('reconcile');
    expect((await project.must('vm', 'ssh', 'rack-1', '--', 'id', '-u')).stdout).toBe('0\n');
  });

  test('are told by their jump host when that is what fails', async () => {
    await onNear(
      "nft 'add table inet cut; add chain inet cut in { type filter hook input priority -200; }; add rule inet cut in tcp dport 22 ct state new reject with tcp reset'; true",
    );
    try {
      const result = await project.stratos('reconcile');
      expect(result.code).toBe(5);
      expect(result.stdout).toMatch(/rack-1.*as nothing listens on port 22/);
      expect(result.stdout).toMatch(/rack-2.*jump host .* cannot be used/);
    } finally {
      // By its own address: the machine still lets itself in from where it is.
      const { lineage } = project.site;
      const provider = project.site.providerOf(lineage);
      await provider.stop(near.machine.id);
      await provider.start(near.machine.id);
    }
    const { subscriptions } = await project.status();
    for (const url of subscriptions[0]?.urls ?? [])
      await until(`${url} answers`, () =>
        fetch(url).then(
          (response) => response.status === 200,
          () => false,
        ),
      );
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('that belong to another inventory are refused, and stay as they are', async () => {
    const directory = path.join(project.directory, 'other');
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, 'stratos.yaml'), spec);
    const before = await onNear('cat /var/lib/stratos/label.json; ls /var/lib/stratos/processes');
    const result = await project.stratos('reconcile', '--dir', directory);
    expect([1, 5]).toContain(result.code);
    expect(result.stdout + result.stderr).toContain('belongs to another inventory');
    await project.stratos('destroy', '--yes', '--dir', directory);
    expect(await onNear('cat /var/lib/stratos/label.json; ls /var/lib/stratos/processes')).toBe(before);
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('take up after a run that was interrupted while it used the jump host', async () => {
    await project.must('scale', 'shop', '--min', '4', '--max', '4');
    const running = project.start('reconcile', '--events', 'json');
    await until('a process is being made', () =>
      eventsOf(running).some((event) => event.type === 'action.started' && event.action.kind === 'process.create'),
    );
    running.child.kill('SIGINT');
    expect((await running.result).code).toBe(130);
    await project.must('reconcile');
    expect((await project.status()).subscriptions[0]).toMatchObject({ ready: 4, total: 4 });
    expect(await plannedKinds(project)).toEqual([]);
  });

  test('are given back clean: nothing of ours is left, all else is', async () => {
    await project.must('destroy', '--yes');
    const look = `ls -d /var/lib/stratos /run/stratos /sys/class/net/stratosbr0 /etc/systemd/system/*stratos* \\
      /etc/systemd/system/multi-user.target.wants/*stratos* 2>/dev/null
      nft list tables | grep -w stratos; systemctl list-units --all --plain --no-legend 'stratos-*'
      pgrep -a 'lxc-start|haproxy'; mount | grep ' on [^ ]*stratos' | grep -v ' on /var/lib/stratos '`;
    for (const on of [onNear, onFar]) {
      const left = (await on(`${look}; true`)).split('\n').filter((line) => line !== '');
      // The folder itself is a mount of these VMs.
      expect(left.filter((line) => line !== '/var/lib/stratos')).toEqual([]);
      expect(await on('ls -A /var/lib/stratos 2>/dev/null; command -v haproxy lxc-start; id -un ops')).toBe(
        '/usr/sbin/haproxy\n/usr/bin/lxc-start\nops\n',
      );
    }
    expect((await project.status()).partitions.flatMap(({ vms }) => vms)).toEqual([]);
    expect((await project.site.provider.list()).map(({ state }) => state)).toEqual(['running', 'running']);
  });
});

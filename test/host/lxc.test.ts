/** Processes on a real VM: every step of lxc/ over the real transport, with a busybox image made by hand. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { observeStep, parseObservation } from '../../src/lxc/observe.ts';
import { peersStep } from '../../src/lxc/peers.ts';
import { prepareFingerprint, prepareStep, releaseStep } from '../../src/lxc/prepare.ts';
import {
  createSteps,
  execArgv,
  logsArgv,
  parseCreate,
  parseRemove,
  removeSteps,
  restartSteps,
  startSteps,
  type ProcessLaunch,
} from '../../src/lxc/process-lifecycle.ts';
import {
  parseSnapshots,
  restoreSteps,
  snapshotListStep,
  snapshotRemoveStep,
  snapshotSteps,
} from '../../src/lxc/snapshots.ts';
import { limitsText } from '../../src/model/limits.ts';
import { bytes, cores, millis, parseBitRate } from '../../src/model/quantity.ts';
import { Secret } from '../../src/model/secret.ts';
import { command, type Step, type StepResult } from '../../src/shell/command.ts';
import { sshTransport } from '../../src/ssh/ssh-transport.ts';
import type { Transport } from '../../src/ssh/transport.ts';
import { testVm, type TestVms } from '../support/vm.ts';
import { aCartridge, aLaunch, IMAGE_HEX } from '../unit/lxc/a-launch.ts';

const LINEAGE = aLaunch().lineage;
const FAST = parseBitRate('50Mbit') ?? never();
const PREPARE = { lineage: LINEAGE, vm: 'vm-1', network: '10.66.0.0/22', units: {} };
let vms: TestVms;
let transport: Transport;

beforeAll(async () => {
  vms = await testVm({ count: 2 });
  transport = sshTransport({ directory: vms.site.directory, env: {} });
  await transport.copy('vm-1', vms.endpoint, { from: ['/bin/busybox'], to: '/root' });
  const [prepared] = await run([prepareStep(PREPARE)]);
  expect(prepared).toMatchObject({ status: 0 });
  await vms.ssh(`
    set -e
    root=/var/lib/stratos/images/${IMAGE_HEX}/rootfs
    mkdir -p $root/bin $root/www $root/proc $root/sys $root/dev $root/tmp $root/etc
    cp /root/busybox $root/bin/busybox
    for applet in sh cat httpd ls sleep id env echo nc touch; do ln -sf busybox $root/bin/$applet; done
    echo 'root:x:0:0:root:/root:/bin/sh' >$root/etc/passwd
    echo 'www:x:33:33:www:/www:/bin/sh' >>$root/etc/passwd
    printf '%s\n' root:x:0: www:x:33: staff:x:50:www >$root/etc/group
    echo hello >$root/www/index.html
    cp -a $root \${root%rootfs}privileged
    chown -R 100000:100000 $root
    : >\${root%/rootfs}/complete`);
});
afterAll(async () => {
  await transport.close();
  await vms.dispose();
});

function never(): never {
  throw new Error('no rate');
}
function run(steps: readonly Step[]): Promise<readonly StepResult[]> {
  return transport.run('vm-1', vms.endpoint, { steps });
}
async function shell(line: string): Promise<StepResult> {
  const [result] = await run([command('shell', ['sh', '-c', line])]);
  if (!result) throw new Error('no result');
  return result;
}
async function remove(...names: string[]) {
  return parseRemove(
    await run(
      removeSteps(
        LINEAGE,
        names.map((name) => ({ name, drain: millis(0) })),
      ),
    ),
  );
}
/** A launch of `httpd` on port 80, or of another command. */
function web(
  name: string,
  index: number,
  change: Partial<ProcessLaunch> = {},
  argv?: readonly string[],
): ProcessLaunch {
  const base = aLaunch();
  const runs = argv ?? ['httpd', '-f', '-p', '80', '-h', '/www'];
  const image = { ...base.image, run: { ...base.image.run, argv: runs, ...(change.image?.run ?? {}) } };
  return { ...base, name, ordinal: index, index, ...change, image };
}
/** The same with less time to get ready. */
const hasty = (startup: number, change: Parameters<typeof aCartridge>[0] = {}) =>
  aCartridge({ health: { ...aCartridge().health, startup: millis(startup) }, ...change });

describe('preparation', () => {
  test('a second time changes nothing and keeps the label', async () => {
    const before = await vms.ssh(
      'find /var/lib/stratos/bin /etc/systemd/system -newer /var/lib/stratos/label.json; stat -c %Y /var/lib/stratos/label.json',
    );
    const [again] = await run([prepareStep(PREPARE)]);
    expect(again).toMatchObject({ status: 0, stdout: '{"prepared":true,"installed":[]}\n' });
    expect(
      await vms.ssh(
        'find /var/lib/stratos/bin /etc/systemd/system -newer /var/lib/stratos/label.json; stat -c %Y /var/lib/stratos/label.json',
      ),
    ).toBe(before);
    const [seen] = await run([observeStep(LINEAGE)]);
    expect(parseObservation(seen?.stdout ?? '')).toMatchObject({
      lineage: LINEAGE,
      prepared: prepareFingerprint(PREPARE),
      processes: [],
      images: [`sha256:${IMAGE_HEX}`],
      privilegedImages: [`sha256:${IMAGE_HEX}`],
      foreign: [],
    });
  });

  test.each([
    ['nft delete table inet stratos', 'table inet stratos is gone'],
    ['nft flush ruleset', 'table inet stratos is gone'],
    ['nft insert rule inet stratos prerouting accept', 'table inet stratos is edited'],
    ['nft flush set inet stratos peers', 'table inet stratos is edited'],
    ['nft add element inet stratos peers "{ 192.0.2.9 }"', 'table inet stratos is edited'],
    ['ip link delete dev stratosbr0', 'bridge stratosbr0 is gone'],
    ['ip link set dev stratosbr0 down', 'bridge stratosbr0 is edited'],
    ['ip address flush dev stratosbr0', 'bridge stratosbr0 is edited'],
    ['ip link set dev stratosbr0 address 02:00:00:00:00:01', 'bridge stratosbr0 is edited'],
    ['echo 0 >/proc/sys/net/ipv4/ip_forward', 'net.ipv4.ip_forward is off'],
    ['systemctl stop stratos-network.service', 'stratos-network.service is stopped'],
    ['systemctl disable -q stratos-network.service', '/etc/systemd/system/stratos-network.service is disabled'],
    [
      'ln -sf /dev/null /etc/systemd/system/stratos-wake@.service',
      '/etc/systemd/system/stratos-wake@.service is edited',
    ],
    ['rm /var/lib/stratos/bin/process-run', '/var/lib/stratos/bin/process-run is gone'],
    [
      'sed -i s/oneshot/simple/ /etc/systemd/system/stratos-processes.service',
      '/etc/systemd/system/stratos-processes.service is edited',
    ],
  ])('sees %s, and undoes it', async (line, drift) => {
    const look = async () => parseObservation((await run([observeStep(LINEAGE)]))[0]?.stdout ?? '').drift;
    await run([peersStep(['192.0.2.7'])]);
    expect(await look()).toBeUndefined();
    await vms.ssh(line);
    expect(await look()).toEqual([drift]);
    expect(await run([prepareStep(PREPARE)])).toMatchObject([{ status: 0 }]);
    expect(await look()).toBeUndefined();
  });

  test('another inventory is refused, for preparation and for release', async () => {
    const [prepared, released] = await run([prepareStep({ ...PREPARE, lineage: 'other' }), releaseStep('other')]);
    expect(prepared).toMatchObject({ status: 3 });
    expect(prepared?.stderr).toContain('Cannot prepare the machine as it belongs to another inventory');
    expect(released).toMatchObject({ status: 3 });
  });
});

describe('life of processes', () => {
  // A test that fails must not fail the next ones, which use the same addresses.
  afterEach(async () => {
    const [seen] = await run([observeStep(LINEAGE)]);
    await remove(...parseObservation(seen?.stdout ?? '').processes.map(({ name }) => name));
  });

  test('ten are made, started and ready in one batch, seen, and removed in one', async () => {
    const launches = Array.from({ length: 10 }, (_, i) => web(`shop-${i + 1}`, i + 1));
    const outcomes = parseCreate(await run(createSteps(launches)));
    expect(outcomes.filter(({ ready }) => ready)).toHaveLength(10);
    expect((await shell('curl -s http://10.66.0.2/ http://10.66.0.11/')).stdout).toBe('hello\nhello\n');
    const [seen] = await run([observeStep(LINEAGE)]);
    const { processes } = parseObservation(seen?.stdout ?? '');
    expect(processes).toHaveLength(10);
    expect(processes.find(({ name }) => name === 'shop-3')).toMatchObject({
      ...{
        subscription: 'shop',
        ordinal: 3,
        index: 3,
        image: `sha256:${IMAGE_HEX}`,
        fingerprint: 'f1',
        state: 'running',
      },
    });
    expect(processes.every(({ usage }) => usage && usage.pids >= 1 && usage.memory > 0 && usage.cpuSeconds > 0)).toBe(
      true,
    );

    const again = parseCreate(await run(createSteps(launches)));
    expect(again.filter(({ ready }) => ready)).toHaveLength(10);

    const gone = await remove(...launches.map(({ name }) => name));
    expect(gone.filter(({ removed }) => removed)).toHaveLength(10);
    const left = await shell(
      'ls -A /var/lib/stratos/processes; ls /sys/fs/cgroup/*/ | grep "lxc.*shop"; systemctl list-units -a "stratos-process@*" --no-legend; ip neigh show dev stratosbr0; nft list map inet stratos published | grep 10.66; true',
    );
    expect(left.stdout).toBe('');
    expect(await remove('shop-1')).toEqual([{ name: 'shop-1', removed: true, drained: true }]);
  });

  test('a user, environment, secret, volume and limits are those that were asked for', async () => {
    const volumes = [{ name: 'data', path: '/my data' }];
    const cartridge = aCartridge({ ports: [{ name: 'http', port: 8080, protocol: 'http' }], volumes });
    const env = { TRICKY: `a'b\n$(touch /tmp/x) "c"`, TOKEN: new Secret('opensesame') };
    const launch = web('user-1', 1, { cartridge, env }, [
      'sh',
      '-c',
      'echo "as $(id -u)"; echo reopened >/dev/stdout; echo oops >&2; exec httpd -f -p 8080 -h /www',
    ]);
    const asWww = { ...launch, image: { ...launch.image, run: { ...launch.image.run, user: 'www' } } };
    expect(parseCreate(await run(createSteps([asWww])))).toMatchObject([{ ready: true }]);

    const [inside] = await run([
      command(
        'exec',
        execArgv('user-1', ['sh', '-c', 'id -u; echo "$TRICKY|$TOKEN|$HOME"; pwd; echo kept >"/my data/f"; exit 7']),
      ),
    ]);
    expect(inside).toMatchObject({ status: 7, stdout: `33\na'b\n$(touch /tmp/x) "c"|opensesame|/www\n/www\n` });
    await expect
      .poll(async () => (await run([command('logs', logsArgv('user-1'))]))[0]?.stdout, { timeout: 10_000 })
      .toContain('as 33\nreopened\noops\n');
    const files = await shell(
      'cat /var/lib/stratos/volumes/shop/1/data/f; stat -c "%a %u" /var/lib/stratos/processes/user-1/stratos/init; grep -rl opensesame /var/lib/stratos/processes/user-1 --include=* 2>/dev/null',
    );
    expect(files.stdout).toBe('kept\n500 100033\n/var/lib/stratos/processes/user-1/stratos/init\n');
    const limits = await shell(
      'cat /sys/fs/cgroup/memory/lxc.payload.user-1/memory.limit_in_bytes /sys/fs/cgroup/lxc.payload.user-1/memory.max 2>/dev/null',
    );
    expect(limits.stdout.trim()).toBe(String(64 * 2 ** 20));
    await remove('user-1');
    expect((await shell('cat /var/lib/stratos/volumes/shop/1/data/f')).stdout).toBe('kept\n');
    const [seen] = await run([observeStep(LINEAGE)]);
    expect(parseObservation(seen?.stdout ?? '')).toMatchObject({ processes: [], volumes: ['shop'] });
  });

  test('a privileged cartridge runs unmapped, any other does not', async () => {
    const launches = [
      web('priv-1', 1, { cartridge: aCartridge({ security: { privileged: true } }) }),
      web('shop-2', 2),
    ];
    expect(parseCreate(await run(createSteps(launches))).every(({ ready }) => ready)).toBe(true);
    expect((await shell('ps -o uid= -C httpd | sort -n | tr -d " "')).stdout).toBe('0\n100000\n');
    await remove('priv-1', 'shop-2');
    const { run: runs } = aLaunch().image;
    const argv = ['httpd', '-f', '-p', '8080', '-h', '/www'];
    const image = { ...aLaunch().image, run: { ...runs, argv, user: 'www' } };
    const ports = [{ name: 'http', port: 8080, protocol: 'http' as const }];
    const cartridge = aCartridge({ security: { privileged: true }, ports });
    expect(parseCreate(await run(createSteps([web('priv-3', 3, { cartridge, image })])))).toMatchObject([
      { ready: true },
    ]);
    const enter = '/var/lib/stratos/bin/process-exec priv-3';
    expect((await shell(`${enter} id -G; ${enter} sh -c 'echo again >/dev/stdout'`)).stdout).toBe('33 50\nagain\n');
    // Of a terminal too the user is the owner.
    const line = `${enter} sh -c "echo again >/proc/self/fd/1"`;
    expect((await shell(`script -qec '${line}' /dev/null </dev/null`)).stdout.trim()).toBe('again');
    // What it has of ours is a copy: root inside could write to it.
    const ours = 'stat -c %h /var/lib/stratos/processes/priv-3/stratos/busybox';
    expect((await shell(ours)).stdout).toBe('1\n');
    await remove('priv-3');
  });

  test('failures say why, and do not hold up the others', async () => {
    const noImage = web('noimage-9', 9);
    const outcomes = parseCreate(
      await run(
        createSteps([
          web('good-1', 1),
          web('exits-2', 2, {}, ['sh', '-c', 'echo "no \\"config\\""; exit 3']),
          web('silent-3', 3, { cartridge: hasty(4000) }, ['sleep', '1000']),
          web('shy-4', 4, { cartridge: hasty(4000) }, ['httpd', '-f', '-p', '127.0.0.1:80']),
          web('lost-5', 5, { cartridge: hasty(4000, { health: { ...hasty(4000).health, path: '/missing' } }) }),
          web(
            'greedy-6',
            6,
            { cartridge: aCartridge({ resources: { memory: bytes(8 * 2 ** 20), cpu: cores(1), pids: 10 } }) },
            ['sh', '-c', 'a=x; while :; do a=$a$a; done'],
          ),
          web('nobody-7', 7, { image: { ...aLaunch().image, run: { ...aLaunch().image.run, user: 'ghost' } } }),
          web('portless-8', 8, { cartridge: aCartridge({ ports: [] }) }, ['sleep', '1000']),
          { ...noImage, image: { ...noImage.image, digest: `sha256:${'cd'.repeat(32)}` } },
        ]),
      ),
    );
    const failures = Object.fromEntries(outcomes.map(({ name, ready, failure }) => [name, ready ? 'ready' : failure]));
    expect(failures).toMatchObject({
      'good-1': 'ready',
      'exits-2': expect.stringMatching(/^it ends at once; its last lines: no "config"/) as string,
      'silent-3': 'it is not ready after 4s: nothing listens on port 80',
      'shy-4': 'it is not ready after 4s: port 80 is open to itself only, at its loopback address',
      'lost-5': 'it is not ready after 4s: it answers a request for /missing with status 404',
      'greedy-6': expect.stringMatching(/^it takes more memory than it may|^it ends at once/) as string,
      'nobody-7': 'its image has no user ghost',
      'portless-8': 'ready',
      'noimage-9': 'its image is not on this VM',
    });
    // Those that end at once are not tried for ever; those that only are not ready can be looked at.
    expect((await shell('systemctl is-active stratos-process@exits-2 stratos-process@silent-3')).stdout).toMatch(
      /^(failed|inactive)\nactive\n$/,
    );
    await remove(...Object.keys(failures));
  });

  test('what listens on the VM itself makes no process ready', async () => {
    const { path: _path, ...health } = hasty(4000).health;
    const ports = [{ name: 'ssh', port: 22, protocol: 'tcp' as const }];
    const onSshPort = { cartridge: aCartridge({ ports, health: { ...health, port: 'ssh' } }) };
    // Each start has the moment in which it could be mistaken; several times is more than once.
    const outcomes = parseCreate(
      await run(
        createSteps(
          Array.from({ length: 8 }, (_, i) => web(`false-${i + 1}`, i + 1, onSshPort, ['sh', '-c', 'exit 1'])),
        ),
      ),
    );
    expect(outcomes.filter(({ ready }) => ready)).toEqual([]);
  });

  test('a full disk is said, and leaves nothing half made', async () => {
    await shell('mount -t tmpfs -o size=64k tiny /var/lib/stratos/processes');
    const outcomes = parseCreate(await run(createSteps([web('shop-1', 1, { env: { BIG: 'x'.repeat(80_000) } })])));
    const left = await shell('ls -A /var/lib/stratos/processes; umount /var/lib/stratos/processes');
    expect(outcomes).toMatchObject([{ name: 'shop-1', ready: false, failure: 'no space left on the disk of the VM' }]);
    expect(left.stdout).toBe('');
  });

  test('what a cut run left is completed or swept', async () => {
    await shell(
      'mkdir -p /var/lib/stratos/processes/.making/shop-1/overlay /var/lib/stratos/processes/.trash/old/overlay',
    );
    expect(parseCreate(await run(createSteps([web('shop-1', 1)])))).toMatchObject([{ ready: true }]);
    // Made, and killed before it was started.
    await shell('systemctl stop stratos-process@shop-1; nft delete table inet stratos');
    expect(parseCreate(await run(createSteps([web('shop-1', 1)])))).toMatchObject([{ ready: true }]);
    await remove('shop-1');
    expect((await shell('ls -A /var/lib/stratos/processes')).stdout).toBe('');
  });

  test('a container that is not ours is neither made over, started nor removed, and reported', async () => {
    await shell(
      'mkdir -p /var/lib/stratos/processes/alien/overlay; echo \'{"lineage":"other","fingerprint":"f1"}\' >/var/lib/stratos/processes/alien/label.json',
    );
    expect(parseCreate(await run(createSteps([web('alien', 1)])))).toMatchObject([
      { ready: false, failure: 'a container of that name exists that is not ours' },
    ]);
    expect(parseCreate(await run(startSteps([web('alien', 1)])))).toMatchObject([
      { ready: false, failure: 'it is not on this VM, or not ours' },
    ]);
    expect(await remove('alien')).toMatchObject([
      { removed: false, failure: 'it does not carry the label of this inventory' },
    ]);
    const [seen] = await run([observeStep(LINEAGE)]);
    expect(parseObservation(seen?.stdout ?? '')).toMatchObject({ processes: [], foreign: ['alien'] });
    await shell('rm -r /var/lib/stratos/processes/alien');
  });

  test('another fingerprint under the same name is refused, not mixed', async () => {
    await run(createSteps([web('shop-1', 1)]));
    expect(parseCreate(await run(createSteps([web('shop-1', 1, { fingerprint: 'f2' })])))).toMatchObject([
      { ready: false, failure: 'it exists with another fingerprint' },
    ]);
    await remove('shop-1');
  });
});

describe('a running process', () => {
  beforeAll(async () => {
    await run(createSteps([web('shop-1', 1), web('shop-2', 2)]));
  });
  afterAll(async () => {
    await remove('shop-1', 'shop-2');
  });

  test('that is killed is refused at once and comes back by itself', async () => {
    const killed = await shell(
      'kill -9 $(head -n 1 /sys/fs/cgroup/pids/lxc.payload.shop-1/cgroup.procs /sys/fs/cgroup/lxc.payload.shop-1/cgroup.procs 2>/dev/null | grep -m 1 "^[0-9]"); sleep 0.4; curl -s -m 3 -o /dev/null -w "%{exitcode}" http://10.66.0.2/',
    );
    // 7: refused; 28 would be the time that ran out.
    expect(killed.stdout).toBe('7');
    await expect
      .poll(async () => (await shell('curl -s -m 1 http://10.66.0.2/')).stdout, { timeout: 10_000 })
      .toBe('hello\n');
  });

  test('comes back when its monitor is killed, and leaves no twin', async () => {
    await shell('kill -9 $(systemctl show -p MainPID --value stratos-process@shop-1)');
    await expect
      .poll(async () => (await shell('sleep 0.7; curl -s -m 1 http://10.66.0.2/')).stdout, { timeout: 15_000 })
      .toBe('hello\n');
    expect((await shell('pgrep -xc httpd')).stdout).toBe('2\n');
    const [seen] = await run([observeStep(LINEAGE)]);
    expect(parseObservation(seen?.stdout ?? '').processes.map(({ state }) => state)).toEqual(['running', 'running']);
  });

  test('restarts, and waits until it is ready again', async () => {
    const pid = 'systemctl show -p MainPID --value stratos-process@shop-2';
    const before = (await shell(pid)).stdout;
    expect(parseCreate(await run(restartSteps([web('shop-2', 2)])))).toMatchObject([{ name: 'shop-2', ready: true }]);
    expect((await shell(pid)).stdout).not.toBe(before);
  });

  test('is drained before it is removed, as long as it may', async () => {
    const hold = 'nohup sh -c "sleep 1 | socat - TCP:10.66.0.3:80" >/dev/null 2>&1 & sleep 0.3';
    await shell(hold);
    const started = performance.now();
    const patient = await run(removeSteps(LINEAGE, [{ name: 'shop-2', drain: millis(10_000) }]));
    expect(parseRemove(patient)).toEqual([{ name: 'shop-2', removed: true, drained: true }]);
    expect(performance.now() - started).toBeGreaterThan(500);
    await run(createSteps([web('shop-2', 2)]));
    await shell(hold.replace('sleep 1', 'sleep 20'));
    const hurried = await run(removeSteps(LINEAGE, [{ name: 'shop-2', drain: millis(300) }]));
    expect(parseRemove(hurried)).toEqual([{ name: 'shop-2', removed: true, drained: false }]);
  });

  test('goes back to a snapshot, and keeps address, label and owners', async () => {
    const put = (text: string) => command('put', execArgv('shop-1', ['sh', '-c', 'echo "$0" >/www/index.html', text]));
    await run([put('first')]);
    const [taken] = await run(snapshotSteps('shop-1', 'a "comment"'));
    expect(parseSnapshots(taken?.stdout ?? '')).toMatchObject([{ name: 'snap0', comment: 'a "comment"' }]);
    await expect.poll(async () => (await run([put('second')]))[0]?.status, { timeout: 10_000 }).toBe(0);
    const [restored] = await run(restoreSteps('shop-1', 'snap0'));
    expect(restored).toMatchObject({ status: 0 });
    await expect
      .poll(async () => (await shell('curl -s -m 1 http://10.66.0.2/')).stdout, { timeout: 10_000 })
      .toBe('first\n');
    expect((await shell('grep -c 02:53:0a:42:00:02 /var/lib/stratos/processes/shop-1/config')).stdout).toBe('1\n');
    const [listed, missing] = await run([snapshotListStep('shop-1'), ...restoreSteps('shop-1', 'snap9')]);
    expect(parseSnapshots(listed?.stdout ?? '')).toHaveLength(1);
    expect(missing).toMatchObject({
      status: 1,
      stderr: 'Cannot restore a snapshot of shop-1 as there is none of that name: snap9\n',
    });
    const [, after] = await run([snapshotRemoveStep('shop-1', 'snap0'), snapshotListStep('shop-1')]);
    expect(parseSnapshots(after?.stdout ?? '')).toEqual([]);
  });

  test('leaves its snapshots to those that come after it, where the image is the same', async () => {
    await run(createSteps([web('shop-7', 7)]));
    const put = (name: string, text: string) =>
      run([command('put', execArgv(name, ['sh', '-c', 'echo "$0" >/www/index.html', text]))]);
    const page = (index: number) => shell(`curl -s -m 1 http://10.66.0.${String(index + 1)}/`);
    await put('shop-7', 'kept');
    await run(snapshotSteps('shop-7', 'before'));
    expect(await remove('shop-7')).toMatchObject([{ removed: true }]);
    await shell(`cp -a /var/lib/stratos/images/${IMAGE_HEX} /var/lib/stratos/images/${'cd'.repeat(32)}`);
    const nine = web('shop-9', 9);
    const another = { ...nine, image: { ...nine.image, digest: `sha256:${'cd'.repeat(32)}` } };
    await run(createSteps([web('shop-8', 8), another, web('shop-x-1', 10)]));
    const listOf = async (name: string) => parseSnapshots((await run([snapshotListStep(name)]))[0]?.stdout ?? '');
    expect(await listOf('shop-8')).toEqual([
      { name: 'shop-7/snap0', comment: 'before', createdAt: expect.any(String) as string },
    ]);
    expect(await listOf('shop-9')).toMatchObject([{ name: 'shop-7/snap0', image: `sha256:${IMAGE_HEX}` }]);
    expect(await listOf('shop-x-1')).toEqual([]);
    expect(await run(restoreSteps('shop-8', 'shop-7/snap0'))).toMatchObject([{ status: 0 }]);
    await expect.poll(async () => (await page(8)).stdout, { timeout: 10_000 }).toBe('kept\n');
    expect((await shell('stat -c %u:%g /var/lib/stratos/processes/shop-8/overlay/delta')).stdout).toBe(
      '100000:100000\n',
    );
    const refused = [
      ['shop-9', 'shop-7/snap0', `as it is of another image: sha256:${IMAGE_HEX}`],
      ['shop-8', 'shop-7/../../processes', 'as there is none of that name'],
      ['shop-8', 'shop-7/snap1', 'as there is none of that name'],
    ] as const;
    for (const [name, snapshot, why] of refused) {
      const [result] = await run(restoreSteps(name, snapshot));
      expect([result?.status, result?.stderr]).toEqual([1, expect.stringContaining(why)]);
    }
    expect((await page(9)).stdout).toBe('hello\n');
    await run([snapshotRemoveStep('shop-8', 'shop-7/snap0')]);
    expect(await listOf('shop-8')).toEqual([]);
    expect((await shell('ls /var/lib/stratos/snapshots')).stdout).toBe('');
    await remove('shop-8', 'shop-9', 'shop-x-1');
  });

  test('leaves what it changed as it goes, from a disk of its own too: of three revisions, or it does not go', async () => {
    const kept = async () => (await shell('cd /var/lib/stratos/snapshots 2>/dev/null && cat */*/comment; true')).stdout;
    const goes = async (name: string, index: number, fingerprint: string, disk?: number) => {
      const { resources } = aCartridge();
      const cartridge = aCartridge({ resources: { ...resources, ...(disk ? { disk: bytes(disk * 2 ** 20) } : {}) } });
      expect(parseCreate(await run(createSteps([web(name, index, { fingerprint, cartridge })])))).toMatchObject([
        { ready: true },
      ]);
      await run([command('put', execArgv(name, ['sh', '-c', 'echo "$0" >/notes', fingerprint]))]);
    };
    const gone = async (name: string, snapshot: string) =>
      parseRemove(await run(removeSteps(LINEAGE, [{ name, drain: millis(0), snapshot }])));
    await goes('site-1', 11, 'a', 16);
    // Nothing can be put there.
    await shell('rm -rf /var/lib/stratos/snapshots; : >/var/lib/stratos/snapshots');
    const [stays] = await gone('site-1', 'of a');
    expect(stays).toMatchObject({ name: 'site-1', removed: false });
    expect(stays?.failure).toMatch(/^it stays, as no snapshot of it can be kept: .*Not a directory/);
    await shell('rm /var/lib/stratos/snapshots');
    expect(await gone('site-1', 'of a')).toMatchObject([{ name: 'site-1', removed: true }]);
    expect(await kept()).toBe('of a');
    const [file] = await run([
      command('read', ['sh', '-c', 'cat /var/lib/stratos/snapshots/site-1/snap0/overlay/delta/notes']),
    ]);
    expect(file?.stdout).toBe('a\n');
    for (const [n, fingerprint] of ['b', 'c', 'd'].entries()) {
      // Their order is that of their seconds.
      await shell('touch -d "1 hour ago" /var/lib/stratos/snapshots/site-1/snap0/ts 2>/dev/null');
      await goes(`site-${String(n + 2)}`, n + 12, fingerprint);
      expect(await gone(`site-${String(n + 2)}`, `of ${fingerprint}`)).toMatchObject([{ removed: true }]);
    }
    expect(await kept()).toBe('of bof cof d');
    await shell('rm -rf /var/lib/stratos/snapshots');
  });

  test('keeps its network when somebody deletes the bridge or its published port', async () => {
    await run(createSteps([web('shop-5', 5), web('shop-6', 6)]));
    const drift = async () => parseObservation((await run([observeStep(LINEAGE)]))[0]?.stdout ?? '').drift;
    const pages = () => vms.ssh('for n in 6 7; do curl -sf -m 3 http://10.66.0.$n/ || echo silent; done');
    expect(await pages()).toBe('hello\nhello\n');
    await vms.ssh('nft delete element inet stratos published { 20032 }');
    expect(await drift()).toEqual(['table inet stratos is edited']);
    await vms.ssh('ip link delete dev stratosbr0');
    expect(await pages()).toBe('silent\nsilent\n');
    await run([prepareStep(PREPARE)]);
    expect(await drift()).toBeUndefined();
    expect(await pages()).toBe('hello\nhello\n');
  });

  test('is not let to what a cloud tells its VM', async () => {
    await vms.ssh(`
      set -e
      ip netns add cloud
      ip link add cloud0 type veth peer name cloud1 netns cloud
      ip address add 169.254.169.1/24 dev cloud0
      ip link set cloud0 up
      ip -n cloud address add 169.254.169.254/24 dev cloud1
      ip -n cloud link set cloud1 up
      ip -n cloud route add default via 169.254.169.1
      mkdir -p /tmp/cloud && echo secret >/tmp/cloud/index.html
      ip netns exec cloud /root/busybox httpd -p 80 -h /tmp/cloud`);
    try {
      expect(await vms.ssh('curl -s --retry 5 --retry-connrefused http://169.254.169.254/')).toBe('secret\n');
      const ask = 'echo GET / | nc -w 5 169.254.169.254 80; echo "status $?"';
      const [asked] = await run([command('ask', execArgv('shop-1', ['sh', '-c', ask]))]);
      expect(asked?.stdout).toBe('status 1\n');
      expect(asked?.ms).toBeLessThan(4000);
    } finally {
      await vms.ssh('ip netns pids cloud | xargs -r kill; ip netns delete cloud; rm -rf /tmp/cloud');
    }
  });

  test('answers on its published port to peers only', async () => {
    const [own, other] = vms.vms.map(({ endpoint }) => endpoint.address);
    const ask = () => vms.ssh(`curl -s -m 1 http://${own}:20000/ || echo refused`, 1);
    await run([peersStep([])]);
    expect(await ask()).toBe('refused\n');
    await run([peersStep([other ?? ''])]);
    expect(await ask()).toBe('first\n');
    // Also when somebody took the rules away.
    await shell('nft delete table inet stratos');
    await run([peersStep([other ?? ''])]);
    expect(await ask()).toBe('first\n');
  });

  test('is there again after the VM came back, with its disk and the limits of its traffic', async () => {
    const resources = { ...aCartridge().resources, disk: bytes(24 * 2 ** 20), bandwidth: { in: FAST, out: FAST } };
    const cartridge = aCartridge({ resources });
    expect(parseCreate(await run(createSteps([web('shop-3', 3, { cartridge })])))).toMatchObject([{ ready: true }]);
    await run([command('write', execArgv('shop-3', ['sh', '-c', 'echo third >/www/index.html']))]);
    await shell('systemctl --no-block reboot').catch(() => undefined);
    await transport.close();
    transport = sshTransport({ directory: vms.site.directory, env: {} });
    await expect
      .poll(() => vms.ssh('curl -s -m 1 http://10.66.0.2/').catch(() => 'not yet'), { timeout: 60_000, interval: 500 })
      .toBe('first\n');
    const other = vms.vms[1]?.endpoint.address ?? '';
    expect(await vms.ssh('nft list set inet stratos peers')).toContain(other);
    await expect
      .poll(() => vms.ssh('curl -s -m 1 http://10.66.0.4/').catch(() => 'not yet'), { timeout: 20_000 })
      .toBe('third\n');
    expect(await vms.ssh('grep -c "/processes/shop-3/overlay ext4" /proc/mounts')).toBe('1\n');
    const seen = parseObservation((await run([observeStep(LINEAGE)]))[0]?.stdout ?? '');
    expect(seen.processes.find(({ name }) => name === 'shop-3')?.limits).toBe(limitsText(resources));
    await remove('shop-3');
  });
});

test('a release takes everything away, and a second one has nothing to do', async () => {
  await run(createSteps([web('shop-1', 1)]));
  const [released, again] = await run([releaseStep(LINEAGE), releaseStep(LINEAGE)]);
  expect([released?.status, again?.status]).toEqual([0, 0]);
  const left = await shell(
    'ls -A /var/lib/stratos 2>/dev/null; ls /etc/systemd/system /etc/systemd/system/multi-user.target.wants | grep stratos; ls /sys/class/net | grep stratosbr; nft list tables | grep stratos; pgrep -x httpd; true',
  );
  expect(left.stdout).toBe('');
});

/** What every runtime of containers must do, on a real VM over real SSH: Warden's verbs, one after the other. */
import { chmod, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseLimit } from '../../src/lxc/limits.ts';
import { parseCreate } from '../../src/lxc/process-lifecycle.ts';
import { parseSleep } from '../../src/lxc/sleep.ts';
import { parseSnapshots } from '../../src/lxc/snapshots.ts';
import { limitsText } from '../../src/model/limits.ts';
import { bytes, cores, millis, parseBitRate } from '../../src/model/quantity.ts';
import { capabilitiesOf, type RuntimeName } from '../../src/model/runtime.ts';
import { Secret } from '../../src/model/secret.ts';
import type { ResourceSpec } from '../../src/model/spec.ts';
import { processCopyIn, processCopyOut } from '../../src/reconcile/copy-operations.ts';
import { command } from '../../src/shell/command.ts';
import { aCartridge, IMAGE_HEX } from '../unit/lxc/a-launch.ts';
import { runtimeLab, type LabVm, type RuntimeLab } from '../support/runtime-lab.ts';

function never(): never {
  throw new Error('it is a rate');
}

/** The cases, the same for each. @param open makes the VM; undefined: one of `local` */
export function runtimeContract(name: RuntimeName, open?: () => Promise<LabVm>): void {
  describe(`runtime ${name}`, () => {
    const can = capabilitiesOf(name);
    let lab: RuntimeLab;
    beforeAll(
      async () => {
        lab = await runtimeLab(name, open);
      },
      open ? 900_000 : 240_000,
    );
    afterAll(() => lab.dispose());
    afterEach(async () => {
      await lab.remove(...(await lab.look()).processes.map((process) => process.name));
    });
    const create = async (...launches: Parameters<RuntimeLab['runtime']['create']>[0]) =>
      parseCreate(await lab.run(lab.runtime.create(launches)));

    test('create, info, list, stop with grace, destroy', async () => {
      const argv = [
        'sh',
        '-c',
        'trap "echo ended >/data/end; exit 0" TERM; httpd -f -p 80 -h /www & while :; do sleep 0.1; done',
      ];
      const cartridge = aCartridge({ volumes: [{ name: 'data', path: '/data' }] });
      expect(
        await create(lab.web({ cartridge }, argv), lab.web({ name: 'shop-2', index: 2, ordinal: 2 })),
      ).toMatchObject([{ ready: true }, { ready: true }]);
      expect(await lab.shell('curl -s http://10.66.0.2/ http://10.66.0.3/')).toBe('hello\nhello\n');
      const { processes, foreign, drift } = await lab.look();
      expect({ foreign, drift }).toEqual({ foreign: [], drift: undefined });
      expect(processes.map((process) => process.name)).toEqual(['shop-1', 'shop-2']);
      for (const process of processes) {
        expect(process).toMatchObject({ state: 'running', fingerprint: 'f1' });
        expect(process.usage?.pids).toBeGreaterThan(0);
        expect(process.usage?.memory).toBeGreaterThan(0);
      }
      // A second time it is only waited for.
      expect(await create(lab.web({ cartridge }, argv))).toMatchObject([{ ready: true }]);
      expect(await lab.remove('shop-1', 'shop-2')).toMatchObject([{ removed: true }, { removed: true }]);
      expect(await lab.shell('cat /var/lib/stratos/volumes/shop/1/data/end')).toBe('ended\n');
      expect((await lab.look()).processes).toEqual([]);
      expect(
        await lab.shell('ls -A /var/lib/stratos/processes; ls -d /sys/fs/cgroup/*/lxc.payload.* 2>/dev/null'),
      ).toBe('');
    });

    test('run and logs: user, environment, secret, directory, status, and what it wrote', async () => {
      const env = { TRICKY: `a'b\n$(touch /tmp/x) "c"`, TOKEN: new Secret('opensesame') };
      const argv = [
        'sh',
        '-c',
        'echo "as $(id -u)"; echo reopened >/dev/stdout; echo oops >&2; exec httpd -f -p 8080 -h /www',
      ];
      const cartridge = aCartridge({ ports: [{ name: 'http', port: 8080, protocol: 'http' }] });
      expect(await create(lab.web({ env, cartridge }, argv, 'www'))).toMatchObject([{ ready: true }]);
      expect(await lab.inside('shop-1', 'sh', '-c', 'id -u; echo "$TRICKY|$TOKEN|$HOME"; pwd; exit 7')).toMatchObject({
        status: 7,
        stdout: `33\na'b\n$(touch /tmp/x) "c"|opensesame|/www\n/www\n`,
      });
      await expect
        .poll(async () => (await lab.run([command('logs', lab.runtime.logs('shop-1'))]))[0]?.stdout, {
          timeout: 10_000,
        })
        .toContain('as 33\nreopened\noops\n');
      // In no argument, of no program.
      expect(await lab.shell('cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c open[s]esame')).toBe('0\n');
      const known = await lab.shell('grep -rl open[s]esame /var/lib/stratos /run/stratos 2>/dev/null | sort');
      expect(known).toBe('/var/lib/stratos/processes/shop-1/stratos/init\n');
    });

    test('further groups of its user are those of its image, as Docker gives them: at its start, and for what is run in it', async () => {
      const users = [
        ['www', '33 4 44 50'],
        ['33', '33 4 44 50'],
        ['www:staff', '50'],
        ['33:50', '50'],
        ['7', '0'],
        ['', '0 4'],
      ] as const;
      const argv = ['sh', '-c', 'id -G >/tmp/index.html; exec httpd -f -p 8080 -h /tmp'];
      const cartridge = aCartridge({ ports: [{ name: 'http', port: 8080, protocol: 'http' }] });
      const launches = users.map(([user], i) => {
        const index = i + 1;
        return lab.web({ name: `shop-${String(index)}`, index, ordinal: index, cartridge }, argv, user);
      });
      expect((await create(...launches)).map(({ ready }) => ready)).toEqual(users.map(() => true));
      const sorted = (text: string | undefined): string => {
        const [first = '', ...more] = (text ?? '').trim().split(' ');
        return [first, ...more.toSorted((a, b) => Number(a) - Number(b))].join(' ');
      };
      for (const [i, [, groups]] of users.entries()) {
        const index = i + 1;
        expect(sorted(await lab.shell(`curl -s http://10.66.0.${String(index + 1)}:8080/`))).toBe(groups);
        expect(sorted((await lab.inside(`shop-${String(index)}`, 'id', '-G')).stdout)).toBe(groups);
      }
    });

    test('stop and start: what it changed stays', async () => {
      await create(lab.web());
      await lab.inside('shop-1', 'sh', '-c', 'echo changed >/www/index.html; rm /etc/passwd');
      expect(parseCreate(await lab.run(lab.runtime.restart([lab.web()])))).toMatchObject([{ ready: true }]);
      expect(await lab.shell('curl -s http://10.66.0.2/')).toBe('changed\n');
      expect(await lab.inside('shop-1', 'cat', '/etc/passwd')).toMatchObject({ status: 1 });
    });

    test('one that cannot start says why', async () => {
      const [outcome] = await create(lab.web({}, ['sh', '-c', 'echo no config; exit 3']));
      expect(outcome).toMatchObject({ ready: false });
      expect(outcome?.failure).toContain('it ends at once');
    });

    test.runIf(can.limits)('limits change while it runs and while it is frozen, and stay', async () => {
      const shown = async (): Promise<string> => {
        const file = (v1: string, v2: string) => `$(cat /sys/fs/cgroup/${v1} /sys/fs/cgroup/${v2} 2>/dev/null)`;
        const group = 'lxc.payload.shop-1';
        const memory = file(`memory/${group}/memory.limit_in_bytes`, `${group}/memory.max`);
        const cpu = file(`cpu/${group}/cpu.cfs_quota_us`, `${group}/cpu.max`);
        return lab.shell(
          `echo ${memory} ${cpu.replace(')', ' | cut -d " " -f 1)')} ${file(`pids/${group}/pids.max`, `${group}/pids.max`)}`,
        );
      };
      const limit = async (resources: ResourceSpec) =>
        parseLimit(await lab.run(lab.runtime.limit(lab.lineage, [{ name: 'shop-1', resources }])));
      await create(lab.web());
      const before = (await lab.look()).processes[0];
      expect(before?.limits).toBe(limitsText(aCartridge().resources));
      const more = { memory: bytes(96 * 2 ** 20), cpu: cores(0.75), pids: 96 };
      expect(await limit(more)).toEqual([{ name: 'shop-1', limited: true }]);
      expect(await shown()).toBe(`${String(96 * 2 ** 20)} 75000 96\n`);
      expect((await lab.look()).processes).toMatchObject([
        { limits: limitsText(more), state: 'running', usage: { start: before?.usage?.start } },
      ]);

      // What is in use cannot be taken away: it keeps what it has, and goes on.
      await lab.inside('shop-1', 'dd', 'if=/dev/zero', 'of=/dev/shm/full', 'bs=1M', 'count=40');
      const [refused] = await limit({ ...more, memory: bytes(24 * 2 ** 20) });
      expect(refused).toMatchObject({ limited: false });
      expect(refused?.failure).toMatch(/^it uses 4\dMi of memory, which is not below the new limit of 24Mi$/);
      expect(await shown()).toBe(`${String(96 * 2 ** 20)} 75000 96\n`);
      expect((await lab.look()).processes).toMatchObject([{ limits: limitsText(more) }]);
      expect(await lab.shell('curl -s http://10.66.0.2/')).toBe('hello\n');
      await lab.inside('shop-1', 'rm', '/dev/shm/full');

      const request = { name: 'shop-1', index: 1, network: '10.66.0.0/22', depth: 'frozen' as const };
      expect(parseSleep(await lab.run(lab.runtime.sleep(lab.lineage, [request])))).toMatchObject([{ slept: true }]);
      const less = { memory: bytes(48 * 2 ** 20), cpu: cores(0.25), pids: 48 };
      expect(await limit(less)).toMatchObject([{ limited: true }]);
      expect((await lab.look()).processes).toMatchObject([{ limits: limitsText(less), asleep: 'frozen' }]);
      // The next start has them.
      expect(parseCreate(await lab.run(lab.runtime.restart([lab.web()])))).toMatchObject([{ ready: true }]);
      expect(await shown()).toBe(`${String(48 * 2 ** 20)} 25000 48\n`);
    });

    test.runIf(can.bandwidth)(
      'bandwidth, both ways: from its start, changed and taken away while it runs',
      async () => {
        const slow = parseBitRate('4Mbit') ?? never();
        const { resources } = aCartridge();
        const limit = async (bandwidth?: ResourceSpec['bandwidth']) => {
          const wanted = { ...resources, ...(bandwidth ? { bandwidth } : {}) };
          return parseLimit(await lab.run(lab.runtime.limit(lab.lineage, [{ name: 'shop-1', resources: wanted }])));
        };
        const cartridge = aCartridge({ resources: { ...resources, bandwidth: { in: slow, out: slow } } });
        await create(lab.web({ cartridge }));
        // 500 kB, a second each way.
        await lab.inside('shop-1', 'sh', '-c', 'head -c 500000 /dev/zero >/www/file; mkdir /www/cgi-bin');
        await lab.inside('shop-1', 'sh', '-c', `printf '#!/bin/sh\\ncat >/dev/null\\necho\\n' >/www/cgi-bin/take`);
        await lab.inside('shop-1', 'sh', '-c', 'chmod 755 /www/cgi-bin/take; ls /www/cgi-bin');
        const seconds = async (...options: readonly string[]): Promise<number> =>
          Number(await lab.shell(`curl -sf -o /dev/null -w '%{time_total}' ${options.join(' ')}`));
        const down = ['http://10.66.0.2/file'];
        const up = [
          '--data-binary',
          '@/var/lib/stratos/processes/shop-1/overlay/delta/www/file',
          'http://10.66.0.2/cgi-bin/take',
        ];
        expect(await seconds(...down)).toBeGreaterThan(0.7);
        expect(await seconds(...up)).toBeGreaterThan(0.7);
        expect((await lab.look()).processes).toMatchObject([{ limits: limitsText(cartridge.resources) }]);

        // What somebody took away or changed is seen as not there, and is there again when it is asked for.
        const [own = '', detour = ''] = (
          await lab.shell("tc qdisc show | sed -n 's/.*tbf .* dev \\([^ ]*\\) root.*/\\1/p'")
        )
          .trim()
          .split('\n')
          .toSorted((a, b) => Number(a.startsWith('stratos-bw')) - Number(b.startsWith('stratos-bw')));
        expect(detour).toMatch(/^stratos-bw\d+$/);
        for (const harm of [
          `tc qdisc del dev ${own} root`,
          `tc qdisc change dev ${own} root tbf rate 800mbit burst 900000 latency 50ms`,
          `tc qdisc del dev ${own} ingress`,
          `tc filter del dev ${own} parent ffff:`,
          `tc qdisc del dev ${detour} root`,
          `ip link del dev ${detour}`,
        ]) {
          expect(await lab.shell(harm)).toBe('');
          expect((await lab.look()).processes.map(({ limits }) => limits)).toEqual([limitsText(resources)]);
          expect(await limit({ in: slow, out: slow })).toMatchObject([{ limited: true }]);
          expect((await lab.look()).processes).toMatchObject([{ limits: limitsText(cartridge.resources) }]);
        }
        expect(await seconds(...up)).toBeGreaterThan(0.7);

        // Only what it receives, and at the next start too.
        expect(await limit({ in: slow })).toMatchObject([{ limited: true }]);
        const rules = async () =>
          lab.shell('tc qdisc show | grep -c tbf; ls -d /sys/class/net/stratos-bw* 2>/dev/null');
        expect(await rules()).toBe('1\n');
        expect(parseCreate(await lab.run(lab.runtime.restart([lab.web({ cartridge })])))).toMatchObject([
          { ready: true },
        ]);
        expect(await rules()).toBe('1\n');
        expect(await limit()).toMatchObject([{ limited: true }]);
        expect(await rules()).toBe('0\n');
        expect(await limit({ out: slow })).toMatchObject([{ limited: true }]);
        expect(await seconds(...down)).toBeGreaterThan(0.7);
        await lab.remove('shop-1');
        expect(await rules()).toBe('0\n');
      },
    );

    test.runIf(can.disk)(
      'disk: full at its limit, larger while it runs, and kept by all that keeps changes',
      async () => {
        const { resources } = aCartridge();
        const of = (mebibytes: number): ResourceSpec => ({ ...resources, disk: bytes(mebibytes * 2 ** 20) });
        const cartridge = aCartridge({ resources: of(24) });
        const limit = async (mebibytes: number) =>
          parseLimit(await lab.run(lab.runtime.limit(lab.lineage, [{ name: 'shop-1', resources: of(mebibytes) }])));
        const write = async (mebibytes: number, name: string) =>
          lab.inside('shop-1', 'dd', 'if=/dev/zero', `of=/www/${name}`, 'bs=1M', `count=${String(mebibytes)}`);
        expect(await create(lab.web({ cartridge }))).toMatchObject([{ ready: true }]);
        expect((await write(8, 'first')).status).toBe(0);
        expect(await write(30, 'second')).toMatchObject({ status: 1 });
        expect((await write(30, 'second')).stderr).toContain('No space left on device');
        // What the VM has is for the others.
        const restart = async () => parseCreate(await lab.run(lab.runtime.restart([lab.web({ cartridge })])));
        const [grown] = await limit(64);
        if (grown?.limited !== true) {
          // A machine may lack the right for it; then so do the VMs on it.
          expect(grown?.failure).toBe('its disk does not grow while it runs: it will when it is started the next time');
          expect(await restart()).toMatchObject([{ ready: true }]);
          expect(await limit(64)).toEqual([{ name: 'shop-1', limited: true }]);
        }
        expect((await write(30, 'second')).status).toBe(0);
        expect((await lab.look()).processes).toMatchObject([{ limits: limitsText(of(64)), state: 'running' }]);
        const [smaller] = await limit(32);
        expect(smaller?.failure).toContain('its disk has 64Mi and does not get smaller');

        // What is copied in is there while it sleeps, when it got a larger one meanwhile, and when it wakes.
        const deps = lab.deps('shop-1');
        const home = await mkdtemp(path.join(lab.vms.site.directory, 'disk-'));
        await writeFile(path.join(home, 'page'), 'copied');
        await processCopyIn(deps, 'shop-1', path.join(home, 'page'), '/www/page.html');
        if (can.freeze) {
          const request = { name: 'shop-1', index: 1, network: '10.66.0.0/22', depth: 'stopped' as const };
          expect(parseSleep(await lab.run(lab.runtime.sleep(lab.lineage, [request])))).toMatchObject([{ slept: true }]);
          expect(await limit(72)).toEqual([{ name: 'shop-1', limited: true }]);
          expect(parseCreate(await lab.run(lab.runtime.start([lab.web({ cartridge })])))).toMatchObject([
            { ready: true },
          ]);
          expect(await lab.shell('curl -s http://10.66.0.2/page.html')).toBe('copied');
          expect(await limit(72)).toEqual([{ name: 'shop-1', limited: true }]);
          expect((await lab.look()).processes).toMatchObject([{ limits: limitsText(of(72)), state: 'running' }]);
        }
        await processCopyOut(deps, 'shop-1', '/www/page.html', path.join(home, 'back'));
        expect(await readFile(path.join(home, 'back'), 'utf8')).toBe('copied');

        if (can.snapshot) {
          await lab.inside('shop-1', 'rm', '/www/second');
          const [taken] = parseSnapshots((await lab.run(lab.runtime.snapshot('shop-1')))[0]?.stdout ?? '');
          await lab.inside('shop-1', 'rm', '/www/first');
          expect(await lab.run(lab.runtime.restore('shop-1', taken?.name ?? ''))).toMatchObject([{ status: 0 }]);
          expect((await lab.inside('shop-1', 'ls', '/www')).stdout).toBe('first\nindex.html\npage.html\n');
        }
        expect(await restart()).toMatchObject([{ ready: true }]);
        expect((await lab.inside('shop-1', 'ls', '/www')).stdout).toContain('first\n');
        expect(await lab.remove('shop-1')).toMatchObject([{ removed: true }]);
        expect(await lab.shell('grep -c "/overlay ext4" /proc/mounts; ls -A /var/lib/stratos/processes')).toBe('0\n');
      },
    );

    test.runIf(can.egress)(
      'egress: to nowhere, to what is listed, to anywhere, while it runs',
      async ({ onTestFinished }) => {
        const { resources } = aCartridge();
        const limit = async (egress?: readonly string[]) => {
          const wanted = { ...resources, ...(egress ? { egress } : {}) };
          return parseLimit(await lab.run(lab.runtime.limit(lab.lineage, [{ name: 'shop-1', resources: wanted }])));
        };
        onTestFinished(async () => {
          await lab.shell('pkill -f "^/root/busybox httpd"; ip netns del beyond; ip link del far');
        });
        // A network beyond the VM with two servers in it, and one on the VM itself.
        await lab.vms.ssh(`set -e; ip netns add beyond; ip link add far type veth peer name eth0 netns beyond
        ip link set far up; ip addr add 192.0.2.1/24 dev far
        ip -n beyond link set eth0 up; ip -n beyond addr add 192.0.2.7/24 dev eth0; ip -n beyond route add default via 192.0.2.1
        www=/var/lib/stratos/images/${IMAGE_HEX}/rootfs/www
        for port in 80 81; do ip netns exec beyond /root/busybox httpd -p $port -h $www; done
        /root/busybox httpd -p 192.0.2.1:82 -h $www`);
        const servers = ['192.0.2.7:80', '192.0.2.7:81', '192.0.2.1:82'];
        const open = async (): Promise<readonly string[]> => {
          const groups = '/sys/fs/cgroup/pids/lxc.payload.shop-1 /sys/fs/cgroup/lxc.payload.shop-1';
          const asked = servers.map(async (server) => {
            const answer = await lab.shell(
              `pid=$(for group in ${groups}; do cat $group/cgroup.procs; done 2>/dev/null | head -n 1)
             nsenter -t "$pid" -n curl -s -m 30 http://${server}/`,
            );
            return answer === 'hello\n' ? [server] : [];
          });
          return (await Promise.all(asked)).flat();
        };
        const cartridge = aCartridge({ resources: { ...resources, egress: [] } });
        await create(lab.web({ cartridge }));
        expect((await lab.look()).drift).toBeUndefined();
        expect(await lab.shell('curl -s http://10.66.0.2/')).toBe('hello\n');
        expect(await open()).toEqual([]);
        // Its root cannot take another address.
        expect((await lab.inside('shop-1', 'ifconfig', 'eth0', '10.66.0.9')).status).not.toBe(0);
        // Networks may overlap.
        expect(await limit(['192.0.0.0/16:81', '192.0.2.7/32:81-83'])).toMatchObject([{ limited: true }]);
        expect(await open()).toEqual(['192.0.2.7:81']);
        await lab.shell('/var/lib/stratos/bin/network-up');
        expect(await open()).toEqual(['192.0.2.7:81']);
        expect(await limit()).toMatchObject([{ limited: true }]);
        expect(await open()).toEqual(servers);
        expect((await lab.look()).drift).toBeUndefined();
        expect(await limit([])).toMatchObject([{ limited: true }]);
        await lab.remove('shop-1');
        expect(await lab.shell('nft list chain inet stratos egress | grep -c 10.66.0.2')).toBe('0\n');
      },
    );

    test.runIf(can.freeze)('freeze and thaw, stop and wake', async () => {
      await create(lab.web());
      for (const depth of ['frozen', 'stopped'] as const) {
        const request = { name: 'shop-1', index: 1, network: '10.66.0.0/22', depth };
        const wake = { port: 80, startup: millis(20_000) };
        expect(parseSleep(await lab.run(lab.runtime.sleep(lab.lineage, [{ ...request, wake }])))).toMatchObject([
          { slept: true, depth },
        ]);
        expect((await lab.look()).processes).toMatchObject([{ asleep: depth }]);
        // Its wake port.
        expect(await lab.shell('curl -s -m 20 http://10.66.0.1:61000/')).toBe('hello\n');
        await expect.poll(async () => (await lab.look()).processes[0]?.asleep, { timeout: 10_000 }).toBeUndefined();
        // One that was woken a moment ago stays awake.
        await expect
          .poll(async () => lab.shell('systemctl is-active stratos-wake@61000.service'), { timeout: 20_000 })
          .toBe('inactive\n');
      }
    });

    test.runIf(can.snapshot)('snapshot and restore', async () => {
      await create(lab.web());
      const [taken] = parseSnapshots((await lab.run(lab.runtime.snapshot('shop-1')))[0]?.stdout ?? '');
      await lab.inside('shop-1', 'sh', '-c', 'echo changed >/www/index.html');
      expect(await lab.run(lab.runtime.restore('shop-1', taken?.name ?? ''))).toMatchObject([{ status: 0 }]);
      expect(await lab.inside('shop-1', 'cat', '/www/index.html')).toMatchObject({ stdout: 'hello\n' });
    });

    test.runIf(!can.snapshot)('a snapshot is refused by name', async () => {
      await create(lab.web());
      const [refused] = await lab.run(lab.runtime.snapshot('shop-1'));
      expect(refused?.status).not.toBe(0);
      expect(refused?.stderr).toContain(`Cannot take a snapshot of shop-1 as its runtime has none: ${name}`);
    });

    test.runIf(can.copy)('copy in and out: owner, modes, folders, links that lead out, foreign processes', async () => {
      const cartridge = aCartridge({ ports: [{ name: 'http', port: 8080, protocol: 'http' }] });
      await create(lab.web({ cartridge }, ['httpd', '-f', '-p', '8080', '-h', '/www'], 'www'));
      const deps = lab.deps('shop-1');
      const home = await mkdtemp(path.join(lab.vms.site.directory, 'copy-'));
      await mkdir(path.join(home, 'site', 'deep'), { recursive: true });
      await writeFile(path.join(home, 'site', 'deep', 'a b'), 'x'.repeat(200_000));
      await chmod(path.join(home, 'site', 'deep', 'a b'), 0o640);
      await symlink('deep/a b', path.join(home, 'site', 'link'));

      expect(await processCopyIn(deps, 'shop-1', path.join(home, 'site'), '/www')).toMatchObject({ path: '/www/site' });
      const owner = 'stat -c "%u:%g %a" "/var/lib/stratos/processes/shop-1/overlay/delta/www/site/deep/a b"';
      expect(await lab.shell(owner)).toBe('100033:100033 640\n');
      expect((await lab.inside('shop-1', 'cat', '/www/site/link')).stdout).toHaveLength(200_000);
      // Under another name, by way of a link that is absolute inside, and replaced the second time. Not in /tmp itself, where most kernels
      // let root follow no link of others.
      await lab.inside('shop-1', 'mkdir', '/tmp/own');
      await lab.inside('shop-1', 'ln', '-s', '/www', '/tmp/own/way');
      await writeFile(path.join(home, 'page'), 'first');
      await processCopyIn(deps, 'shop-1', path.join(home, 'page'), '/tmp/own/way/page.html');
      await writeFile(path.join(home, 'page'), 'second');
      await processCopyIn(deps, 'shop-1', path.join(home, 'page'), '/tmp/own/way/page.html');
      expect(await lab.shell('curl -s http://10.66.0.2:8080/page.html')).toBe('second');

      await processCopyOut(deps, 'shop-1', '/www/site', path.join(home, 'back'));
      expect(await readFile(path.join(home, 'back', 'link'), 'utf8')).toHaveLength(200_000);
      expect(await processCopyOut(deps, 'shop-1', '/tmp/own/way/page.html', home)).toMatchObject({
        files: 1,
        bytes: 6,
      });
      expect(await readFile(path.join(home, 'page.html'), 'utf8')).toBe('second');

      // A link to a file of the VM leads to what has that name inside.
      await lab.shell('echo of-the-vm >/etc/stratos-test');
      await lab.inside('shop-1', 'ln', '-s', '/etc', '/tmp/own/etc');
      await expect(processCopyOut(deps, 'shop-1', '/tmp/own/etc/stratos-test', home)).rejects.toThrow('No such file');
      await expect(processCopyIn(deps, 'shop-1', path.join(home, 'page'), '/tmp/own/etc/../../evil')).rejects.toThrow(
        '".."',
      );
      await expect(processCopyIn(deps, 'shop-1', path.join(home, 'page'), '/nowhere/a')).rejects.toThrow(
        'Cannot copy to /nowhere/a of shop-1 as the folder it would be in is not there: /nowhere',
      );
      await expect(processCopyOut(deps, 'shop-1', '/www/site', path.join(home, 'back', '..'))).rejects.toThrow(
        'as a folder is there already',
      );
      await lab.shell('sed -i s/1111/9999/ /var/lib/stratos/processes/shop-1/label.json');
      await expect(processCopyOut(deps, 'shop-1', '/www', path.join(home, 'x'))).rejects.toThrow('or not ours');
      await lab.shell('sed -i s/9999/1111/ /var/lib/stratos/processes/shop-1/label.json');
    });
  });
}

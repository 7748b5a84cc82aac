/** The `local` adapter beyond the contract: crashes at any moment, limits, and no trace left. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BASE_CACHE, rootLayout, vmLayout } from '../../src/iaas/local/layout.ts';
import { localProvider } from '../../src/iaas/local/local-provider.ts';
import { readRecord, writeRecord } from '../../src/iaas/local/machine-record.ts';
import { containerName } from '../../src/iaas/local/names.ts';
import { releaseLocal } from '../../src/iaas/local/release.ts';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { bytes, cores } from '../../src/model/quantity.ts';
import type { LocalIaasSpec } from '../../src/model/iaas/local.ts';
import { sshTo, testSite, vmOf, type TestSite } from '../support/vm.ts';

const run = promisify(execFile);
const CHILD = path.join(import.meta.dirname, '..', 'support', 'create-vm-child.ts');

let site: TestSite;
beforeAll(async () => {
  site = await testSite();
  // The base is there before anything is timed.
  const machine = await site.provider.create(await site.request('base'));
  await site.provider.delete(machine.id);
});
afterAll(() => site.dispose());
// A test that fails leaves nothing to the next.
afterEach(async () => {
  for (const { id } of await site.provider.list()) await site.provider.delete(id);
});

const providerFor = (change: Partial<LocalIaasSpec>): IaasProvider =>
  localProvider({ ...site.spec, ...change }, { lineage: site.lineage, env: {}, onStep: () => undefined });
const shell = (vm: ReturnType<typeof vmOf>, line: string): Promise<string> => sshTo(site, vm.endpoint, line);

/** Starts a create in a process of its own; resolves once it is under way. */
async function createElsewhere(spec: LocalIaasSpec, vm: string, cache = BASE_CACHE): Promise<() => Promise<void>> {
  const { hostKey, ...request } = await site.request(vm);
  const wanted = { ...request, hostKey: { publicKey: hostKey.publicKey }, privateKey: hostKey.privateKey.reveal() };
  const args = [CHILD, ...[spec, site.lineage, wanted, cache].map((value) => JSON.stringify(value))];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

describe('localProvider create', () => {
  it.each([5, 40, 80, 120, 180, 250, 400, 600])('killed after %i ms is finished by the next', async (delay) => {
    const kill = await createElsewhere(site.spec, 'killed');
    await sleep(delay);
    await kill();
    const states = (await site.provider.list()).map((machine) => machine.state);
    expect(['', 'pending', 'stopped', 'running']).toContain(states.join());
    const vm = vmOf(site, await site.provider.create(await site.request('killed')));
    expect(await shell(vm, 'cat /etc/hostname')).toBe('killed\n');
    expect(await site.provider.list()).toHaveLength(1);
    expect(await readdir(rootLayout(site.spec.root).addresses)).toEqual([vm.endpoint.address]);
    await site.provider.delete(vm.machine.id);
    expect(await readdir(rootLayout(site.spec.root).addresses)).toEqual([]);
  });

  it('gives each VM a machine id, a host name and a MAC of its own', async () => {
    const machines = await Promise.all(['a', 'b', 'c'].map(async (vm) => site.provider.create(await site.request(vm))));
    const vms = machines.map((machine) => vmOf(site, machine));
    const seen = await Promise.all(
      vms.map((vm) => shell(vm, 'cat /etc/machine-id /etc/hostname /sys/class/net/eth0/address')),
    );
    const fields = seen.map((text) => text.trim().split('\n'));
    for (const field of [0, 1, 2]) expect(new Set(fields.map((values) => values[field])).size).toBe(3);
    await Promise.all(machines.map((machine) => site.provider.delete(machine.id)));
  });

  it('limits memory and CPU to the size asked for, and boots without a failed unit', async () => {
    const size = { cpu: cores(0.5), memory: bytes(300 * 2 ** 20) };
    const vm = vmOf(site, await site.provider.create(await site.request('small', { size })));
    expect((await shell(vm, 'systemctl is-system-running --wait || systemctl --failed --no-legend')).trim()).toBe(
      'running',
    );
    const limits =
      'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max 2>/dev/null; cat cpu/cpu.cfs_quota_us cpu.max 2>/dev/null || :';
    expect((await shell(vm, limits)).trim().split(/\s+/).slice(0, 2)).toEqual([String(size.memory), '50000']);
    await site.provider.delete(vm.machine.id);
  });

  it('lets a VM hold an overlay of its own and reach the machine', async () => {
    const vm = vmOf(site, await site.provider.create(await site.request('overlay')));
    const overlay = `cd /var/lib/stratos && mkdir l u w m && echo low > l/f && mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m && cat m/f`;
    expect(await shell(vm, overlay)).toBe('low\n');
    const gateway = site.spec.subnet.replace('.0/24', '.1');
    expect(await shell(vm, `ping -c 1 -W 2 -q ${gateway} >/dev/null && echo ok`)).toBe('ok\n');
    await site.provider.delete(vm.machine.id);
  });

  it('refuses with no-capacity when the subnet is full, and leaves nothing of the one too many', async () => {
    const subnet = site.spec.subnet.replace('10.219.', '10.218.').replace('/24', '/30');
    const spec = { ...site.spec, subnet, bridge: 'stratossmall', root: path.join(site.directory, 'small') };
    const small = providerFor(spec);
    const machine = await small.create(await site.request('only'));
    await expect(small.create(await site.request('surplus'))).rejects.toMatchObject({ failure: 'no-capacity' });
    expect((await small.list()).map((entry) => entry.vm)).toEqual(['only']);
    await small.delete(machine.id);
    await small.create(await site.request('surplus')).then((next) => small.delete(next.id));
    await releaseLocal(spec);
  });

  it('refuses a bridge that carries another network', async () => {
    const other = providerFor({ subnet: site.spec.subnet.replace('/24', '/30') });
    await expect(other.create(await site.request('x'))).rejects.toThrow(
      `Cannot use bridge ${site.spec.bridge} for subnet ${site.spec.subnet.replace('/24', '/30')} as it carries another network: `,
    );
    await run('ip', ['link', 'add', 'name', 'stratosother', 'type', 'bridge']);
    await run('ip', ['address', 'add', '10.217.0.1/24', 'dev', 'stratosother']);
    try {
      const clash = providerFor({ bridge: 'stratosother', root: path.join(site.directory, 'other') });
      await expect(clash.create(await site.request('x'))).rejects.toMatchObject({ failure: 'invalid' });
    } finally {
      await run('ip', ['link', 'delete', 'dev', 'stratosother']);
    }
  });

  it('refuses a name that is none and a subnet that overlaps another network', async () => {
    for (const name of ['../x', '$(touch /tmp/x)', 'a b', '', 'x'.repeat(300)]) {
      await expect(site.provider.create(await site.request(name))).rejects.toMatchObject({ failure: 'invalid' });
    }
    const clash = providerFor({
      bridge: 'stratosclash',
      subnet: '127.0.0.0/16',
      root: path.join(site.directory, 'clash'),
    });
    await expect(clash.create(await site.request('x'))).rejects.toThrow(
      /^Cannot use subnet 127\.0\.0\.0\/16 .* overlaps the network of lo/,
    );
    await releaseLocal({ ...site.spec, bridge: 'stratosclash', root: path.join(site.directory, 'clash') });
  });

  it('says why when LXC refuses', async () => {
    const machine = await site.provider.create(await site.request('broken'));
    await site.provider.stop(machine.id);
    const { record: file } = vmLayout(rootLayout(site.spec.root), machine.id);
    const record = await readRecord(file);
    if (!record) throw new Error('no record');
    await writeRecord(file, { ...record, base: '/etc/hostname' });
    await expect(site.provider.start(machine.id)).rejects.toThrow(/^Cannot start VM .* as LXC refuses: .+/);
    await writeRecord(file, record);
    await site.provider.delete(machine.id);
  });

  it('leaves no half-built base behind when debootstrap refuses', async () => {
    const cache = await mkdtemp(path.join(tmpdir(), 'stratos-cache-'));
    const spec = { ...site.spec, suite: 'no-such-suite' };
    const provider = localProvider(spec, { lineage: site.lineage, env: {}, onStep: () => undefined }, cache);
    const error: unknown = await provider.create(await site.request('x')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ failure: 'unavailable' });
    expect((error as Error).message).toMatch(/as debootstrap ended with status 1: .*no-such-suite/);
    expect((await readdir(cache)).filter((name) => name.startsWith('.building'))).toEqual([]);
    await rm(cache, { recursive: true });
  });

  it('takes debootstrap along when it is killed, and clears what it left', async () => {
    const cache = await mkdtemp(path.join(tmpdir(), 'stratos-cache-'));
    const kill = await createElsewhere(site.spec, 'first', cache);
    const building = async (): Promise<boolean> =>
      (await run('ps', ['-eo', 'args'])).stdout.includes(`${cache}/.building`);
    for (let i = 0; i < 100 && !(await building()); i++) await sleep(50);
    expect(await building()).toBe(true);
    await kill();
    await sleep(200);
    expect(await building()).toBe(false);
    expect((await readdir(cache)).some((name) => name.startsWith('.building'))).toBe(true);
    const spec = { ...site.spec, suite: 'no-such-suite' };
    await expect(
      localProvider(spec, { lineage: site.lineage, env: {}, onStep: () => undefined }, cache).create(
        await site.request('x'),
      ),
    ).rejects.toThrow();
    expect((await readdir(cache)).some((name) => name.startsWith('.building'))).toBe(false);
    await rm(cache, { recursive: true });
  });
});

describe('localProvider start', () => {
  it('refuses a VM whose address is outside a subnet that was changed', async () => {
    const machine = await site.provider.create(await site.request('moved'));
    await site.provider.stop(machine.id);
    const moved = providerFor({ subnet: '10.217.0.0/24', bridge: 'stratosmoved' });
    await expect(moved.start(machine.id)).rejects.toMatchObject({ failure: 'invalid' });
    await site.provider.delete(machine.id);
  });
});

describe('localProvider list', () => {
  it('takes little time for ten VMs', async () => {
    const layout = rootLayout(site.spec.root);
    const machine = await site.provider.create(await site.request('many'));
    const record = await readRecord(vmLayout(layout, machine.id).record);
    if (!record) throw new Error('no record');
    for (let i = 0; i < 9; i++) {
      const id = containerName(site.lineage, `copy-${i}`);
      await mkdir(path.join(layout.vms, id));
      await writeRecord(vmLayout(layout, id).record, { ...record, vm: `copy-${i}` });
    }
    const times: number[] = [];
    for (let i = 0; i < 11; i++) {
      const from = performance.now();
      expect(await site.provider.list()).toHaveLength(10);
      times.push(performance.now() - from);
    }
    // The quickest: a busy machine slows all of them, a program started for each VM would slow even that.
    expect(Math.min(...times)).toBeLessThan(15);
  });

  it('knows a container that runs where the path is too long for a socket address', async () => {
    const root = path.join(site.spec.root, '..', 'long'.repeat(20));
    const far = providerFor({ root });
    const machine = await far.create(await site.request('far'));
    expect((await far.list())[0]?.state).toBe('running');
    await far.stop(machine.id);
    expect((await far.list())[0]?.state).toBe('stopped');
    await far.delete(machine.id);
  });
});

describe('localProvider delete', () => {
  it('takes up a delete that was cut off', async () => {
    const machine = await site.provider.create(await site.request('cut'));
    const { record: file, data } = vmLayout(rootLayout(site.spec.root), machine.id);
    const record = await readRecord(file);
    if (!record) throw new Error('no record');
    await writeRecord(file, { ...record, phase: 'deleting' });
    expect((await site.provider.list())[0]?.state).toBe('deleting');
    await rm(path.join(data, '..', 'overlay', 'delta', 'etc'), { recursive: true, force: true });
    const vm = vmOf(site, await site.provider.create(await site.request('cut')));
    expect(await shell(vm, 'cat /etc/hostname')).toBe('cut\n');
    await site.provider.delete(machine.id);
    expect(await site.provider.list()).toEqual([]);
  });

  it('removes a VM with containers and mounts of its own, and touches no neighbour', async () => {
    const [keep, go] = await Promise.all(
      ['keep', 'go'].map(async (vm) => vmOf(site, await site.provider.create(await site.request(vm)))),
    );
    if (!keep || !go) throw new Error('no VMs');
    await shell(go, 'cd /var/lib/stratos && mkdir m && mount -t tmpfs x m && systemd-run -q sleep 1000 && chmod 000 m');
    await site.provider.delete(go.machine.id);
    expect(await traces(go.machine.id)).toEqual([]);
    expect(await shell(keep, 'echo here')).toBe('here\n');
    await site.provider.delete(keep.machine.id);
  });
});

describe('releaseLocal', () => {
  it('leaves no trace, and nothing while a VM is there', async () => {
    await using own = await testSite();
    const machine = await own.provider.create(await own.request('last'));
    expect((await releaseLocal(own.spec)).kept).toHaveLength(1);
    expect(await traces(own.spec.bridge)).not.toEqual([]);
    await own.provider.delete(machine.id);
    expect((await releaseLocal(own.spec)).removed).toContain(`bridge ${own.spec.bridge}`);
    expect(await traces(own.spec.bridge)).toEqual([]);
    expect(await traces(own.spec.root)).toEqual([]);
    expect((await releaseLocal(own.spec)).removed).toEqual([]);
  });

  it('leaves files of others in its root', async () => {
    const root = path.join(site.directory, 'shared');
    const spec = { ...site.spec, bridge: 'stratosnone', root };
    await mkdir(path.join(root, 'vms'), { recursive: true });
    await mkdir(path.join(root, 'mine'));
    await releaseLocal(spec);
    expect(await readdir(root)).toEqual(['mine']);
  });

  it('leaves a bridge that somebody else made', async () => {
    const spec = { ...site.spec, bridge: 'stratosother' };
    await run('ip', ['link', 'add', 'name', spec.bridge, 'type', 'bridge']);
    try {
      expect((await releaseLocal({ ...spec, root: `${site.spec.root}-other` })).removed).toEqual([]);
      expect(await traces(spec.bridge)).not.toEqual([]);
    } finally {
      await run('ip', ['link', 'delete', 'dev', spec.bridge]);
    }
  });
});

describe('localProvider check', () => {
  it('passes here and refuses what cannot be', async () => {
    await expect(site.provider.check()).resolves.toBeUndefined();
    await expect(providerFor({ root: '/a b' }).check()).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('says what to do instead when it is not root', async () => {
    const module = path.join(import.meta.dirname, '..', '..', 'src', 'iaas', 'local', 'host-check.ts');
    const line = `import { checkHost } from ${JSON.stringify(module)};
      checkHost(${JSON.stringify(site.spec)}).catch((error) => console.log(error.failure, error.message, error.hint));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', line], { uid: 65534, gid: 65534 });
    expect(stdout).toMatch(/^unauthorized Cannot use local IaaS test as it needs root: uid 65534 .*kind: static/);
  });
});

/** Lines of the kernel's tables and directories of the machine that have a text in them. */
async function traces(text: string): Promise<readonly string[]> {
  const tables = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile('/proc/net/unix', 'utf8'),
    run('ip', ['-o', 'link']).then(({ stdout }) => stdout),
    run('nft', ['list', 'tables']).then(({ stdout }) => stdout),
    run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `*${path.basename(text)}*`]).then(({ stdout }) => stdout),
    run('find', [site.directory, '-name', `*${path.basename(text)}*`, '-not', '-name', 'local']).then(
      ({ stdout }) => stdout,
    ),
  ]);
  return tables.flatMap((table) => table.split('\n')).filter((line) => line.includes(text));
}

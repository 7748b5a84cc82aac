/** What is measured on a real VM, with real cgroups, a real HAProxy and real load, against what the load was. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configureStep } from '../../src/gateway/configure.ts';
import { renderGateway } from '../../src/gateway/haproxy-config.ts';
import { gatewayProbeStep, parseGatewayProbe } from '../../src/gateway/probe.ts';
import { observeStep, parseObservation } from '../../src/lxc/observe.ts';
import { prepareStep } from '../../src/lxc/prepare.ts';
import { parseProbes, probesStep, type Probe } from '../../src/lxc/probes.ts';
import { createSteps, execArgv, parseCreate, type ProcessLaunch } from '../../src/lxc/process-lifecycle.ts';
import { NO_COUNTERS } from '../../src/model/counters.ts';
import type { ReachedVm } from '../../src/model/observation.ts';
import { bytes, cores, instant, millis } from '../../src/model/quantity.ts';
import { preparationOf } from '../../src/reconcile/preparation.ts';
import { command, type Step, type StepResult } from '../../src/shell/command.ts';
import { measure } from '../../src/signals/measure.ts';
import { sshTransport } from '../../src/ssh/ssh-transport.ts';
import type { Transport } from '../../src/ssh/transport.ts';
import { anInventory, aSpec } from '../support/builders.ts';
import { startLoad } from '../support/http-load.ts';
import { testVm, type TestVms } from '../support/vm.ts';
import { aCartridge, aLaunch, IMAGE_HEX } from '../unit/lxc/a-launch.ts';
import { records } from '../unit/signals/worlds.ts';

const LINEAGE = aLaunch().lineage;
let vms: TestVms;
let transport: Transport;

beforeAll(async () => {
  vms = await testVm();
  transport = sshTransport({ directory: vms.site.directory, env: {} });
  await transport.copy('vm-1', vms.endpoint, { from: ['/bin/busybox'], to: '/root' });
  const [prepared] = await run([
    prepareStep(preparationOf(LINEAGE, 'vm-1', { name: 'web', network: '10.66.0.0/22' }, {})),
  ]);
  expect(prepared).toMatchObject({ status: 0 });
  await vms.ssh(`
    set -e
    root=/var/lib/stratos/images/${IMAGE_HEX}/rootfs
    mkdir -p $root/bin $root/www/cgi-bin $root/proc $root/sys $root/dev $root/tmp $root/etc
    cp /root/busybox $root/bin/busybox
    for applet in sh cat httpd sleep env echo printenv; do ln -sf busybox $root/bin/$applet; done
    echo 'root:x:0:0:root:/root:/bin/sh' >$root/etc/passwd
    echo hello >$root/www/index.html
    printf '#!/bin/sh\\nsleep 0.3\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\nslow"\\n' >$root/www/cgi-bin/slow
    chmod 755 $root/www/cgi-bin/slow
    chown -R 100000:100000 $root
    : >\${root%/rootfs}/complete`);
  const launches = [
    web('shop-1', 1),
    web('shop-2', 2),
    idle('burn-1', 3, 'while :; do :; done'),
    // Its child is killed again and again; it goes on.
    idle('greedy-1', 4, 'while :; do (a=xxxxxxxx; while :; do a=$a$a; done); sleep 0.2; done', 16),
    idle('nap-1', 5, 'while :; do sleep 1; done'),
  ];
  const made = parseCreate(await run(createSteps(launches)));
  expect(made.filter(({ ready }) => !ready)).toEqual([]);
  const config = renderGateway({
    vm: 'vm-1',
    services: [
      {
        ...{ alias: 'shop', mode: 'http', port: 8080, hosts: [] },
        health: { path: '/', interval: millis(500), timeout: millis(1000) },
        servers: [1, 2].map((n) => ({ name: `shop-${n}`, address: `10.66.0.${n + 1}`, port: 80 })),
      },
      {
        ...{ alias: 'none', mode: 'http', port: 8081, hosts: [] },
        health: { interval: millis(500), timeout: millis(1000) },
        servers: [{ name: 'none-1', address: '10.66.0.77', port: 80 }],
      },
    ],
  });
  const digest = createHash('sha256').update(config).digest('hex');
  expect((await run([configureStep({ config, digest })]))[0]).toMatchObject({ status: 0 });
});
afterAll(async () => {
  await transport.close();
  await vms.dispose();
});

async function run(steps: readonly Step[]): Promise<readonly StepResult[]> {
  return transport.run('vm-1', vms.endpoint, { steps });
}
async function shell(line: string): Promise<string> {
  const [result] = await run([command('shell', ['sh', '-c', line])]);
  return result?.stdout ?? '';
}
function web(name: string, index: number): ProcessLaunch {
  const base = aLaunch();
  const image = { ...base.image, run: { ...base.image.run, argv: ['httpd', '-f', '-p', '80', '-h', '/www'] } };
  return { ...base, name, ordinal: index, index, image, env: { DEPTH: '42' } };
}
/** A process without a port, of an alias of its own. */
function idle(name: string, index: number, line: string, memory = 64): ProcessLaunch {
  const base = web(name, index);
  const resources = { memory: bytes(memory * 2 ** 20), cpu: cores(0.5), pids: 64 };
  const { port: _, path: __, ...health } = aCartridge().health;
  const image = { ...base.image, run: { ...base.image.run, argv: ['sh', '-c', line] } };
  return {
    ...{ ...base, image, subscription: name.replace(/-\d+$/, ''), ordinal: 1 },
    cartridge: aCartridge({ ports: [], health, resources }),
  };
}

const SPEC = aSpec({
  cartridges: { php: { cpu: 0.5, memory: 64 } },
  subscriptions: { shop: { port: 8080 }, burn: {}, greedy: {}, nap: {}, none: { port: 8081 } },
});

/** A look, as the observation of a reconcile takes it. */
async function look(
  probes: readonly Probe[] = [],
): Promise<{ readonly at: number; readonly vm: ReachedVm; readonly ms: readonly number[] }> {
  const own = probes.length > 0 ? [probesStep(probes)] : [];
  const at = Date.now();
  const [facts, gateway, said] = await run([observeStep(LINEAGE), gatewayProbeStep({ traffic: true }), ...own]);
  return {
    at,
    vm: {
      ...parseObservation(facts?.stdout ?? ''),
      gateway: parseGatewayProbe(gateway?.stdout ?? ''),
      ...(said ? { probes: parseProbes(said, probes) } : {}),
    },
    ms: [facts?.ms ?? 0, gateway?.ms ?? 0],
  };
}
type Look = Awaited<ReturnType<typeof look>>;

function between(first: Look, second: Look) {
  const seen = ({ at, vm }: Look) => ({ at: instant(at), iaas: {}, vms: { 'vm-1': vm } });
  const inventory = anInventory(records({ 'vm-1': second.vm }));
  const { counters } = measure({ spec: SPEC, inventory, observation: seen(first), counters: NO_COUNTERS });
  return measure({ spec: SPEC, inventory, observation: seen(second), counters }).measurement;
}

describe('a VM under load', () => {
  test('is measured as it was loaded', async () => {
    const url = `http://${vms.endpoint.address}:8080/`;
    await expect.poll(async () => (await fetch(url)).status, { timeout: 15_000 }).toBe(200);
    const first = await look();
    const load = startLoad({ url, clients: 4, keepAlive: true, pause: 40 });
    const slow = startLoad({ url: `${url}cgi-bin/slow`, clients: 3, keepAlive: true });
    for (let n = 0; n < 5; n++) await fetch(`http://${vms.endpoint.address}:8081/`).catch(() => undefined);
    await sleep(4000);
    const second = await look();
    const [quick, waiting] = [await load.stop(), await slow.stop()];
    expect([quick.lost, waiting.lost]).toEqual([0, 0]);

    const { processes, vms: machines, refused } = between(first, second);
    const [one, two] = [processes['shop-1'], processes['shop-2']];
    console.log(JSON.stringify({ one, two, burn: processes['burn-1'], vm: machines['vm-1'], ms: second.ms }));
    // What the clients counted, until a little after the look.
    const asked = quick.requests / quick.seconds + waiting.requests / waiting.seconds;
    const rate = (one?.requestsPerSecond ?? 0) + (two?.requestsPerSecond ?? 0);
    expect(rate / asked).toBeGreaterThan(0.7);
    expect(rate / asked).toBeLessThan(1.3);
    // Three clients that each wait for a slow answer, nearly always; four that mostly pause.
    const inFlight = (one?.requestsInFlight ?? 0) + (two?.requestsInFlight ?? 0);
    expect(inFlight).toBeGreaterThanOrEqual(2);
    expect(inFlight).toBeLessThanOrEqual(7);
    expect(Math.max(one?.responseTime ?? 0, two?.responseTime ?? 0)).toBeGreaterThan(5);
    expect(Math.abs((one?.lastUsed ?? 0) - second.at)).toBeLessThan(1500);
    expect([one?.errorsPerSecond, one?.queue, one?.sessions]).toEqual([0, 0, 0]);
    expect(refused).toEqual({ none: 5 });

    // Half a core is all it may have, and it takes it.
    expect(processes['burn-1']?.cpu).toBeGreaterThan(0.6);
    expect(processes['burn-1']?.cpu).toBeLessThan(1.2);
    expect(processes['nap-1']?.cpu).toBeLessThan(0.1);
    expect(processes['nap-1']?.memory).toBeGreaterThan(0);
    expect(processes['nap-1']?.memory).toBeLessThan(0.2);
    expect(processes['greedy-1']?.oomKills).toBeGreaterThan(0);
    expect(processes['shop-1']?.oomKills).toBe(0);

    const machine = machines['vm-1'];
    expect(machine?.cpu).toBeGreaterThan(0.2);
    expect(machine?.cpu).toBeLessThan(1.1);
    const pressure = await shell('cat /proc/pressure/cpu 2>/dev/null');
    if (pressure.startsWith('some')) expect(machine?.pressure?.cpu).toBeGreaterThan(0);
    else expect(machine?.pressure?.cpu).toBeUndefined();
  });

  test('tells a start from the next, and no rate that is wrong between', async () => {
    const first = await look();
    await shell('systemctl restart stratos-process@burn-1');
    await expect
      .poll(async () => (await look()).vm.processes.find(({ name }) => name === 'burn-1')?.state, { timeout: 15_000 })
      .toBe('running');
    await sleep(500);
    const second = await look();
    const startOf = ({ vm }: Look) => vm.processes.find(({ name }) => name === 'burn-1')?.usage?.start;
    expect(startOf(first)).toMatch(/^\d+$/);
    expect(startOf(second)).not.toBe(startOf(first));
    const cpu = between(first, second).processes['burn-1']?.cpu;
    expect(cpu).toBeGreaterThan(0);
    expect(cpu).toBeLessThan(1.2);
  });

  test('counts sessions of operators, and none that ended', async () => {
    const session = run([command('session', execArgv('nap-1', ['sleep', '6']))]);
    const sessions = async () => (await look()).vm.processes.find(({ name }) => name === 'nap-1')?.sessions;
    await expect.poll(sessions, { timeout: 5000 }).toBe(1);
    expect((await session)[0]?.status).toBe(0);
    expect(await sessions()).toBeUndefined();
  });

  test('runs commands of policies in processes and on itself, and leaves nothing of them', async () => {
    const ask = (process: string | undefined, line: string, signal = 'depth'): Probe => ({
      ...{ subscription: 'shop', signal, argv: ['sh', '-c', line], timeout: millis(1500) },
      ...(process === undefined ? {} : { process }),
    });
    const { vm } = await look([
      ask('shop-1', 'echo "$DEPTH"'),
      ask('shop-2', 'sleep 77'),
      ask('nap-1', 'sleep 78 & echo 3'),
      ask(undefined, 'id -u'),
      ask('gone-1', 'echo 1'),
    ]);
    expect(vm.probes?.map(({ process, value, problem }) => [process, value ?? problem])).toEqual([
      ['shop-1', 42],
      ['shop-2', 'took longer than 1.5s'],
      ['nap-1', 3],
      [undefined, 0],
    ]);
    expect(await shell('pgrep -f "sleep 7[78]" -a; true')).toBe('');
    // A probe is no session.
    expect(vm.processes.some(({ sessions }) => sessions !== undefined)).toBe(false);
  });

  test('says who is frozen, and asks nothing of it', async () => {
    const freeze = (state: string, v2: string) =>
      shell(
        `if [ -e /sys/fs/cgroup/freezer/lxc.payload.nap-1 ]; then echo ${state} >/sys/fs/cgroup/freezer/lxc.payload.nap-1/freezer.state; else echo ${v2} >/sys/fs/cgroup/lxc.payload.nap-1/cgroup.freeze; fi; echo frozen >/var/lib/stratos/processes/nap-1/asleep`,
      );
    const probe: Probe = {
      subscription: 'nap',
      process: 'nap-1',
      signal: 'x',
      argv: ['echo', '1'],
      timeout: millis(1000),
    };
    const nap = ({ vm }: Look) => vm.processes.find(({ name }) => name === 'nap-1');
    await freeze('FROZEN', '1');
    try {
      const seen = await look([probe]);
      expect(nap(seen)).toMatchObject({ state: 'running', asleep: 'frozen' });
      expect(seen.vm.probes).toEqual([]);
    } finally {
      await freeze('THAWED', '0');
    }
    expect(nap(await look())).not.toHaveProperty('asleep');
  });

  test('whose gateway does not answer is told apart from one that serves nobody', async () => {
    await shell('mv /run/stratos/gateway.sock /run/stratos/gateway.away');
    try {
      const { vm } = await look();
      expect(vm.gateway.traffic).toBeUndefined();
      const seen = { at: 0, vm, ms: [] };
      expect(between(seen, seen).processes['shop-1']).not.toHaveProperty('requestsInFlight');
    } finally {
      await shell('mv /run/stratos/gateway.away /run/stratos/gateway.sock');
    }
  });
});

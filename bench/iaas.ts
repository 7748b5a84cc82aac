/**
 * Clouds: a hundred VMs asked for at once, a fleet of 2,000 listed over pages and planned, and what each adapter costs to load. The
 * cloud is Hetzner's API, checked by its own document, in another process: what is counted is ours. `npx node bench/iaas.ts`.
 */
import './shell-text.ts';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fleet } from './fleet.ts';
import { duration, median, say, table, verdict } from './measure.ts';

const { hetznerProvider } = await import('../src/iaas/hetzner/hetzner-provider.ts');
const { decorate } = await import('../src/iaas/decorate/around.ts');
const { limiting } = await import('../src/iaas/decorate/limiting.ts');
const { retrying } = await import('../src/iaas/decorate/retrying.ts');
const { limiter } = await import('../src/concurrency/limiter.ts');
const { makePlan } = await import('../src/plan/make-plan.ts');
const { bytes, cores, millis } = await import('../src/model/quantity.ts');
const { machineRequest } = await import('../test/support/machine-request.ts');

const FIRST = 100;
const FLEET = 2000;
const CONCURRENCY = 32;
/** How long the cloud takes for one machine, in ms. */
const BOOT = 120;

const child = spawn(process.execPath, [fileURLToPath(new URL('cloud-child.ts', import.meta.url)), String(BOOT)], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = (await once(child.stdout, 'data')) as [Buffer];
const bare = hetznerProvider(
  {
    ...{ kind: 'hetzner', name: 'cloud', user: 'stratos', timeout: millis(60_000), concurrency: CONCURRENCY },
    ...{ token: { kind: 'env', variable: 'HCLOUD_TOKEN' }, url: line.toString().trim(), locations: ['fsn1'] },
    ...{ image: 'debian-12', architecture: 'x86', networks: [], firewalls: [] },
    ...{ publicAddresses: ['ipv4'], address: 'ipv4' },
  },
  { lineage: 'bench', env: { HCLOUD_TOKEN: 'hetzner-token' }, onStep: () => undefined },
  millis(20),
);
const provider = decorate(decorate(bare, limiting({ concurrency: CONCURRENCY })), retrying());
const request = machineRequest({ cpu: cores(2), memory: bytes(2 ** 31), name: 'cx23' });

/** Milliseconds of the clock and of our own processor. */
async function cost<T>(
  work: () => Promise<T>,
): Promise<{ readonly ms: number; readonly cpu: number; readonly result: T }> {
  const [begin, used] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(used);
  return { ms: performance.now() - begin, cpu: (user + system) / 1000, result };
}

// As a run does: as many side by side as it acts on.
const room = limiter(CONCURRENCY);
const make = (from: number, to: number): Promise<unknown> =>
  Promise.all(
    Array.from({ length: to - from }, (_, n) =>
      room(async () => provider.create(await request(`p${String((from + n) % 50)}-${String(from + n + 1)}`))),
    ),
  );
const first = await cost(() => make(0, FIRST));
say(`${String(FIRST)} made in ${duration(first.ms)}`);
await make(FIRST, FLEET);
say(`${String(FLEET)} made`);

const input = fleet({ vms: FLEET, partitions: 50, strategy: 'pack', stale: false, perVm: 10 });
const rounds = [];
for (let round = 0; round < 3; round += 1) {
  rounds.push(
    await cost(async () => {
      const listed = await provider.list();
      if (listed.length !== FLEET) throw new Error(`${String(listed.length)} of ${String(FLEET)} machines are listed`);
      // The fleet's own records, as what the cloud said: the plan compares every one.
      const seen = input.observation.iaas.lab;
      if (seen?.status !== 'listed') throw new Error('the fleet has no listing');
      const machines = seen.machines.map((machine, n) => ({ ...listed[n], ...machine }));
      const observation = { ...input.observation, iaas: { lab: { status: 'listed' as const, machines } } };
      const plan = makePlan({ ...input, observation });
      if (plan.stages.length > 0) throw new Error('there is nothing to do');
    }),
  );
}
child.stdin.end();
const [code] = (await once(child, 'exit')) as [number];
if (code !== 0) throw new Error('the cloud was asked what its document does not allow');

const PACKAGES = [
  ['ec2', '@aws-sdk/client-ec2'],
  ['ec2 (`iaas check`)', '@aws-sdk/client-service-quotas'],
  ['gce', 'google-auth-library'],
  ['azure', '@azure/arm-compute'],
  ['azure', '@azure/arm-network'],
  ['azure', '@azure/identity'],
  ['openstack, hetzner, digitalocean', 'undici'],
  ['exec', 'execa'],
  ['libvirt', 'fast-xml-parser'],
] as const;
const loads = PACKAGES.flatMap(([adapter, name]) => {
  const times = Array.from({ length: 5 }, () => loadTime(name));
  return times.includes(undefined) ? [] : [[adapter, `\`${name}\``, duration(median(times.map((ms) => ms ?? 0)))]];
});

const listing = median(rounds.map(({ cpu }) => cpu));
console.log(
  [
    `Hetzner’s API in another process, ${String(BOOT)} ms for each machine, at most ${String(CONCURRENCY)} calls at one time, pages of 50.`,
    '',
    table(
      ['', 'time', 'our CPU', 'goal'],
      [
        [`${String(FIRST)} VMs, from asking to an address`, duration(first.ms), duration(first.cpu), ''],
        [
          `${String(FLEET)} VMs with 20,000 processes: listed and planned, nothing to do`,
          duration(median(rounds.map(({ ms }) => ms))),
          duration(listing),
          `CPU under 3 s: ${verdict(listing, 3000)}`,
        ],
      ],
    ),
    '',
    'What is loaded when an adapter is used for the first time, and never before:',
    '',
    table(['adapter', 'package', 'time'], loads),
  ].join('\n'),
);

function loadTime(name: string): number | undefined {
  const text = `const begin = performance.now(); await import(${JSON.stringify(name)}); console.log(performance.now() - begin)`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  return status === 0 ? Number(stdout) : undefined;
}

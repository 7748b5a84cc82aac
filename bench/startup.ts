/** Time to start, beside bare Node: `--version`, and `status` on a project with 40 processes, without SSH. */
import './shell-text.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duration, medianRatio, median, table, timed, verdict } from './measure.ts';

const { formatInventory } = await import('../src/inventory/inventory-file.ts');
const { bytes, cores } = await import('../src/model/quantity.ts');

const ROUNDS = 31;
const STRATOS = fileURLToPath(new URL('../bin/stratos', import.meta.url));

const directory = await mkdtemp(path.join(tmpdir(), 'stratos-startup-'));
try {
  await writeProject();
  const node = [process.execPath, '-e', '0'] as const;
  const version = [STRATOS, '--version'] as const;
  const status = [STRATOS, '--dir', directory, 'status'] as const;
  const times = { node: [] as number[], version: [] as number[], status: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    const [a, b, c] = [await timed(node), await timed(version), await timed(status)];
    // The first round fills caches.
    if (round === 0) continue;
    times.node.push(a.ms);
    times.version.push(b.ms);
    times.status.push(c.ms);
  }
  const ratio = (of: readonly number[]): number => medianRatio(of, times.node);
  console.log(`Medians of ${ROUNDS} runs, one after the other; ratios run by run.\n`);
  const rows: [string, number[], string][] = [
    ['`node -e 0`', times.node, ''],
    ['`stratos --version`', times.version, `at most 2: ${verdict(ratio(times.version), 2)}`],
    ['`stratos status`, 40 processes on 4 VMs, no SSH', times.status, `under 3: ${verdict(ratio(times.status), 3)}`],
  ];
  console.log(
    table(
      ['', 'time', 'ratio', 'goal'],
      rows.map(([name, of, goal]) => [name, duration(median(of)), ratio(of).toFixed(2), goal]),
    ),
  );
} finally {
  await rm(directory, { recursive: true });
}

async function writeProject(): Promise<void> {
  await writeFile(
    path.join(directory, 'stratos.yaml'),
    `apiVersion: stratos/v1
iaas:
  lab: { kind: local }
partitions:
  web: { policy: four, placement: [{ iaas: lab, max: 4 }] }
cartridges:
  static: { image: 'static:1', partition: web, ports: { http: 80 } }
policies:
  partition:
    four: { vms: { min: 4, max: 4 }, vm: { cpu: 8, memory: 4Gi }, processesPerVm: 10 }
  scaling:
    load: { processes: { min: 40, max: 40 } }
subscriptions:
  load: { cartridge: static, scaling: load, port: 8080 }
`,
  );
  const createdAt = new Date().toISOString();
  const vms = [1, 2, 3, 4].map((n) => ({
    name: `web-${n}`,
    partition: 'web',
    iaas: 'lab',
    state: 'ready' as const,
    machine: `bench-web-${n}`,
    endpoint: { address: `192.0.2.${n}`, port: 22, user: 'root', hostKeys: ['ssh-ed25519 AAAA'] },
    size: { cpu: cores(8), memory: bytes(4 * 2 ** 30) },
    cordoned: false,
    draining: false,
    createdAt,
  }));
  const processes = Array.from({ length: 40 }, (_, n) => ({
    name: `load-${n + 1}`,
    subscription: 'load',
    ordinal: n + 1,
    vm: `web-${(n % 4) + 1}`,
    index: Math.floor(n / 4) + 1,
    image: `sha256:${'0'.repeat(64)}`,
    fingerprint: '0',
    state: 'ready' as const,
    createdAt,
  }));
  const lineage = '00000000-0000-4000-8000-000000000000';
  await writeFile(
    path.join(directory, 'inventory.yaml'),
    formatInventory({ lineage, serial: 1, vms, processes }, '0.1.0'),
  );
}

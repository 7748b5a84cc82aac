/**
 * One look at 500 VMs, one of ten dead: the whole program as `stratos reconcile --dry-run`, with cold connections. The VMs are SSH
 * servers in other processes of this machine, which answer with recorded output at once.
 */
import './shell-text.ts';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duration, median, say, table, verdict } from './measure.ts';
import type { ServersRequest } from './ssh-server-child.ts';

const { formatInventory } = await import('../src/inventory/inventory-file.ts');
const { bytes, cores } = await import('../src/model/quantity.ts');
const { generateHostKey } = await import('../src/ssh/key-pair.ts');

const VMS = 500;
const CHILDREN = 10;
const ROUNDS = 3;
/** The program's own for one VM. */
const CONNECT_TIMEOUT = 10_000;
const STRATOS = fileURLToPath(new URL('../bin/stratos', import.meta.url));
const RECORDING = new URL('../fixtures/lxc/observe/running-stopped-and-foreign.json', import.meta.url);
const LINEAGE = '11111111-2222-4333-8444-555555555555';

const { stdout: recorded } = JSON.parse(await readFile(RECORDING, 'utf8')) as { stdout: string };
const directory = await mkdtemp(path.join(tmpdir(), 'stratos-observe-'));
const children: ChildProcess[] = [];
try {
  const rows: (string | number)[][] = [];
  for (const [name, deadEvery] of [
    ['all answer', Number.POSITIVE_INFINITY],
    ['one of ten never answers', 10],
  ] as const) {
    await writeProject(await startServers(deadEvery));
    const times: number[] = [];
    const memories: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const { ms, peak, unreachable } = await observe();
      const dead = Math.floor(VMS / deadEvery);
      if (unreachable !== dead) throw new Error(`${unreachable} VMs are unreachable, not ${dead}`);
      times.push(ms);
      memories.push(peak / 2 ** 20);
      say(`${name}: ${duration(ms)}, ${(peak / 2 ** 20).toFixed(0)} MiB`);
    }
    const first = rows[0]?.[4] ?? 0;
    rows.push([name, duration(median(times)), Math.max(...memories).toFixed(0), VMS, median(times) - Number(first)]);
  }
  console.log(`${VMS} VMs, medians of ${ROUNDS} runs; connect time-out ${CONNECT_TIMEOUT / 1000} s.\n`);
  console.log(
    table(
      ['', 'time', 'peak memory, MiB'],
      rows.map((row) => row.slice(0, 3)),
    ),
  );
  const extra = Number(rows[1]?.[4]);
  const memory = Math.max(...rows.map((row) => Number(row[2])));
  const goals = [
    [
      `dead VMs add at most one connect time-out and a half, not ${VMS / 10}: ${duration(extra)}`,
      verdict(extra / CONNECT_TIMEOUT, 1.5),
    ],
    ['memory under 600 MB', verdict(memory * 1.048576, 600)],
  ];
  console.log(`\n${table(['goal', ''], goals)}`);
} finally {
  for (const child of children) child.disconnect();
  await rm(directory, { recursive: true });
}

interface Server {
  readonly port: number;
  readonly hostKey: string;
}

async function startServers(deadEvery: number): Promise<readonly Server[]> {
  const { privateKey, publicKey } = generateHostKey();
  const perChild = VMS / CHILDREN;
  const started = Array.from({ length: CHILDREN }, async () => {
    const child = fork(new URL('ssh-server-child.ts', import.meta.url), { stdio: 'inherit' });
    children.push(child);
    const request: ServersRequest = {
      hostKey: privateKey.reveal(),
      dead: Array.from({ length: perChild }, (_, n) => (n + 1) % deadEvery === 0),
      outputs: [recorded, 'gateway - -\n'],
    };
    child.send(request);
    const [ports] = (await once(child, 'message')) as [number[]];
    return ports.map((port) => ({ port, hostKey: publicKey }));
  });
  return (await Promise.all(started)).flat();
}

async function writeProject(servers: readonly Server[]): Promise<void> {
  const hosts = servers.map(
    ({ port, hostKey }, n) => `host-${n + 1}: ${JSON.stringify({ address: '127.0.0.1', port, hostKey })}`,
  );
  await writeFile(
    path.join(directory, 'stratos.yaml'),
    `apiVersion: stratos/v1
iaas:
  mine:
    kind: static
    hosts:
${hosts.map((host) => `      ${host}\n`).join('')}
partitions:
  web: { policy: many, placement: [{ iaas: mine }] }
policies:
  partition:
    many: { vms: { min: 1, max: ${VMS} }, vm: { cpu: 2, memory: 2Gi } }
`,
  );
  const createdAt = new Date().toISOString();
  const vms = servers.map(({ port, hostKey }, n) => ({
    name: `web-${n + 1}`,
    partition: 'web',
    iaas: 'mine',
    state: 'ready' as const,
    machine: `host-${n + 1}`,
    endpoint: { address: '127.0.0.1', port, user: 'root', hostKeys: [hostKey] },
    size: { cpu: cores(2), memory: bytes(2 ** 31) },
    cordoned: false,
    draining: false,
    createdAt,
  }));
  await writeFile(
    path.join(directory, 'inventory.yaml'),
    formatInventory({ lineage: LINEAGE, serial: 1, vms, processes: [] }, '0.1.0'),
  );
}

/** One run of the program, and the most memory it had. */
async function observe(): Promise<{ readonly ms: number; readonly peak: number; readonly unreachable: number }> {
  const started = performance.now();
  const child = spawn(STRATOS, ['--dir', directory, 'reconcile', '--dry-run'], {
    stdio: 'pipe',
    env: { ...process.env, SSH_AUTH_SOCK: '' },
  });
  let peak = 0;
  const watch = setInterval(() => {
    void readFile(`/proc/${child.pid ?? 0}/status`, 'utf8').then(
      (status) => (peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024)),
      () => undefined,
    );
  }, 20);
  let stdout = '';
  child.stderr.resume();
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const ms = performance.now() - started;
  clearInterval(watch);
  if (code !== 0 && code !== 5) throw new Error(`stratos ended with ${String(code)}\n${stdout}`);
  return { ms, peak, unreachable: new Set(stdout.match(/Cannot reach web-\d+/g)).size };
}

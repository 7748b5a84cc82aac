/**
 * What a test of faults looks at from the outside: the machines themselves, entered from the host and so whatever SSH does, and
 * whether nothing is lost, doubled or orphaned.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { rootLayout } from '../../src/iaas/local/layout.ts';
import { containerName } from '../../src/iaas/local/names.ts';
import type { LoggedEvent, StratosEvent } from '../../src/model/event.ts';
import type { Plan } from '../../src/model/plan.ts';
import { getPage, type CliResult, type RunningCli, type TestProject } from './project.ts';

const run = promisify(execFile);

/** Longest wait for something that is about to happen, on a slow machine. */
const PATIENCE = 30_000;

/** Waits until a question is answered with something else than undefined or false; rejects with `what` when its time is up. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  patience = PATIENCE,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${String(patience)} ms`);
    await sleep(50);
  }
}

/** Runs a shell line as root inside a VM, entered from the host: works without network, sshd and keys. */
export async function inVm(project: TestProject, vm: string, line: string): Promise<string> {
  const { vms, id } = await containerOf(project, vm);
  const args = ['-P', vms, '-n', id, '--clear-env', '-v', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', '--', 'sh', '-c', line];
  return (await run('lxc-attach', args)).stdout;
}

/** The VM's container on the host, and the directory it is in. */
export async function containerOf(
  project: TestProject,
  vm: string,
): Promise<{ readonly vms: string; readonly id: string }> {
  const lineage = /lineage: "?([0-9a-f-]{36})/.exec(await inventoryText(project))?.[1] ?? '';
  return { vms: rootLayout(project.site.spec.root).vms, id: containerName(lineage, vm) };
}

/** Kinds of the actions that the next reconcile would do. */
export async function plannedKinds(project: TestProject): Promise<readonly string[]> {
  const { stages } = await readPlan(project);
  return stages.flatMap((stage) => stage.actions.map((action) => action.kind));
}

/** The plan as it is printed. */
export async function readPlan(project: TestProject, ...args: readonly string[]): Promise<Plan> {
  return JSON.parse((await project.must('plan', '-o', 'json', ...args)).stdout) as Plan;
}

/** What is on each VM, by a look at the VM; names sorted. */
interface VmFacts {
  readonly containers: readonly string[];
  readonly running: readonly string[];
  readonly units: readonly string[];
  readonly published: number;
  readonly servers: readonly string[];
}

const LOOK = `
cd /var/lib/stratos/processes && for folder in *; do [ ! -d "$folder" ] || echo "container $folder"; done
for folder in .making .trash; do [ ! -e "$folder" ] || echo "container $folder"; done
for group in /sys/fs/cgroup/pids /sys/fs/cgroup; do
  for payload in "$group"/lxc.payload.*; do [ ! -d "$payload" ] || echo "running \${payload##*/lxc.payload.}"; done
done | sort -u
systemctl list-units --all --plain --no-legend 'stratos-process@*' | while read -r unit _ state _; do echo "unit $unit $state"; done
nft list map inet stratos published | grep -o ' : [0-9.]* [.] [0-9]*' | while read -r _; do echo published; done
echo show stat | socat - /run/stratos/gateway.sock | grep -E '^[^,]*,[^,]*-[0-9]+,' | while IFS=, read -r _ server _; do echo "server $server"; done
`;

async function lookAt(project: TestProject, vm: string): Promise<VmFacts> {
  const lines = (await inVm(project, vm, LOOK)).trim().split('\n');
  const words = (key: string) =>
    lines.flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : [])).sort();
  return {
    containers: words('container'),
    running: words('running'),
    units: words('unit'),
    published: lines.filter((line) => line === 'published').length,
    servers: words('server'),
  };
}

/**
 * Expects that nothing is left to do and that world and inventory are the same: machines, containers, units, published ports
 * and servers of the gateways, each exactly once, and a page from every VM. For one partition of cartridges with one port.
 */
export async function expectConverged(project: TestProject): Promise<void> {
  expect(await plannedKinds(project)).toEqual([]);
  const { subscriptions, partitions, lineage } = await project.status();
  const vms = partitions.flatMap((partition) => partition.vms.map((vm) => vm.name)).sort();
  const processes = subscriptions.flatMap((subscription) => subscription.processes);
  for (const { alias, ready, total, desired } of subscriptions)
    expect({ alias, ready, total }).toEqual({ alias, ready: desired.min, total: desired.min });

  const machines = await project.site.providerOf(lineage).list();
  expect(machines.map((machine) => `${machine.vm ?? ''} ${machine.state}`).sort()).toEqual(
    vms.map((vm) => `${vm} running`),
  );
  const { vms: folder } = rootLayout(project.site.spec.root);
  expect((await readdir(folder)).sort()).toEqual(vms.map((vm) => containerName(lineage, vm)).sort());

  const names = processes.map((process) => process.name).sort();
  expect(new Set(names).size).toBe(names.length);
  for (const vm of vms) {
    const here = processes.filter((process) => process.vm === vm).map((process) => process.name);
    expect({ vm, ...(await lookAt(project, vm)) }).toEqual({
      vm,
      containers: [...here].sort(),
      running: [...here].sort(),
      units: here.map((name) => `stratos-process@${name}.service active`).sort(),
      published: here.length,
      servers: names,
    });
  }
  const urls = subscriptions.flatMap((subscription) => subscription.urls);
  expect(await Promise.all(urls.map(getPage))).toEqual(urls.map(() => 200));
}

/** Ours that still runs on a VM on behalf of an SSH session: `PID ARGUMENTS`. */
export async function remoteWork(project: TestProject, vm: string): Promise<readonly string[]> {
  const look = `for unit in $(systemctl list-units --plain --no-legend --type=scope 'session-*' | cut -d' ' -f1); do
    systemctl show -p ControlGroup --value "$unit"; done | while read -r group; do
    for procs in /sys/fs/cgroup/systemd"$group"/cgroup.procs /sys/fs/cgroup"$group"/cgroup.procs; do
      [ ! -e "$procs" ] || cat "$procs"; done; done | sort -u | while read -r pid; do
      echo "$pid $(tr '\\0' ' ' </proc/$pid/cmdline | cut -c 1-120)"; done
    pgrep -af '^(sshd: .*@notty|curl|rsync|apt-get)' || :`;
  return (await inVm(project, vm, look)).split('\n').filter((line) => line !== '');
}

/** Expects that soon nothing of ours works on a VM any more. */
export async function expectNoRemoteWork(project: TestProject, vm: string): Promise<void> {
  let left: readonly string[] = [];
  await until('remote work has ended', async () => (left = await remoteWork(project, vm)).length === 0).catch(() => {
    expect(left).toEqual([]);
  });
}

/** Events of a run so far, of one started with `--events json`. */
export function eventsOf(running: RunningCli): readonly StratosEvent[] {
  return running
    .stderr()
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as LoggedEvent).event] : []));
}

/** Actions in the order in which they ended, of the last run. */
export async function finishedActions(project: TestProject): Promise<readonly string[]> {
  const { stdout } = await project.must('events', '-o', 'json');
  const { events } = JSON.parse(stdout) as { readonly events: readonly LoggedEvent[] };
  const last = events.at(-1)?.run;
  return events.flatMap(({ run, event }) =>
    run === last && event.type === 'action.finished' ? [event.action.id] : [],
  );
}

/** Where to stop a run: at the nth event of a type about an action of a kind, and so long after it. */
export interface StopPoint {
  readonly kind: string;
  readonly type?: 'action.started' | 'action.progress' | 'action.finished';
  readonly nth?: number;
  /** Milliseconds. */
  readonly after?: number;
}

/** Starts `reconcile` and sends it a signal at a point. Rejects when it ended before it came there. */
export async function reconcileUntil(
  project: TestProject,
  { kind, type = 'action.started', nth = 1, after = 0 }: StopPoint,
  signal: NodeJS.Signals,
): Promise<CliResult> {
  const running = project.start('reconcile', '--events', 'json');
  const reached = () =>
    eventsOf(running).filter((event) => event.type === type && 'action' in event && event.action.kind === kind)
      .length >= nth;
  // Watched in steps of a millisecond: what is to be hit is short.
  while (!reached() && running.child.exitCode === null) await sleep(1);
  if (!reached())
    throw new Error(`reconcile ended before ${type} ${String(nth)} of ${kind}:\n${(await running.result).stderr}`);
  if (after > 0) await sleep(after);
  running.child.kill(signal);
  return running.result;
}

/** Command lines on this machine that name a project's directory: what a run of it left behind. */
export async function localWork(project: TestProject): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(project.directory)).map((line) => line.replaceAll('\0', ' ').trim());
}

/** Bounds what reaches the VMs that a project has now, such as to `160mbit`; the bound goes with them. */
export async function slowNetwork(project: TestProject, rate: string): Promise<void> {
  for (const device of await readdir(`/sys/class/net/${project.site.spec.bridge}/brif`)) {
    const shape = ['tbf', 'rate', rate, 'burst', '256kb', 'latency', '100ms'];
    await run('tc', ['qdisc', 'replace', 'dev', device, 'root', ...shape]);
  }
}

/** The machine behind a VM, stopped and started as its owner would. */
export async function reboot(project: TestProject, vm: string): Promise<void> {
  const { lineage } = await project.status();
  const { id } = await containerOf(project, vm);
  const provider = project.site.providerOf(lineage);
  await provider.stop(id);
  await provider.start(id);
}

/** The inventory as it stands in its file; empty when there is none. */
export async function inventoryText(project: TestProject): Promise<string> {
  const file = path.join(project.directory, 'inventory.yaml');
  return existsSync(file) ? readFile(file, 'utf8') : '';
}

/**
 * Planning alone: a fleet in which every process is to be replaced, in four sizes, spread over 50 partitions and in one. Prints a
 * Markdown table. Run it by `npx node bench/plan.ts`; each row is a process of its own, so that memory is that of one plan.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makePlan } from '../src/plan/make-plan.ts';
import { fleet } from './fleet.ts';

/** One measurement, as JSON on standard output. */
function measure(vms: number, partitions: number, strategy: 'pack' | 'spread'): void {
  const input = fleet({ vms, partitions, strategy, stale: true });
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const plan = makePlan(input);
  const ms = performance.now() - started;
  const used = process.cpuUsage(cpuBefore);
  const created = plan.stages
    .flatMap((stage) => stage.actions)
    .filter((action) => action.kind === 'process.create').length;
  const result = {
    vms,
    partitions,
    processes: input.inventory.processes.length,
    subscriptions: Object.keys(input.spec.subscriptions).length,
    stages: plan.stages.length,
    actions: plan.stages.reduce((sum, stage) => sum + stage.actions.length, 0),
    created,
    ms,
    cpu: (used.user + used.system) / 1000,
    peak: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(JSON.stringify(result));
}

type Result = Record<
  'vms' | 'partitions' | 'processes' | 'subscriptions' | 'stages' | 'actions' | 'created' | 'ms' | 'cpu' | 'peak',
  number
>;

function table(): void {
  console.log(
    '| strategy | VMs | partitions | processes | subscriptions | stages | actions | plan ms | CPU ms | CPU per process | peak MiB |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const [partitions, strategy] of [
    [50, 'pack'],
    [1, 'pack'],
    [1, 'spread'],
  ] as const) {
    for (const vms of [150, 300, 600, 1000]) {
      const runs = Array.from({ length: 3 }, () => run(vms, partitions, strategy)).sort((a, b) => a.ms - b.ms);
      const row = runs[1];
      if (!row) continue;
      if (row.created !== row.processes) throw new Error(`${row.created} of ${row.processes} processes are replaced`);
      const cells = [
        ...[strategy, row.vms, row.partitions, row.processes, row.subscriptions, row.stages, row.actions],
        ...[row.ms.toFixed(0), row.cpu.toFixed(0), `${((row.cpu / row.processes) * 1000).toFixed(1)} µs`],
        row.peak.toFixed(0),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

function run(vms: number, partitions: number, strategy: string): Result {
  const args = [fileURLToPath(import.meta.url), String(vms), String(partitions), strategy];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(child.stdout) as Result;
}

const [vms, partitions, strategy] = process.argv.slice(2);
if (vms === undefined) table();
else measure(Number(vms), Number(partitions ?? 1), strategy === 'spread' ? 'spread' : 'pack');

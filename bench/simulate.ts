/**
 * Simulating: 24 hours in steps of 10 s with 200 subscriptions over a sine day, with a run of policy each minute (cron) and each 10 s
 * (`--watch 10s`). Prints a Markdown table. Run it by `npx node bench/simulate.ts`; each row is a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { instant, millis } from '../src/model/quantity.ts';
import { shapeTrace } from '../src/simulate/shapes.ts';
import { simulate } from '../src/simulate/simulate.ts';
import { aSpec } from '../test/support/builders.ts';
import { verdict } from './measure.ts';

const SUBSCRIPTIONS = 200;
const DAY = millis(86_400_000);
const STEP = millis(10_000);

interface Result {
  readonly every: number;
  readonly runs: number;
  readonly processes: number;
  readonly vms: number;
  readonly ms: number;
  readonly cpu: number;
}

function measure(every: number): void {
  const aliases = Array.from({ length: SUBSCRIPTIONS }, (_, n) => `s${String(n)}`);
  const spec = aSpec({
    partitions: { web: { min: 1, max: 400, cpu: 8, memory: 8192 } },
    subscriptions: Object.fromEntries(
      aliases.map((alias) => [alias, { min: 1, max: 20, target: { requestsInFlight: 7 } }]),
    ),
  });
  const trace = shapeTrace('day', { base: 20, peak: 800, duration: DAY, step: STEP });
  const [begin, used] = [performance.now(), process.cpuUsage()];
  const { runs, all, vms } = simulate({
    name: 'bench',
    spec,
    start: instant(Date.UTC(2026, 0, 5)),
    duration: DAY,
    step: STEP,
    every: millis(every),
    traces: Object.fromEntries(aliases.map((alias) => [alias, trace])),
    services: {},
    delays: { boot: millis(60_000), start: millis(2000), thaw: millis(2), wake: millis(40) },
  });
  const { user, system } = process.cpuUsage(used);
  const result: Result = {
    every,
    runs,
    processes: all.max,
    vms: vms.max,
    ms: performance.now() - begin,
    cpu: (user + system) / 1000,
  };
  console.log(JSON.stringify(result));
}

function table(): void {
  console.log('| a run every | runs | subscriptions | most processes | most VMs | seconds | CPU seconds | goal |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const every of [60_000, 10_000]) {
    const tries = Array.from({ length: 3 }, () => run(every)).sort((a, b) => a.ms - b.ms);
    const row = tries[1];
    if (!row) continue;
    const cells = [`${String(every / 1000)} s`, row.runs, SUBSCRIPTIONS, row.processes, row.vms];
    const times = [row.ms, row.cpu].map((ms) => (ms / 1000).toFixed(1));
    console.log(`| ${[...cells, ...times, `under 5 s: ${verdict(row.ms / 1000, 5)}`].join(' | ')} |`);
  }
}

function run(every: number): Result {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), String(every)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(child.stdout) as Result;
}

const [every] = process.argv.slice(2);
if (every === undefined) table();
else measure(Number(every));

/**
 * Scaling up: from the decision of a round of `--watch 1s` to the first request that the new process answers, through the gateway, on
 * a VM that has the image. On a VM made for it, under real load. `npx node bench/scaleup.ts [rounds, default 7]`.
 */
import './shell-text.ts';
import type { LoggedEvent } from '../src/model/event.ts';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { duration, median, say, table, verdict } from './measure.ts';

const { startLoad } = await import('../test/support/http-load.ts');
const { STATIC_CARTRIDGE, testProject } = await import('../test/support/project.ts');

const rounds = Number(process.argv[2] ?? 7);
const PATIENCE = 60_000;

await using project = await testProject(`policies:
  partition:
    one: { vms: { min: 1, max: 1 }, vm: { cpu: 2, memory: 1Gi }, scaleDown: { after: 1h } }
  scaling:
    busy:
      processes: { min: 1, max: 4 }
      target: { requestsInFlight: 2 }
      window: 4s
      panic: { window: 2s, threshold: 2 }
      downWindow: 1s
      cooldown: { up: 0s, down: 0s }
partitions:
  web: { policy: one, placement: [{ iaas: lab }] }
cartridges:
  slow:
    image: slow:1
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 32Mi, cpu: 0.2 }
subscriptions:
  shop: { cartridge: slow, scaling: busy, port: 8080 }
`);
// Each answer takes a fifth of a second, so that clients are requests in flight, and says who gave it.
const cartridge = path.join(project.site.directory, 'slow');
await cp(STATIC_CARTRIDGE, cartridge, { recursive: true });
const script = path.join(cartridge, 'www/cgi-bin/who');
await mkdir(path.dirname(script), { recursive: true });
await writeFile(
  script,
  '#!/bin/sh\nsleep 0.2\nread -r name </proc/sys/kernel/hostname\nprintf "Content-Type: text/plain\\r\\n\\r\\n%s\\n" "$name"\n',
);
await chmod(script, 0o755);
await project.must('cartridge', 'build', cartridge, '--tag', 'slow:1');
await project.must('reconcile');
const url = `${(await project.status()).subscriptions[0]?.urls[0] ?? ''}/cgi-bin/who`;

/** When the first stage of the run that makes a process began, and when the process was ready. */
const decided = new Map<string, number>();
const ready = new Map<string, number>();
const begun = new Map<string, number>();
const watching = project.start('reconcile', '--watch', '1s', '--events', 'json');
createInterface({ input: watching.child.stderr ?? process.stdin }).on('line', (line) => {
  if (!line.startsWith('{')) return;
  const { at, run, event } = JSON.parse(line) as LoggedEvent;
  const time = Date.parse(at);
  if (event.type === 'stage.started' && !begun.has(run)) begun.set(run, time);
  if (event.type !== 'action.started' && event.type !== 'action.finished') return;
  if (event.action.kind !== 'process.create') return;
  if (event.type === 'action.finished') ready.set(event.action.process, time);
  else decided.set(event.action.process, begun.get(run) ?? time);
});

const times = { ready: [] as number[], answer: [] as number[] };
try {
  for (let round = 1; round <= rounds; round += 1) {
    await until('one process is left', async () => (await project.status()).subscriptions[0]?.total === 1);
    decided.clear();
    const rush = startLoad({ url, clients: 8, keepAlive: false });
    const first = await firstAnswer();
    const { lost, failures } = await rush.stop();
    if (lost > 0) throw new Error(JSON.stringify(failures));
    const from = decided.get(first.process) ?? Number.NaN;
    times.ready.push((ready.get(first.process) ?? Number.NaN) - from);
    times.answer.push(first.at - from);
    say(`round ${round}: ${first.process} answers after ${duration(times.answer.at(-1) ?? Number.NaN)}`);
  }
} finally {
  watching.child.kill('SIGINT');
  await watching.result;
}

console.log(
  `Medians of ${rounds} rounds; eight clients come to one process, and the target is two requests in flight.\n`,
);
console.log(
  table(
    ['from the decision', 'median', 'longest', 'goal'],
    [
      ['until the new process is ready', duration(median(times.ready)), duration(Math.max(...times.ready)), ''],
      [
        'until a request is answered by it',
        duration(median(times.answer)),
        duration(Math.max(...times.answer)),
        `under 2 s: ${verdict(Math.max(...times.answer) / 1000, 2)}`,
      ],
    ],
  ),
);

/** Asks until somebody answers who was made in this round. */
async function firstAnswer(): Promise<{ readonly process: string; readonly at: number }> {
  const deadline = performance.now() + PATIENCE;
  let found: { process: string; at: number } | undefined;
  const ask = async (): Promise<void> => {
    while (!found) {
      if (performance.now() > deadline) throw new Error('no new process answers');
      const body = await bodyOf(url);
      if (decided.has(body)) found ??= { process: body, at: Date.now() };
    }
  };
  await Promise.all(Array.from({ length: 8 }, ask));
  if (!found) throw new Error('no new process answers');
  return found;
}

function bodyOf(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get(address, { agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => {
          resolve(body.trim());
        });
      })
      .on('error', reject);
  });
}

async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${duration(PATIENCE)}`);
    await pause(200);
  }
}

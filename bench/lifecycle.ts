/**
 * Forty processes on four VMs: made, looked at with nothing to do, and removed. Stratos as a whole program with cold
 * connections, beside the floor (one shell script for each VM over one fresh OpenSSH connection, all side by side) and Ansible.
 * Runs of Stratos and of the floor alternate. `npx node bench/lifecycle.ts [rounds, default 5] [rounds of Ansible, default 2]`.
 */
import './shell-text.ts';
import { readFile } from 'node:fs/promises';
import { duration, median, medianRatio, say, table, verdict } from './measure.ts';

const { lxdVm } = await import('./lxd.ts');
const { ANSIBLE_SETUP, fleetOfFour, PER_VM } = await import('./fleet-of-four.ts');

const rounds = Number(process.argv[2] ?? 5);
const ansibleRounds = Number(process.argv[3] ?? 2);
const PROCESSES = 4 * PER_VM;
const MODULE = 'Ansible, community.general.lxc_container';
const STEPS = ['up', 'no-op', 'down'] as const;
type Step = (typeof STEPS)[number];
type Times = Record<Step, number[]>;
const noTimes = (): Times => ({ up: [], 'no-op': [], down: [] });

await using fleet = await fleetOfFour();
const { project } = fleet;
const floor = noTimes();
const stratos = noTimes();
let watched: readonly number[] = [];
const reconcile = async (): Promise<number> => (await project.must('reconcile')).ms;

for (let round = 1; round <= rounds; round++) {
  floor.up.push(await fleet.floor('up'));
  await fleet.floor('info');
  for (let n = 0; n < 3; n++) floor['no-op'].push(await fleet.floor('info'));
  floor.down.push(await fleet.floor('down'));
  await fleet.scale(PROCESSES);
  stratos.up.push(await reconcile());
  for (let n = 0; n < 3; n++) stratos['no-op'].push(await reconcile());
  if (round === rounds) watched = await watchRounds();
  await fleet.scale(0);
  stratos.down.push(await reconcile());
  say(`round ${round}: ${STEPS.map((step) => `${step} ${last(floor[step])} / ${last(stratos[step])}`).join(', ')}`);
}

const peers: [string, Times][] = [];
/** A peer that does not run here has a line of its own instead of numbers. */
const missing: string[] = [];
if (ansibleRounds > 0) {
  await beside('LXD, all on one VM (its no-op only lists)', async (times) => {
    const setup = await readFile(new URL('floor/lxd-setup.sh', import.meta.url), 'utf8');
    await using lxd = await lxdVm(await fleet.rootfs(), setup, PROCESSES);
    for (let round = 1; round <= ansibleRounds; round++) {
      times.up.push(await lxd.up());
      times['no-op'].push(await lxd.list());
      times.down.push(await lxd.down());
    }
  });
  await Promise.all([1, 2, 3, 4].map((n) => project.onVm(`web-${n}`, ANSIBLE_SETUP)));
  for (const [play, name] of [
    ['batch', 'Ansible, the floor’s scripts as one task'],
    ['shell', 'Ansible, shell tasks'],
    ['module', MODULE],
  ] as const) {
    await beside(name, async (times) => {
      for (let round = 1; round <= ansibleRounds; round++) {
        times.up.push(await fleet.ansible(play, 'up'));
        times['no-op'].push(await fleet.ansible(play, 'info'));
        times.down.push(await fleet.ansible(play, 'down'));
      }
    });
  }
}

const ratio = (times: Times, step: Step): number =>
  times[step].length === floor[step].length
    ? medianRatio(times[step], floor[step])
    : median(times[step]) / median(floor[step]);
const row = (name: string, times: Times): string[] => [
  name,
  ...STEPS.map((step) => `${duration(median(times[step]))} (${ratio(times, step).toFixed(2)})`),
];
console.log(
  `${PROCESSES} processes on 4 VMs, medians of ${rounds} rounds; in brackets the ratio to the floor, round by round.\n`,
);
const rows = [row('floor', floor), row('Stratos', stratos), ...peers.map(([name, times]) => row(name, times))];
console.log(table(['', 'up', 'no-op', 'down'], rows));
for (const text of missing) console.log(`\n${text}`);

const goals: [string, string][] = [
  ['up at most 1.5 × the floor', verdict(ratio(stratos, 'up'), 1.5)],
  ['no-op at most 2 × the floor', verdict(ratio(stratos, 'no-op'), 2)],
];
const module = peers.find(([name]) => name === MODULE)?.[1];
if (module) {
  const faster = (step: Step): number => median(module[step]) / median(stratos[step]);
  goals.push(
    ['no-op at least 15 × faster than Ansible’s module', verdict(faster('no-op'), 15, 'at least')],
    ['up: Ansible’s module at least 15 × slower', verdict(faster('up'), 15, 'at least')],
  );
}
goals.push([`a round of --watch at most 50 ms: ${duration(median(watched))}`, verdict(median(watched), 50)]);
console.log(`\n${table(['goal', ''], goals)}`);

function last(times: readonly number[]): string {
  return duration(times.at(-1) ?? Number.NaN);
}

async function beside(name: string, measure: (times: Times) => Promise<void>): Promise<void> {
  const times = noTimes();
  try {
    await measure(times);
    peers.push([name, times]);
    say(`${name}: ${STEPS.map((step) => last(times[step])).join(', ')}`);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(text);
    missing.push(`${name} could not be measured here: ${text.trim().split('\n').at(-1) ?? ''}`);
  }
}

/** Some seconds of `--watch` with nothing to do: the time of each round but the first, which opens the connections. */
async function watchRounds(): Promise<readonly number[]> {
  const running = project.start('reconcile', '--watch', '1s', '-o', 'json');
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  running.child.kill('SIGINT');
  const { stdout } = await running.result;
  return [...stdout.matchAll(/"ms": ?([\d.]+)/g)].map(([, ms]) => Number(ms)).slice(1);
}

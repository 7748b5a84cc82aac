/**
 * Deciding and planning together: 5,000 subscriptions, 50,000 processes on 1,000 VMs in 50 partitions, five minutes of samples each 10 s,
 * predictions, schedules and idle policies. Prints a Markdown table. Run it by `npx node bench/decide.ts`; each row is a process of its
 * own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NO_MEMORY } from '../src/model/memory.ts';
import { DEFAULT_TUNING } from '../src/model/policy.ts';
import { instant, millis } from '../src/model/quantity.ts';
import type { ProcessSample, SubscriptionSample } from '../src/model/signal.ts';
import type { SubscriptionSpec } from '../src/model/spec.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import type { PlanInput } from '../src/plan/plan-input.ts';
import { decide, type DecideInput } from '../src/policy/decide.ts';
import { fleet } from './fleet.ts';
import { median, table, verdict } from './measure.ts';

const VMS = 1000;
const TRIES = 3;
const NOW = instant(Date.UTC(2026, 2, 2, 10));
const MINUTE = 60_000;

/** What happens to the fleet since the run before. */
const CASES = {
  nothing: { load: 'as it was', stale: false },
  'another load everywhere': { load: 'moved', stale: false },
  'every image changed too': { load: 'moved', stale: true },
  'the same, at most 500 changes in a run': { load: 'moved', stale: true, most: 500 },
} as const satisfies Record<string, Happened>;
type Case = keyof typeof CASES;

interface Happened {
  readonly load: 'as it was' | 'moved';
  /** Whether every image changed. */
  readonly stale: boolean;
  /** Most changes of a run; undefined: no bound. */
  readonly most?: number;
}

interface Result {
  readonly processes: number;
  readonly subscriptions: number;
  readonly actions: number;
  readonly decideMs: number;
  readonly planMs: number;
  readonly cpu: number;
}

function inputOf({ load, stale }: Happened): { readonly plan: PlanInput; readonly decide: DecideInput } {
  const base = fleet({ vms: VMS, partitions: 50, strategy: 'pack', stale });
  const subscriptions = Object.fromEntries(
    Object.values(base.spec.subscriptions).map((subscription) => [subscription.alias, withPolicies(subscription)]),
  );
  const history: Record<string, readonly SubscriptionSample[]> = {};
  Object.keys(subscriptions).forEach((alias, n) => {
    // Ten processes at 20 each are 200: as it was is what they are for, moved is anything from 100 to 300.
    const inFlight = load === 'moved' ? 100 + ((n * 7) % 200) : 195;
    history[alias] = Array.from({ length: 31 }, (_, at) => ({
      at: instant(NOW - (30 - at) * 10_000),
      count: 10,
      sums: { requestsInFlight: inFlight, cpu: 5, memory: 3, requestsPerSecond: 9 },
    }));
  });
  const processes: Record<string, ProcessSample> = {};
  base.inventory.processes.forEach(({ name }, at) => {
    processes[name] = { requestsInFlight: 1 + (at % 30), cpu: 0.5, sessions: 0, lastUsed: instant(NOW - at) };
  });
  const spec = { ...base.spec, subscriptions };
  const measurement = { at: NOW, processes, vms: {}, problems: {} };
  const { inventory, observation } = base;
  return {
    plan: { ...base, spec, measurement, now: NOW },
    decide: { spec, inventory, observation, measurement, history, memory: NO_MEMORY, now: NOW },
  };
}

function withPolicies(subscription: SubscriptionSpec): SubscriptionSpec {
  return {
    ...subscription,
    idle: {
      ...{ name: 'nap', wake: 'on-request', cpuBelow: 0.05, sessions: true, coldStart: false },
      freezeAfter: millis(5 * MINUTE),
    },
    scaling: {
      ...subscription.scaling,
      processes: { min: 1, max: 40 },
      target: { requestsInFlight: 20, cpu: 0.7 },
      schedules: [
        {
          ...{ cron: '0 9 * * 1-5', timezone: 'Europe/Berlin', duration: millis(8 * 60 * MINUTE) },
          processes: { min: 2, max: 40 },
        },
      ],
      tuning: { ...DEFAULT_TUNING, predict: millis(MINUTE), downWindow: millis(0) },
    },
  };
}

/** One measurement, as JSON on standard output. */
function measure(what: Case): void {
  const happened: Happened = CASES[what];
  const input = inputOf(happened);
  const [begin, used] = [performance.now(), process.cpuUsage()];
  const decisions = decide(input.decide);
  const decided = performance.now();
  const maxChanges = happened.most === undefined ? {} : { maxChanges: happened.most };
  const plan = makePlan({ ...input.plan, decisions: { ...decisions, ...maxChanges } });
  const planned = performance.now();
  const { user, system } = process.cpuUsage(used);
  const result: Result = {
    processes: input.plan.inventory.processes.length,
    subscriptions: Object.keys(input.plan.spec.subscriptions).length,
    actions: plan.stages.reduce((sum, { actions }) => sum + actions.length, 0),
    decideMs: decided - begin,
    planMs: planned - decided,
    cpu: (user + system) / 1000,
  };
  console.log(JSON.stringify(result));
}

function run(what: string): Result {
  const args = [fileURLToPath(import.meta.url), what];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(child.stdout) as Result;
}

function report(): void {
  const rows = (Object.keys(CASES) as Case[]).map((what) => {
    const tries = Array.from({ length: TRIES }, () => run(what));
    const [one] = tries;
    const [first, second, cpu] = [
      median(tries.map(({ decideMs }) => decideMs)),
      median(tries.map(({ planMs }) => planMs)),
      median(tries.map((result) => result.cpu)),
    ];
    const together = median(tries.map(({ decideMs, planMs }) => decideMs + planMs));
    const times = [first, second, together, cpu].map((ms) => ms.toFixed(0));
    return [what, one?.actions ?? 0, ...times, `under 3 s: ${verdict(together / 1000, 3)}`];
  });
  console.log(
    table(['since the run before', 'actions', 'decide ms', 'plan ms', 'together ms', 'CPU ms', 'goal'], rows),
  );
}

const [what] = process.argv.slice(2);
if (what === undefined) report();
else measure(what as Case);

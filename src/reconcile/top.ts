/** Looking at the fleet again and again: what each subscription and VM does now. Writes nothing; rates come from look to look. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunMemory } from '../inventory/run-memory.ts';
import type { Counters } from '../model/counters.ts';
import type { Millis } from '../model/quantity.ts';
import type { VmSample } from '../model/signal.ts';
import type { Deps, RunLimits } from './deps.ts';
import { planRun, type PlanRun } from './plan-run.ts';

export interface TopReport {
  /** ISO 8601. */
  readonly at: string;
  readonly subscriptions: readonly TopSubscription[];
  readonly vms: readonly TopVm[];
  readonly unreachable: readonly { readonly vm: string; readonly message: string }[];
}

/** A subscription now; what was not measured is absent, which is not zero. Sums over its processes, means of shares. */
export interface TopSubscription {
  readonly alias: string;
  readonly want: number;
  readonly have: number;
  readonly asleep: number;
  readonly requestsInFlight?: number;
  readonly requestsPerSecond?: number;
  readonly errorsPerSecond?: number;
  readonly responseTime?: number;
  readonly cpu?: number;
  readonly memory?: number;
  /** Bytes that its processes have changed on their own layers; only in a single look. */
  readonly disk?: number;
}

export interface TopVm extends Partial<VmSample> {
  readonly vm: string;
  readonly processes: number;
}

/** Looks once, at disks too; rates are since the last applied run, where there was one. @throws InvalidSpecError, InterruptedError */
export async function topOnce(deps: Deps, limits: RunLimits): Promise<TopReport> {
  return topOf(await planRun(deps, { ...limits, everything: true, disks: true }));
}

/** Looks every `every` until the signal aborts. @throws InvalidSpecError */
export async function top(
  deps: Deps,
  limits: RunLimits,
  every: Millis,
  onLook: (report: TopReport) => void,
): Promise<void> {
  let last: Counters | undefined;
  const memory: RunMemory = {
    recall: async (since, until) => {
      const recalled = await deps.memory.recall(since, until);
      return last ? { ...recalled, counters: last } : recalled;
    },
    remember: () => Promise.resolve(),
  };
  while (!limits.signal.aborted) {
    const run = await planRun({ ...deps, memory }, { ...limits, everything: true });
    last = run.record.counters;
    onLook(topOf(run));
    await sleep(every, undefined, { signal: limits.signal }).catch(() => undefined);
  }
}

/** The report of one look. */
export function topOf({ inventory, observation, measurement, decisions, spec }: PlanRun): TopReport {
  const asleep = new Set(
    Object.values(observation.vms).flatMap((seen) =>
      seen.status === 'reached' ? seen.processes.flatMap((one) => (one.asleep ? [one.name] : [])) : [],
    ),
  );
  const byAlias = Map.groupBy(inventory.processes, ({ subscription }) => subscription);
  const byVm = Map.groupBy(inventory.processes, ({ vm }) => vm);
  return {
    at: new Date(observation.at).toISOString(),
    subscriptions: Object.keys(spec.subscriptions)
      .toSorted()
      .map((alias) => {
        const names = (byAlias.get(alias) ?? []).map(({ name }) => name);
        const have = names.length;
        const samples = names.flatMap((name) => measurement.processes[name] ?? []);
        return {
          alias,
          want: decisions.processes[alias]?.desired ?? have,
          have,
          asleep: names.filter((name) => asleep.has(name)).length,
          ...totals(samples, ['requestsInFlight', 'requestsPerSecond', 'errorsPerSecond', 'disk'], sum),
          ...totals(samples, ['responseTime', 'cpu', 'memory'], mean),
        };
      }),
    vms: inventory.vms.map(({ name }) => ({
      vm: name,
      processes: byVm.get(name)?.length ?? 0,
      ...measurement.vms[name],
    })),
    unreachable: Object.entries(observation.vms).flatMap(([vm, seen]) =>
      seen.status === 'unreachable' ? [{ vm, message: seen.message }] : [],
    ),
  };
}

/** What at least one sample has, of each signal. */
function totals<K extends string>(
  samples: readonly Readonly<Partial<Record<K, number>>>[],
  signals: readonly K[],
  total: (values: readonly number[]) => number,
): Partial<Record<K, number>> {
  const found: Partial<Record<K, number>> = {};
  for (const signal of signals) {
    const values = samples.flatMap((sample) => sample[signal] ?? []);
    if (values.length > 0) found[signal] = total(values);
  }
  return found;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

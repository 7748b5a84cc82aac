/** From single processes to what history keeps of subscriptions. */
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Measurement, ProcessSample, SubscriptionSample } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';

interface SamplesInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly measurement: Measurement;
}

const PLAIN = ['requestsInFlight', 'queue', 'requestsPerSecond', 'errorsPerSecond', 'cpu', 'memory'] as const;

interface Measured {
  readonly vm: string;
  readonly sample: ProcessSample;
}

/**
 * One sample for each subscription of the spec that has processes that are ready and awake. Sleepers, processes that start and
 * those that leave are not in it. A signal that only some of the processes have counts for the others as its mean over those.
 */
export function samplesOf(input: SamplesInput): Readonly<Record<string, SubscriptionSample>> {
  const { spec, inventory, observation, measurement } = input;
  const awake = awakeProcesses(observation);
  const expected = new Map<string, number>();
  const measured = new Map<string, Measured[]>();
  for (const { name, subscription, state, vm, asleep } of inventory.processes) {
    if (state !== 'ready' || !spec.subscriptions[subscription]) continue;
    const isReached = observation.vms[vm]?.status === 'reached';
    if (isReached ? !awake.has(name) : asleep) continue;
    expected.set(subscription, (expected.get(subscription) ?? 0) + 1);
    const sample = isReached ? measurement.processes[name] : undefined;
    if (!sample) continue;
    const list = measured.get(subscription) ?? [];
    measured.set(subscription, list);
    list.push({ vm, sample });
  }
  return Object.fromEntries(
    [...expected].map(([alias, count]) => [
      alias,
      sampleOf(
        measurement,
        measured.get(alias) ?? [],
        Object.keys(spec.subscriptions[alias]?.scaling.signals ?? {}),
        count,
      ),
    ]),
  );
}

function awakeProcesses(observation: Observation): ReadonlySet<string> {
  return new Set(
    Object.values(observation.vms).flatMap((vm) =>
      vm.status === 'reached'
        ? vm.processes.filter((process) => process.state === 'running' && !process.asleep).map(({ name }) => name)
        : [],
    ),
  );
}

function sampleOf(
  { at, vms }: Measurement,
  measured: readonly Measured[],
  own: readonly string[],
  expected: number,
): SubscriptionSample {
  const count = measured.length;
  const sums: Record<string, number> = {};
  const put = (signal: string, mean: number | undefined): void => {
    if (mean !== undefined && Number.isFinite(mean)) sums[signal] = mean * count;
  };
  for (const signal of PLAIN) put(signal, meanOf(measured.map(({ sample }) => sample[signal])));
  for (const signal of own) put(signal, meanOf(measured.map(({ sample }) => sample.own?.[signal])));
  put('responseTime', meanResponseTime(measured));
  put('loadAverage', meanOf([...new Set(measured.map(({ vm }) => vm))].map((vm) => vms[vm]?.load)));
  return { at, count, ...(expected === count ? {} : { expected }), sums };
}

/** Of those that are known; added up in order of size, so that their order does not matter. */
function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** What a request waits on average, whichever process it is given to; without any request, what a process shows. */
function meanResponseTime(measured: readonly Measured[]): number | undefined {
  const told = measured.flatMap(({ sample: { responseTime, requestsPerSecond = 0 } }) =>
    responseTime === undefined ? [] : [{ time: responseTime, weight: requestsPerSecond }],
  );
  const busy = told.filter(({ weight }) => weight > 0);
  if (busy.length === 0) return meanOf(told.map(({ time }) => time));
  busy.sort((a, b) => a.time - b.time || a.weight - b.weight);
  const weights = busy.reduce((sum, { weight }) => sum + weight, 0);
  return busy.reduce((sum, { time, weight }) => sum + time * weight, 0) / weights;
}

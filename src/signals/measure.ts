/** From counters to what policy reads: this observation compared with the one before. */
import type { Counters } from '../model/counters.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Measurement, ProcessSample, VmSample } from '../model/signal.ts';
import { gatewayHome, type Spec } from '../model/spec.ts';
import { addTraffic, lastUsedOf, type AllTraffic } from './add-traffic.ts';
import { elapsedSince, type Elapsed, type Since } from './increase.ts';
import { nextCounters, type Reached } from './next-counters.ts';
import { problemsOf } from './problems.ts';
import { probeSample, trafficSample, usageSample } from './process-sample.ts';
import { vmSample } from './vm-sample.ts';

export interface MeasureInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  /** Of the look before. */
  readonly counters: Counters;
}

export interface Measured {
  readonly measurement: Measurement;
  /** For the next look. */
  readonly counters: Counters;
}

/**
 * Measures processes and VMs. Rates are means since the look before; what cannot be known (a first look, a counter that went
 * backwards, a look too long ago, a gateway that does not answer) is absent, and `problems` says so where a policy wants it.
 * Every number is finite and not negative. The order of anything in the input does not matter.
 */
export function measure(input: MeasureInput): Measured {
  const { inventory, observation, counters: before } = input;
  const { at } = observation;
  const traffic: AllTraffic = { processes: new Map(), queued: new Map(), refused: new Map() };
  const elapsed = new Map<string, Elapsed>();
  const reached = Object.entries(observation.vms)
    .flatMap(([name, vm]) => (vm.status === 'reached' ? [{ name, vm }] : []))
    // Sums of fractions come out the same whoever answered first.
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, vm } of reached) {
    const since = elapsedSince(before.vms[name], vm);
    elapsed.set(name, since);
    addTraffic(traffic, vm, before.vms[name], since, at);
  }
  // By where their gateways are.
  const partitions = new Map(
    inventory.vms.map((vm) => [vm.name, gatewayHome(input.spec.partitions, vm.partition)] as const),
  );
  const blind = blindPartitions(inventory, reached);
  const processes: Record<string, ProcessSample> = {};
  const vms: Record<string, VmSample> = {};
  for (const { name, vm } of reached) {
    const since: Since = { elapsed: elapsed.get(name) ?? { is: 'first' }, before: before.vms[name] };
    const sample = vm.guest ? undefined : vmSample(vm, since);
    if (sample) vms[name] = sample;
    const isBlind = blind.has(partitions.get(name) ?? '');
    for (const process of vm.processes) {
      if (process.state !== 'running' && !process.asleep) continue;
      const own = traffic.processes.get(process.name);
      const lastUsed = lastUsedOf(process.name, own, before, at);
      processes[process.name] = {
        ...(isBlind || !own ? {} : trafficSample(own)),
        ...(lastUsed === undefined ? {} : { lastUsed }),
        ...usageSample(input.spec, process, since),
        ...probeSample(vm.probes ?? [], process),
      };
    }
  }
  shareQueues(input, traffic.queued, processes);
  const refused = Object.fromEntries(traffic.refused);
  return {
    measurement: {
      at,
      processes,
      vms,
      problems: problemsOf(input, { processes, elapsed, blind }),
      ...(traffic.refused.size > 0 ? { refused } : {}),
    },
    counters: nextCounters({ ...input, reached, elapsed, traffic: traffic.processes }),
  };
}

/**
 * Partitions of which a gateway was set up and does not tell its numbers, with the VMs: what goes through it is not known, and so
 * neither is any sum. A VM that cannot be reached at all is taken for one that serves nobody.
 */
function blindPartitions(inventory: Inventory, reached: readonly Reached[]): ReadonlyMap<string, readonly string[]> {
  const silent = new Set(
    reached.filter(({ vm }) => vm.gateway.configDigest !== undefined && !vm.gateway.traffic).map(({ name }) => name),
  );
  const vms = inventory.vms.filter(({ name }) => silent.has(name));
  return new Map(
    [...Map.groupBy(vms, (vm) => vm.partition)].map(([partition, of]) => [
      partition,
      of.map(({ name }) => name).sort(),
    ]),
  );
}

/** Who waits for whichever process is free first waits for each of them a little. */
function shareQueues(
  { observation }: MeasureInput,
  queued: ReadonlyMap<string, number>,
  samples: Record<string, ProcessSample>,
): void {
  for (const [alias, waiting] of queued) {
    const names = Object.values(observation.vms)
      .flatMap((vm) => (vm.status === 'reached' ? vm.processes : []))
      .filter((process) => process.subscription === alias && samples[process.name]?.requestsInFlight !== undefined)
      .map(({ name }) => name);
    for (const name of names) {
      const sample = samples[name];
      const { requestsInFlight = 0, queue = 0 } = sample ?? {};
      const share = waiting / names.length;
      samples[name] = { ...sample, requestsInFlight: requestsInFlight + share, queue: queue + share };
    }
  }
}

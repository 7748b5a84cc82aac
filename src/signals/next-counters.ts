/** What the next look is compared with. */
import type { Counters, ProcessCounters, VmCounters } from '../model/counters.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Observation, ReachedVm } from '../model/observation.ts';
import type { Instant } from '../model/quantity.ts';
import { gatewayCounters, lastUsedOf, type Traffic } from './add-traffic.ts';
import type { Elapsed } from './increase.ts';

/** A VM that answered. */
export interface Reached {
  readonly name: string;
  readonly vm: ReachedVm;
}

interface NextInput {
  readonly inventory: Inventory;
  readonly observation: Observation;
  /** Of the look before. */
  readonly counters: Counters;
  readonly reached: readonly Reached[];
  readonly elapsed: ReadonlyMap<string, Elapsed>;
  readonly traffic: ReadonlyMap<string, Traffic>;
}

/** A VM that does not answer keeps what it had; one that answered twice at once, too. Who is gone is forgotten. */
export function nextCounters(input: NextInput): Counters {
  const { inventory, observation, counters: before, reached, elapsed, traffic } = input;
  const { at } = observation;
  const vms: Record<string, VmCounters> = {};
  for (const { name } of inventory.vms) {
    const kept = before.vms[name];
    if (kept && observation.vms[name]?.status !== 'reached') vms[name] = kept;
  }
  for (const { name, vm } of reached) {
    const kept = before.vms[name];
    if (kept && elapsed.get(name)?.is === 'again') vms[name] = kept;
    else if (vm.uptime !== undefined && vm.uptime >= 0) vms[name] = vmCounters(vm, vm.uptime, at);
  }
  const names = [
    ...inventory.processes.map(({ name }) => name),
    ...reached.flatMap(({ vm }) => vm.processes.map(({ name }) => name)),
  ];
  const lastUsed = [...new Set(names)].flatMap((name) => {
    const used = lastUsedOf(name, traffic.get(name), before, at);
    return used === undefined ? [] : [[name, used] as const];
  });
  return { vms, lastUsed: Object.fromEntries(lastUsed) };
}

function vmCounters(vm: ReachedVm, uptime: number, at: Instant): VmCounters {
  const processes: Record<string, ProcessCounters> = {};
  for (const { name, usage } of vm.processes) {
    if (usage)
      processes[name] = { cpuSeconds: usage.cpuSeconds, ...(usage.start === undefined ? {} : { start: usage.start }) };
  }
  return {
    ...{ at, bootId: vm.bootId, uptime, processes },
    ...(vm.cpuSeconds === undefined ? {} : { cpuSeconds: vm.cpuSeconds }),
    ...(vm.gateway.traffic ? { gateway: gatewayCounters(vm.gateway.traffic) } : {}),
  };
}

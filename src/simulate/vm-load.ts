/** What VMs show of their load. */
import type { Instant, Millis } from '../model/quantity.ts';
import type { VmSample } from '../model/signal.ts';
import type { Actor } from './actor.ts';
import type { Fleet } from './fleet.ts';

/** What a look at the VMs measures. */
export function vmSamples(
  fleet: Fleet,
  now: Instant,
  loads: ReadonlyMap<string, number>,
): Readonly<Record<string, VmSample>> {
  const samples: Record<string, VmSample> = {};
  for (const pool of fleet.vms.values())
    for (const { name, readyAt, offer, free } of pool)
      if (readyAt <= now)
        samples[name] = {
          load: loads.get(name) ?? 0,
          cpus: offer.size.cpu,
          memory: 1 - free.memory / offer.size.memory,
          disk: 0,
        };
  return samples;
}

/** 1-minute load averages of VMs: the cores that are busy, smoothed as the kernel does it. */
export function averageLoads(
  fleet: Fleet,
  actors: ReadonlyMap<string, Actor>,
  loads: Map<string, number>,
  passed: Millis,
): void {
  const keep = Math.exp((-1 * passed) / 60_000);
  for (const pool of fleet.vms.values())
    for (const vm of pool) {
      let busy = 0;
      for (const { alias, isReady } of vm.processes)
        if (isReady) busy += (actors.get(alias)?.traffic.utilization ?? 0) * (fleet.demandOf(alias).cpu / 1000);
      loads.set(vm.name, (loads.get(vm.name) ?? 0) * keep + busy * (1 - keep));
    }
}

/** Mean load average of the VMs that have processes of a subscription. */
export function meanLoad(fleet: Fleet, alias: string, loads: ReadonlyMap<string, number>): number {
  const vms = new Set(fleet.processesOf(alias).map(({ vm }) => vm.name));
  return vms.size === 0 ? 0 : [...vms].reduce((sum, vm) => sum + (loads.get(vm) ?? 0), 0) / vms.size;
}

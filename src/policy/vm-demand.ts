/** How many VMs a partition needs at least, whatever the placement. */
import type { PartitionSpec, Spec } from '../model/spec.ts';

/**
 * By partition: enough VMs of its largest size for the resources of `desired` processes by alias, and for `processesPerVm`; never
 * under the minimum with what is kept spare, never over the maximum. Placement may need more, never less.
 */
export function vmDemand(spec: Spec, desired: (alias: string) => number): ReadonlyMap<string, number> {
  const sums = new Map<string, { cpu: number; memory: number; processes: number }>();
  for (const { alias, cartridge } of Object.values(spec.subscriptions)) {
    const found = spec.cartridges[cartridge];
    if (!found) continue;
    const count = desired(alias);
    const sum = sums.get(found.partition) ?? { cpu: 0, memory: 0, processes: 0 };
    sums.set(found.partition, {
      cpu: sum.cpu + count * Math.round(found.resources.cpu * 1000),
      memory: sum.memory + count * found.resources.memory,
      processes: sum.processes + count,
    });
  }
  return new Map(
    Object.values(spec.partitions).map((partition) => {
      const { vms, processesPerVm, spare } = partition.policy;
      const { cpu, memory, processes } = sums.get(partition.name) ?? { cpu: 0, memory: 0, processes: 0 };
      const size = largestOf(partition);
      const filled = Math.ceil(Math.max(cpu / (size.cpu * 1000), memory / size.memory, processes / processesPerVm));
      return [partition.name, Math.min(vms.max, Math.max(vms.min, filled + spare.vms))];
    }),
  );
}

function largestOf({ placement, policy }: PartitionSpec): { readonly cpu: number; readonly memory: number } {
  const sizes = placement.flatMap(({ sizes: offered }) => offered ?? [policy.vm]);
  return {
    cpu: Math.max(...sizes.map(({ cpu }) => cpu)),
    memory: Math.max(...sizes.map(({ memory }) => memory)),
  };
}

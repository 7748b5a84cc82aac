/** Every machine that is ours, in any state: recorded, or carrying our label without a record. */
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Spec } from '../model/spec.ts';
import { priceOf } from '../model/prices.ts';

export interface OurMachines {
  readonly total: number;
  /** Of all, in an hour. */
  readonly cost: number;
  readonly byPartition: ReadonlyMap<string, number>;
}

/** Counts machines so that failing ones cannot multiply unseen. */
export function ourMachines(spec: Spec, inventory: Inventory, observation: Observation): OurMachines {
  const byPartition = new Map<string, number>();
  let cost = 0;
  const add = (partition: string, price: number): void => {
    byPartition.set(partition, (byPartition.get(partition) ?? 0) + 1);
    cost += price;
  };
  const machines = new Set<string>();
  // What was asked for and has no id yet is known by the name on its label.
  const asked = new Set<string>();
  for (const { name, partition, iaas, machine, size } of inventory.vms) {
    add(partition, priceOf(spec.partitions[partition], iaas, size));
    if (machine === undefined) asked.add(`${iaas}/${name}`);
    else machines.add(`${iaas}/${machine}`);
  }
  for (const [iaas, listing] of Object.entries(observation.iaas)) {
    if (listing.status !== 'listed') continue;
    for (const { id, vm, partition, size } of listing.machines) {
      // A host of a static pool carries no label: it is ours only when it is recorded.
      if (vm === undefined || machines.has(`${iaas}/${id}`)) continue;
      // The first machine with its label completes the record; a second one is one more.
      if (asked.delete(`${iaas}/${vm}`)) continue;
      const of = partition ?? vm.replace(/-\d+$/, '');
      add(of, priceOf(spec.partitions[of], iaas, size));
    }
  }
  return { total: [...byPartition.values()].reduce((sum, count) => sum + count, 0), cost, byPartition };
}

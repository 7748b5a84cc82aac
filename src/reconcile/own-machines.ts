/** Which of the machines that an IaaS lists are its own, where another entry of the spec is in the same account. Pure. */
import { madeBy } from '../iaas/made-by.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Machine } from '../model/observation.ts';
import type { Spec } from '../model/spec.ts';

/**
 * Those of one entry: recorded there, or made by it. What does not say who made it, or names an entry that the spec no longer has,
 * counts unless the inventory has it under another: an entry that is renamed neither takes up nor ends what is recorded under the old name.
 */
export function ownMachines(
  spec: Pick<Spec, 'iaas'>,
  inventory: Pick<Inventory, 'vms'>,
  iaas: string,
  machines: readonly Machine[],
): readonly Machine[] {
  const isHere = madeBy(iaas);
  const recorded = new Set<string>();
  const elsewhere = new Set<string>();
  for (const vm of inventory.vms) {
    const known = vm.iaas === iaas ? recorded : elsewhere;
    if (vm.machine !== undefined) known.add(`${vm.name}/${vm.machine}`);
    // One that is being made has no id yet.
    else if (vm.iaas !== iaas) known.add(vm.name);
  }
  return machines.filter((machine) => {
    const { id, vm, iaas: maker } = machine;
    if (vm === undefined || recorded.has(`${vm}/${id}`)) return true;
    if (maker !== undefined && (maker === iaas || spec.iaas[maker])) return isHere(machine);
    return !elsewhere.has(`${vm}/${id}`) && !elsewhere.has(vm);
  });
}

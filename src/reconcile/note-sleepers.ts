/** Sleepers wake without Stratos: what a look has found is put into the records, so that they do not tell of sleep that is over. */
import type { Inventory, ProcessRecord, VmRecord } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Deps } from './deps.ts';
import { recorder } from './recorder.ts';

/**
 * The inventory with its sleepers as they are, and with `moved` VMs; written only where something differs.
 * @throws StaleInventoryError, ProjectFileError
 */
export async function noteSleepers(
  deps: Deps,
  inventory: Inventory,
  observation: Observation,
  moved: readonly VmRecord[],
): Promise<Inventory> {
  const changed = changedSleepers(inventory, observation);
  if (changed.length === 0 && moved.length === 0) return inventory;
  const records = recorder(deps.inventory, inventory);
  for (const record of moved) records.putVm(record);
  for (const record of changed) records.putProcess(record);
  await records.commit();
  return records.current();
}

/** Records whose sleep is not what was seen; what was not seen stays as it is. */
export function changedSleepers(inventory: Inventory, observation: Observation): readonly ProcessRecord[] {
  const seen = new Map(
    Object.values(observation.vms).flatMap((vm) =>
      vm.status === 'reached' ? vm.processes.map((process) => [process.name, process] as const) : [],
    ),
  );
  return inventory.processes.flatMap((record) => {
    const process = seen.get(record.name);
    if (!process || process.asleep === record.asleep) return [];
    const { asleep: _before, ...rest } = record;
    return [process.asleep ? { ...rest, asleep: process.asleep } : rest];
  });
}

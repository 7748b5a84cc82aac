/** Machines that are processes: what each is made of, and when it is made. */
import type { Action, GuestProcess } from '../model/plan.ts';
import { partitionOf } from '../model/spec.ts';
import type { PartitionView } from './partition-view.ts';
import type { Wave } from './wave.ts';

/**
 * The machines of a partition, each with the one process that is created on it. A machine boots when it is made: where what its process needs comes
 * from this partition, by whatever way, it is made in its process's wave, and is not among those that are returned.
 */
export function guestMachines(
  { name: partition, needs, input }: PartitionView,
  machines: readonly Action[],
  waves: readonly Wave[],
): readonly Action[] {
  const guests = new Map<string, GuestProcess>();
  const later = new Map<string, Wave>();
  for (const wave of waves)
    for (const action of wave.processes) {
      if (action.kind !== 'process.create') continue;
      const { vm, process: name, subscription, image, fingerprint, revision } = action;
      guests.set(vm, { name, subscription, image, fingerprint, ...(revision === undefined ? {} : { revision }) });
      const isHere = (alias: string): boolean => partitionOf(input.spec, alias) === partition;
      if ([...needs.behind(subscription)].some(isHere)) later.set(vm, wave);
    }
  const first: Action[] = [];
  for (const action of machines) {
    const guest = guests.get(action.vm);
    if (action.kind === 'vm.create' && guest) (later.get(action.vm)?.machines ?? first).push({ ...action, guest });
    else first.push(action);
  }
  return first;
}

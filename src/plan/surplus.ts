import { leastOn } from './entries.ts';
import type { Survey } from './found.ts';
import type { PartitionView } from './partition-view.ts';
import { drainSlot, type Slot } from './slot.ts';

/**
 * More VMs than the bounds allow: the emptiest are drained, the newest first among equals. Machines that were not taken up do not
 * count here: they must not push out what works.
 */
export function vacateSurplus(view: PartitionView, found: Survey): void {
  const load = (slot: Slot): number => view.world.processesOn.get(slot.name)?.length ?? 0;
  const staying = new Map<string, number>();
  let total = 0;
  for (const slot of found.slots) {
    if (slot.draining !== undefined || slot.kind === 'latent') continue;
    staying.set(slot.iaas, (staying.get(slot.iaas) ?? 0) + 1);
    total += 1;
  }
  const candidates = found.slots
    .filter((slot) => slot.kind === 'usable' && slot.draining === undefined)
    .sort((a, b) => load(a) - load(b) || b.number - a.number);
  for (const slot of candidates) {
    const here = staying.get(slot.iaas) ?? 0;
    const bound = view.placement.find((entry) => entry.iaas === slot.iaas)?.max ?? 0;
    if (total <= view.vms.max && here <= bound) continue;
    const where =
      here > bound ? `${bound} VMs on ${slot.iaas} and has ${here}` : `${view.vms.max} VMs and has ${total}`;
    const least = leastOn(view, slot.iaas);
    if (here <= least) {
      view.hold(slot.name, `${view.name} may have ${where}, and it stays: there are at least ${least} on ${slot.iaas}`);
      continue;
    }
    drainSlot(slot, `${view.name} may have ${where}`);
    staying.set(slot.iaas, here - 1);
    total -= 1;
  }
}

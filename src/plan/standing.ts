/** What can be done with a VM now: its record against what its IaaS lists and what answered. */
import type { VmRecord } from '../model/inventory.ts';
import type { IaasObservation, Machine, VmObservation } from '../model/observation.ts';
import type { VmCreate } from '../model/plan.ts';
import type { PartitionView } from './partition-view.ts';
import type { SlotKind } from './slot.ts';

/** The machine behind a record, as the IaaS lists it. */
export function machineOf(view: PartitionView, record: VmRecord): Machine | undefined {
  const index = view.world.machines.get(record.iaas);
  return record.machine === undefined ? index?.byVm.get(record.name) : index?.byId.get(record.machine);
}

/** What a machine that is asked for once more is asked for with: what its record says. */
export function askedFor({ iaas, size, zone }: VmRecord): Pick<VmCreate, 'iaas' | 'size' | 'zone'> {
  return { iaas, size, ...(zone === undefined ? {} : { zone }) };
}

/** What can be done with a recorded VM; what cannot is said. */
export function standingOf(
  view: PartitionView,
  record: VmRecord,
  listing: IaasObservation | undefined,
  machine: Machine | undefined,
  seen: VmObservation | undefined,
): SlotKind | 'gone' {
  const { name } = record;
  if (listing?.status !== 'listed') return record.state === 'creating' ? 'away' : reachedOr(view, name, seen);
  if (!machine) {
    if (record.state === 'creating') return 'latent';
    if (seen?.status !== 'reached' || seen.lineage !== view.input.inventory.lineage) return 'gone';
    view.notice(name, `${record.iaas} does not list its machine ${record.machine ?? ''}, and it answers: it stays`);
    return 'usable';
  }
  // One that is a process says what it is by its label, whether it runs or not.
  if (machine.process && machine.state !== 'failed' && machine.state !== 'deleting') return reachedOr(view, name, seen);
  switch (machine.state) {
    case 'failed':
      view.miss(
        name,
        `its machine ${machine.id} failed on ${record.iaas}: remove it there, and the next run replaces it`,
      );
      return 'away';
    case 'deleting':
      // Where it is us who do it, that is finished.
      if (record.state !== 'deleting') view.hold(name, `its machine ${machine.id} is being deleted on ${record.iaas}`);
      return 'away';
    case 'pending':
      if (record.state === 'creating') return 'latent';
      view.hold(name, `its machine ${machine.id} is still starting on ${record.iaas}`);
      return 'away';
    case 'stopped':
      return record.state === 'creating' ? 'latent' : 'starting';
    case 'running':
      if (record.state === 'creating' && !isInUse(seen)) return 'latent';
      return reachedOr(view, name, seen);
  }
}

/** Whether a machine was made and put to use, whatever its record says. */
function isInUse(seen: VmObservation | undefined): boolean {
  if (seen?.status !== 'reached') return false;
  return seen.prepared !== undefined || seen.gateway.running || seen.processes.length > 0;
}

/** `usable` when the VM answered and is ours; what keeps it from that is said. */
export function reachedOr(view: PartitionView, name: string, seen: VmObservation | undefined): 'usable' | 'away' {
  const { lineage } = view.input.inventory;
  if (seen?.status !== 'reached') {
    const why = seen ? `: ${seen.message}` : '';
    view.notice(name, `does not answer and is left as it is${why}`);
    view.hold(name, 'nothing is done on it, and nothing takes its place, until it answers or its machine is gone');
    return 'away';
  }
  if (seen.lineage !== undefined && seen.lineage !== lineage) {
    view.notice(name, `belongs to another inventory and is not touched: ${seen.lineage}`);
    view.miss(name, `its label is not of this inventory: ${seen.lineage}`);
    return 'away';
  }
  return 'usable';
}

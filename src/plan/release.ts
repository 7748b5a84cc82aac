/** Letting go of VMs that nothing needs. */
import type { Action, VmDelete } from '../model/plan.ts';
import type { PartitionView } from './partition-view.ts';
import type { Slot } from './slot.ts';
import type { Survey } from './found.ts';
import { machineOf } from './standing.ts';

export interface Released {
  readonly slots: ReadonlySet<Slot>;
  readonly actions: readonly VmDelete[];
  /** Records of machines that were never made, and of half-made machines that are not needed. */
  readonly machineActions: readonly Action[];
}

/** Empty VMs beyond the minimum go: those being drained first, then the newest. */
export function releaseVms(view: PartitionView, found: Survey): Released {
  const slots = new Set<Slot>();
  const actions: VmDelete[] = [];
  const machineActions: Action[] = [];
  if (view.only) return { slots, actions, machineActions };
  let alive = found.slots.filter((slot) => slot.active && slot.record?.state !== 'deleting').length;

  const empty = found.slots
    .filter((slot) => slot.kind === 'usable' && slot.population === 0)
    .sort((a, b) => Number(b.draining !== undefined) - Number(a.draining !== undefined) || b.number - a.number);
  for (const slot of empty) {
    const finishing = slot.record?.state === 'deleting';
    if (!finishing && alive <= view.vms.min) continue;
    const obstacle = obstacleOf(view, slot);
    if (obstacle !== undefined) {
      view.hold(slot.name, `it is empty and not needed, and stays: ${obstacle}`);
      continue;
    }
    if (!finishing) alive -= 1;
    slots.add(slot);
    actions.push(deletion(view, slot, [...slot.entry, ...slot.removals], reasonOf(view, slot, finishing)));
  }
  for (const slot of found.slots) {
    if (slot.kind === 'away' && slot.record?.state === 'deleting') finishDeletion(view, slot, actions);
    if (slot.kind === 'latent' && !slot.active) dropLatent(view, slot, actions, machineActions);
  }
  return { slots, actions, machineActions };
}

function reasonOf(view: PartitionView, slot: Slot, finishing: boolean): string {
  if (finishing) return 'it was being released when a run ended';
  if (slot.draining !== undefined) return slot.draining;
  return `no process is on it, and ${view.name} needs only ${view.vms.min} VMs`;
}

function obstacleOf(view: PartitionView, slot: Slot): string | undefined {
  if (!view.world.machines.has(slot.iaas)) return `${slot.iaas} cannot be listed`;
  const foreign = slot.seen?.foreign.length ?? 0;
  if (foreign > 0) return `${foreign} containers on it are not ours`;
  const volumes = slot.seen?.volumes ?? [];
  if (volumes.length > 0) return `it has volumes of ${volumes.join(', ')}, and they would be lost`;
  if (slot.record?.cordoned && slot.draining === undefined) return 'it is cordoned: stratos vm drain releases it';
  return undefined;
}

function deletion(view: PartitionView, slot: Slot, dependsOn: readonly string[], reason: string): VmDelete {
  return { kind: 'vm.delete', id: view.ids('vm.delete', slot.name), vm: slot.name, dependsOn, reason };
}

/** A machine that is being released may not answer any more; with no process on record it goes all the same. */
function finishDeletion(view: PartitionView, slot: Slot, actions: VmDelete[]): void {
  const listed = view.world.machines.has(slot.iaas);
  if (listed && slot.population === 0) actions.push(deletion(view, slot, [], 'it was being released when a run ended'));
}

/** A record of a machine that was asked for and is no longer needed. Its machine, if there is one, is found by asking again. */
function dropLatent(view: PartitionView, slot: Slot, actions: VmDelete[], machineActions: Action[]): void {
  const { name, iaas, record } = slot;
  if (!record || slot.population > 0) return;
  if (!machineOf(view, record)) {
    const reason = 'it was never made and is not needed any more';
    machineActions.push({ kind: 'vm.forget', id: view.ids('vm.forget', name), vm: name, dependsOn: [], reason });
    return;
  }
  const id = view.ids('vm.create', name);
  const reason = 'it was being created when a run ended';
  machineActions.push({ kind: 'vm.create', id, vm: name, iaas, size: record.size, dependsOn: [], reason });
  actions.push(deletion(view, slot, [id], 'it was being created when a run ended and is not needed'));
}

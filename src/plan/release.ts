/** Letting go of VMs that nothing needs. */
import type { Action, VmDelete } from '../model/plan.ts';
import { leastOn, leavingOrder } from './entries.ts';
import type { Survey } from './found.ts';
import { vmCount } from './grow.ts';
import type { PartitionView } from './partition-view.ts';
import type { Slot } from './slot.ts';
import { spareOf } from './spare.ts';
import { askedFor, machineOf } from './standing.ts';

export interface Released {
  readonly slots: ReadonlySet<Slot>;
  readonly actions: readonly VmDelete[];
  /** Records of machines that were never made, and of half-made machines that are not needed. */
  readonly machineActions: readonly Action[];
}

/**
 * Empty VMs beyond the minimums and the spare room go: those being drained first, then where placement wants them least, the newest there. One that is only not needed goes
 * when policy says so, or at once where the partition's policy waits for nothing.
 */
export function releaseVms(view: PartitionView, found: Survey): Released {
  const slots = new Set<Slot>();
  const actions: VmDelete[] = [];
  const machineActions: Action[] = [];
  if (view.only) return { slots, actions, machineActions };
  for (const slot of surplusEmpties(view, found)) {
    const finishing = slot.record?.state === 'deleting';
    const obstacle = view.noVms ?? keepReason(view, slot);
    if (obstacle !== undefined) {
      view.hold(slot.name, `it is empty and not needed, and stays: ${obstacle}`);
      continue;
    }
    slots.add(slot);
    actions.push(deletion(view, slot, [...slot.entry, ...slot.removals], reasonOf(view, slot, finishing)));
  }
  for (const slot of found.slots) {
    if (slot.kind === 'away' && slot.record?.state === 'deleting') finishDeletion(view, slot, actions);
    if (slot.kind === 'latent' && !slot.active) dropLatent(view, slot, actions, machineActions);
  }
  return { slots, actions, machineActions };
}

/** Empty VMs that may go as far as minimum and spare room are concerned, in the order in which they go. */
export function surplusEmpties(view: PartitionView, found: Survey): readonly Slot[] {
  const staying = new Set(found.slots.filter((slot) => slot.active && slot.record?.state !== 'deleting'));
  const stayingOn = new Map<string, number>();
  for (const { iaas } of staying) stayingOn.set(iaas, (stayingOn.get(iaas) ?? 0) + 1);
  const spare = spareOf(view);
  const empty = found.slots
    .filter((slot) => slot.kind === 'usable' && slot.population === 0 && mayGo(view, slot))
    .sort((a, b) => b.number - a.number);
  const isDrained = ({ draining }: Slot): boolean => draining !== undefined;
  const order = [
    ...empty.filter(isDrained),
    ...leavingOrder(
      view,
      found,
      empty.filter((slot) => !isDrained(slot)),
    ),
  ];
  return order.filter((slot) => {
    if (slot.record?.state === 'deleting') return true;
    const here = stayingOn.get(slot.iaas) ?? 0;
    if (staying.size <= view.vms.min || here <= leastOn(view, slot.iaas)) return false;
    // What stays for another reason is still there.
    if (keepReason(view, slot) !== undefined) return true;
    staying.delete(slot);
    stayingOn.set(slot.iaas, here - 1);
    const { processes, vms } = slot.closed ? { processes: 0, vms: 0 } : spare.missing(staying);
    if (processes + vms === 0) return true;
    staying.add(slot);
    stayingOn.set(slot.iaas, here);
    return false;
  });
}

function mayGo(view: PartitionView, slot: Slot): boolean {
  return (
    view.atOnce ||
    slot.record?.runtime === 'vm' ||
    slot.draining !== undefined ||
    slot.unneeded !== undefined ||
    slot.record?.cordoned === true
  );
}

function reasonOf(view: PartitionView, slot: Slot, finishing: boolean): string {
  if (finishing) return 'it was being released when a run ended';
  if (slot.draining !== undefined) return slot.draining;
  if (slot.unneeded !== undefined) return `no process is on it; ${slot.unneeded}`;
  return `no process is on it, and ${view.name} needs only ${vmCount(view.vms.min)}`;
}

/** Why a VM stays though nothing needs it; undefined when it can go. */
export function keepReason(view: PartitionView, slot: Slot): string | undefined {
  if (!view.world.machines.has(slot.iaas)) return `${slot.iaas} cannot be listed`;
  const foreign = slot.seen?.foreign.length ?? 0;
  if (foreign > 0) return `${foreign} containers on it are not ours`;
  const volumes = slot.seen?.volumes ?? [];
  if (volumes.length > 0) return `it has volumes of ${volumes.join(', ')}, and they would be lost`;
  // Without its process one that was a process is nothing.
  if (slot.record?.runtime === 'vm') return undefined;
  if (slot.record?.cordoned && slot.draining === undefined) return 'it is cordoned: stratos vm drain releases it';
  return undefined;
}

function deletion(view: PartitionView, slot: Slot, dependsOn: readonly string[], reason: string): VmDelete {
  return { kind: 'vm.delete', id: view.ids('vm.delete', slot.name), vm: slot.name, dependsOn, reason };
}

/** A machine that is being released may not answer any more; with no process on record it goes all the same. */
function finishDeletion(view: PartitionView, slot: Slot, actions: VmDelete[]): void {
  if (!view.world.machines.has(slot.iaas) || slot.population > 0) return;
  if (view.noVms !== undefined)
    view.hold(slot.name, `it was being released when a run ended, and stays: ${view.noVms}`);
  else actions.push(deletion(view, slot, [], 'it was being released when a run ended'));
}

/** A record of a machine that was asked for and is no longer needed. Its machine, if there is one, is found by asking again. */
function dropLatent(view: PartitionView, slot: Slot, actions: VmDelete[], machineActions: Action[]): void {
  const { name, record } = slot;
  if (!record || slot.population > 0) return;
  if (!machineOf(view, record)) {
    const reason = 'it was never made and is not needed any more';
    machineActions.push({ kind: 'vm.forget', id: view.ids('vm.forget', name), vm: name, dependsOn: [], reason });
    return;
  }
  if (view.noVms !== undefined) {
    view.hold(name, `its machine was being made when a run ended and is not needed, and stays: ${view.noVms}`);
    return;
  }
  const id = view.ids('vm.create', name);
  const reason = 'it was being created when a run ended';
  machineActions.push({ kind: 'vm.create', id, vm: name, ...askedFor(record), dependsOn: [], reason });
  actions.push(deletion(view, slot, [id], 'it was being created when a run ended and is not needed'));
}

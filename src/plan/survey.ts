/** The VMs of a partition as they are: what its records say against what the IaaS lists and what answered. */
import type { VmRecord } from '../model/inventory.ts';
import type { IaasObservation, Machine, ReachedVm, VmObservation } from '../model/observation.ts';
import type { Action } from '../model/plan.ts';
import type { StrayMachine } from './index-world.ts';
import { compareNames, numbering, numberOf, type Numbering } from './names.ts';
import type { PartitionView } from './partition-view.ts';
import { drainSlot, makeSlot, type Slot, type SlotKind } from './slot.ts';

export interface Survey {
  /** In natural order of names. */
  readonly slots: Slot[];
  /** Actions on machines: forget, adopt, start. */
  readonly actions: Action[];
  /** Action that drops the record of a process whose VM is gone, by the process's name. */
  readonly dropped: ReadonlyMap<string, string>;
  /** Numbers of VM names; those of forgotten VMs are free again. */
  readonly numbers: Numbering;
  /** Action that forgets a VM, by its name: what takes the name again comes after it. */
  readonly forgotten: ReadonlyMap<string, string>;
  /** Machines that count towards the bounds, by IaaS. */
  readonly machinesOn: Map<string, number>;
}

export function survey(view: PartitionView): Survey {
  const found = {
    slots: [] as Slot[],
    actions: [] as Action[],
    dropped: new Map<string, string>(),
    numbers: numbering(),
    forgotten: new Map<string, string>(),
    machinesOn: new Map<string, number>(),
  };
  const silent = new Set<string>();
  for (const record of view.world.vmsOf.get(view.name) ?? []) {
    found.numbers.use(view.name, numberOf(record.name));
    surveyRecord(view, record, found, silent);
  }
  for (const stray of view.world.strayMachines.get(view.name) ?? []) surveyStray(view, stray, found);
  found.slots.sort((a, b) => compareNames(a.name, b.name));
  forgetLost(view, found);
  for (const iaas of silent) {
    const listing = view.input.observation.iaas[iaas];
    const why = listing?.status === 'failed' ? listing.message : 'it was not asked';
    view.hold(view.name, `no machine of ${iaas} is added, repaired or removed as it cannot be listed: ${why}`);
  }
  if (view.only === undefined) vacateSurplus(view, found);
  return found;
}

type Found = { -readonly [K in keyof Survey]: Survey[K] } & {
  readonly dropped: Map<string, string>;
  readonly forgotten: Map<string, string>;
};

function surveyRecord(view: PartitionView, record: VmRecord, found: Found, silent: Set<string>): void {
  const { observation } = view.input;
  const listing = observation.iaas[record.iaas];
  if (listing?.status !== 'listed') silent.add(record.iaas);
  const machine = machineOf(view, record);
  const seen = observation.vms[record.name];
  const actual = standingOf(view, record, listing, machine, seen);
  if (actual === 'gone' && isWanted(view, record)) {
    forget(view, record, found);
    return;
  }
  const standing = actual === 'gone' ? 'away' : actual;
  const slot = slotOf(view, record, standing, seen);
  found.slots.push(slot);
  // A record without a machine is no machine yet: it counts when it is taken up.
  if (standing !== 'latent' || machine) count(found, record.iaas);
  if (standing === 'starting') {
    // What is on it is seen when it runs: until then its names and numbers are not known to be free.
    slot.closed = true;
    if (isWanted(view, slot)) startMachine(view, slot, found);
  } else if (standing === 'usable' && record.state === 'creating') completeMachine(view, slot, found);
}

/** The machine behind a record, as the IaaS lists it. */
export function machineOf(view: PartitionView, record: VmRecord): Machine | undefined {
  const index = view.world.machines.get(record.iaas);
  return record.machine === undefined ? index?.byVm.get(record.name) : index?.byId.get(record.machine);
}

/** What can be done with a recorded VM; what cannot is said. */
function standingOf(
  view: PartitionView,
  record: VmRecord,
  listing: IaasObservation | undefined,
  machine: Machine | undefined,
  seen: VmObservation | undefined,
): SlotKind | 'gone' {
  const { name } = record;
  if (listing?.status !== 'listed') return record.state === 'creating' ? 'away' : reachedOr('away', view, name, seen);
  if (!machine) return record.state === 'creating' ? 'latent' : 'gone';
  switch (machine.state) {
    case 'failed':
      view.hold(
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
      return reachedOr('away', view, name, seen);
  }
}

/** Whether a machine was made and put to use, whatever its record says. */
function isInUse(seen: VmObservation | undefined): boolean {
  if (seen?.status !== 'reached') return false;
  return seen.prepared !== undefined || seen.gateway.running || seen.processes.length > 0;
}

/** `usable` when the VM answered and is ours. */
function reachedOr(
  otherwise: 'away',
  view: PartitionView,
  name: string,
  seen: VmObservation | undefined,
): 'usable' | 'away' {
  const { lineage } = view.input.inventory;
  if (seen?.status !== 'reached') {
    const why = seen ? `: ${seen.message}` : '';
    view.notice(name, `does not answer and is left as it is${why}`);
    view.hold(name, 'nothing is done on it, and nothing takes its place, until it answers or its machine is gone');
    return otherwise;
  }
  if (seen.lineage !== undefined && seen.lineage !== lineage) {
    view.notice(name, `belongs to another inventory and is not touched: ${seen.lineage}`);
    view.hold(name, `its label is not of this inventory: ${seen.lineage}`);
    return otherwise;
  }
  return 'usable';
}

function slotOf(view: PartitionView, record: VmRecord, kind: SlotKind, seen: VmObservation | undefined): Slot {
  const reached = kind === 'usable' && seen?.status === 'reached' ? seen : undefined;
  const unprepared = !isPrepared(view, record, kind, reached);
  return makeSlot({
    name: record.name,
    iaas: record.iaas,
    kind,
    record,
    seen: reached,
    size: record.size,
    places: view.places,
    maxIndex: view.maxIndex,
    unprepared,
    draining: drainReason(record),
  });
}

function drainReason(record: VmRecord): string | undefined {
  if (record.state === 'deleting') return `${record.name} is being released`;
  return record.draining ? `${record.name} is being drained` : undefined;
}

/** Whether the VM has the preparation it should have; a VM that cannot be seen is taken at its record's word. */
function isPrepared(view: PartitionView, record: VmRecord, kind: SlotKind, seen: ReachedVm | undefined): boolean {
  if (!view.spec || kind === 'away') return true;
  if (kind === 'latent') return false;
  const wanted = view.input.prepareFingerprint(record.name, view.spec.network);
  return record.state !== 'created' && record.prepared === wanted && (!seen || seen.prepared === wanted);
}

/** With `only`, a VM is repaired where a process of these aliases is on it. */
function isWanted(view: PartitionView, { name }: { readonly name: string }): boolean {
  const { only, world } = view;
  return !only || (world.processesOn.get(name) ?? []).some((process) => only.has(process.subscription));
}

function startMachine(view: PartitionView, slot: Slot, found: Found): void {
  const id = view.ids('vm.start', slot.name);
  const reason = `its machine is stopped; its processes come back with it`;
  found.actions.push({ kind: 'vm.start', id, vm: slot.name, dependsOn: [], reason });
  slot.entry = [id];
  if (!slot.unprepared) slot.after = [id];
  slot.touched = true;
}

/** Its record says that it is being made, but it is there, and prepared: only what the IaaS knows of it is missing. */
function completeMachine(view: PartitionView, slot: Slot, found: Found): void {
  const { name, iaas, record } = slot;
  if (!record) return;
  const id = view.ids('vm.create', name);
  const reason = 'it was being created when a run ended';
  found.actions.push({ kind: 'vm.create', id, vm: name, iaas, size: record.size, dependsOn: [], reason });
  slot.entry = [id];
}

function forget(view: PartitionView, record: VmRecord, found: Found): void {
  const processes = view.world.processesOn.get(record.name) ?? [];
  const id = view.ids('vm.forget', record.name);
  const lost = processes.length === 0 ? '' : ` and ${processes.length} processes with it`;
  const reason = `its machine is gone from ${record.iaas}${lost}`;
  found.actions.push({ kind: 'vm.forget', id, vm: record.name, dependsOn: [], reason });
  found.forgotten.set(record.name, id);
  found.numbers.free(view.name, numberOf(record.name));
  for (const process of processes) {
    found.dropped.set(process.name, id);
    view.world.ordinals.free(process.subscription, process.ordinal);
  }
}

/** Records of processes on a VM that the inventory does not know. */
function forgetLost(view: PartitionView, found: Found): void {
  for (const process of view.world.lostOf.get(view.name) ?? []) {
    if (view.only && !view.only.has(process.subscription)) continue;
    const id = view.ids('process.forget', process.name);
    const reason = `its VM ${process.vm} is not in the inventory`;
    found.actions.push({ kind: 'process.forget', id, vm: process.vm, process: process.name, dependsOn: [], reason });
    found.dropped.set(process.name, id);
    view.world.ordinals.free(process.subscription, process.ordinal);
  }
}

/** A machine with our label and no record: taken up where the partition has use for it, else only reported. */
function surveyStray(view: PartitionView, { iaas, vm, machine }: StrayMachine, found: Found): void {
  found.numbers.use(view.name, numberOf(vm));
  const refusal = refuseStray(view, { iaas, vm, machine }, found);
  count(found, iaas);
  if (refusal !== undefined) {
    view.notice(vm, `machine ${machine.id} on ${iaas} carries our label and is not taken up: ${refusal}`);
    return;
  }
  const seen = view.input.observation.vms[vm];
  const id = view.ids('vm.adopt', vm);
  const reason = `machine ${machine.id} on ${iaas} carries our label and is not in the inventory`;
  found.actions.push({ kind: 'vm.adopt', id, vm, iaas, machine: machine.id, dependsOn: [], reason });
  const kind = reachedOr('away', view, vm, seen);
  const slot = makeSlot({
    name: vm,
    iaas,
    kind,
    seen: kind === 'usable' && seen?.status === 'reached' ? seen : undefined,
    size: machine.size ?? view.size,
    places: view.places,
    maxIndex: view.maxIndex,
    unprepared: true,
    entry: [id],
  });
  found.slots.push(slot);
}

function refuseStray(view: PartitionView, stray: StrayMachine, found: Found): string | undefined {
  const { iaas, vm, machine } = stray;
  const placement = view.placement.find((entry) => entry.iaas === iaas);
  if (!placement)
    return view.spec ? `partition ${view.name} is not placed there` : `no partition is named ${view.name}`;
  if (view.only) return 'only part of the partition is being reconciled';
  if (view.world.vmByName.has(vm)) return `the inventory has another machine for ${vm}`;
  if (found.slots.some((slot) => slot.name === vm)) return `another machine was taken up for ${vm}`;
  if (machine.state !== 'running') return `it is ${machine.state}`;
  const total = totalOf(found);
  if (total >= view.vms.max) return `${total} of ${view.vms.max} VMs exist`;
  if ((found.machinesOn.get(iaas) ?? 0) >= placement.max) return `${iaas} has ${placement.max} of ${placement.max} VMs`;
  return undefined;
}

function count(found: Found, iaas: string): void {
  found.machinesOn.set(iaas, (found.machinesOn.get(iaas) ?? 0) + 1);
}

export function totalOf(survey: Pick<Survey, 'machinesOn'>): number {
  let total = 0;
  for (const machines of survey.machinesOn.values()) total += machines;
  return total;
}

/**
 * More VMs than the bounds allow: the emptiest are drained, the newest first among equals. Machines that were not taken up do not
 * count here: they must not push out what works.
 */
function vacateSurplus(view: PartitionView, found: Found): void {
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
    drainSlot(slot, `${view.name} may have ${where}`);
    staying.set(slot.iaas, here - 1);
    total -= 1;
  }
}

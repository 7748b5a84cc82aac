/** The VMs of a partition as they are: what its records say against what the IaaS lists and what answered. */
import type { VmRecord } from '../model/inventory.ts';
import type { ReachedVm, VmObservation } from '../model/observation.ts';
import { countMachine, type Found, type Survey } from './found.ts';
import { compareNames, numbering, numberOf } from './names.ts';
import type { PartitionView } from './partition-view.ts';
import { makeSlot, type Slot, type SlotKind } from './slot.ts';
import { askedFor, machineOf, standingOf } from './standing.ts';
import { surveyStray } from './strays.ts';
import { vacateSurplus } from './surplus.ts';

/** Looks at every VM of the partition, and plans what brings its machine itself in order. */
export function survey(view: PartitionView): Survey {
  const found = {
    slots: [] as Found['slots'],
    actions: [] as Found['actions'],
    dropped: new Map<string, string>(),
    numbers: numbering(),
    forgotten: new Map<string, string>(),
    machinesOn: new Map<string, number>(),
    machinesIn: new Map<string, number>(),
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
    view.miss(view.name, `no machine of ${iaas} is added, repaired or removed as it cannot be listed: ${why}`);
  }
  if (view.only === undefined) vacateSurplus(view, found);
  return found;
}

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
  const zone = machine?.zone ?? record.zone;
  const slot = slotOf(view, record, standing, seen, zone);
  found.slots.push(slot);
  // A record without a machine is no machine yet: it counts when it is taken up.
  if (standing !== 'latent' || machine) countMachine(found, record.iaas, zone);
  if (standing === 'starting') {
    // What is on it is seen when it runs: until then its names and numbers are not known to be free.
    slot.closed = true;
    if (isWanted(view, slot)) startMachine(view, slot, found);
  } else if (standing === 'usable' && record.state === 'creating') completeMachine(view, slot, found);
}

function slotOf(
  view: PartitionView,
  record: VmRecord,
  kind: SlotKind,
  seen: VmObservation | undefined,
  zone: string | undefined,
): Slot {
  const reached = kind === 'usable' && seen?.status === 'reached' ? seen : undefined;
  const unprepared = !isPrepared(view, record, kind, reached);
  return makeSlot({
    name: record.name,
    iaas: record.iaas,
    zone,
    kind,
    record,
    seen: reached,
    // A VM that is a process is never another one, and where VMs are processes no other takes any.
    fixed: view.guests || record.runtime === 'vm',
    size: record.size,
    places: view.places,
    maxIndex: view.maxIndex,
    unprepared,
    draining: drainReason(record),
    unneeded: record.cordoned ? undefined : view.removable[record.name],
  });
}

function drainReason(record: VmRecord): string | undefined {
  if (record.state === 'deleting') return `${record.name} is being released`;
  return record.draining ? `${record.name} is being drained` : undefined;
}

/** Whether the VM has the preparation it should have, as it was made; a VM that cannot be seen is taken at its record's word. */
function isPrepared(view: PartitionView, record: VmRecord, kind: SlotKind, seen: ReachedVm | undefined): boolean {
  if (!view.spec || kind === 'away' || record.runtime === 'vm') return true;
  if (kind === 'latent') return false;
  const wanted = view.input.prepareFingerprint(record.name, view.spec);
  return (
    record.state !== 'created' && record.prepared === wanted && (!seen || (seen.prepared === wanted && !seen.drift))
  );
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
  const { name, record } = slot;
  if (!record) return;
  const id = view.ids('vm.create', name);
  const reason = 'it was being created when a run ended';
  found.actions.push({ kind: 'vm.create', id, vm: name, ...askedFor(record), dependsOn: [], reason });
  slot.entry = [id];
  if (record.runtime === 'vm') slot.after = [id];
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

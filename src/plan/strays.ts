/** Machines with our label and no record. */
import { countMachine, totalOf, type Found } from './found.ts';
import { vmCount } from './grow.ts';
import type { StrayMachine } from './index-world.ts';
import { numberOf } from './names.ts';
import type { PartitionView } from './partition-view.ts';
import { makeSlot } from './slot.ts';
import { reachedOr } from './standing.ts';

/** A machine with our label and no record: taken up where the partition has use for it, else only reported. */
export function surveyStray(view: PartitionView, { iaas, vm, machine }: StrayMachine, found: Found): void {
  found.numbers.use(view.name, numberOf(vm));
  const refusal = refuseStray(view, { iaas, vm, machine }, found);
  countMachine(found, iaas, machine.zone);
  if (refusal !== undefined) {
    view.notice(vm, `machine ${machine.id} on ${iaas} carries our label and is not taken up: ${refusal}`);
    return;
  }
  const seen = view.input.observation.vms[vm];
  const id = view.ids('vm.adopt', vm);
  const reason = `machine ${machine.id} on ${iaas} carries our label and is not in the inventory`;
  found.actions.push({ kind: 'vm.adopt', id, vm, iaas, machine: machine.id, dependsOn: [], reason });
  const kind = reachedOr(view, vm, seen);
  const slot = makeSlot({
    name: vm,
    iaas,
    zone: machine.zone,
    kind,
    seen: kind === 'usable' && seen?.status === 'reached' ? seen : undefined,
    size: machine.size ?? view.size,
    places: view.places,
    maxIndex: view.maxIndex,
    fixed: machine.process !== undefined,
    unprepared: machine.process === undefined,
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
  if ((machine.process !== undefined) !== view.guests)
    return view.guests ? `the VMs of ${view.name} are processes, and it is none` : `it is a process itself`;
  if (machine.state !== 'running' && !machine.process) return `it is ${machine.state}`;
  const total = totalOf(found);
  if (total >= view.vms.max) return `${view.name} has ${total} of at most ${vmCount(view.vms.max)}`;
  if ((found.machinesOn.get(iaas) ?? 0) >= placement.max) return `${iaas} has ${placement.max} of ${placement.max} VMs`;
  return undefined;
}

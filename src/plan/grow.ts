/** Adding VMs: a half-made one first, then a new one in the order of placement, within the bounds. */
import type { Action } from '../model/plan.ts';
import { fitsInto, formatDemand, NOTHING, roomOf, type Demand } from './capacity.ts';
import type { PartitionView } from './partition-view.ts';
import { makeSlot, type Slot } from './slot.ts';
import { totalOf, type Survey } from './found.ts';
import { machineOf } from './standing.ts';

export interface Growth {
  /** Adds a VM that has room for `demand`, or says why there is none. */
  add(demand: Demand, reason: string): Slot | string;
  /** Adds VMs up to the partition's minimum. */
  fillMinimum(): void;
  /** `vm.create` of what was added. */
  readonly actions: readonly Action[];
}

export function growth(view: PartitionView, found: Survey): Growth {
  const actions: Action[] = [];
  const bounds = view.vms;

  function take(slot: Slot, reason: string): Slot {
    const { name, iaas } = slot;
    const forgotten = found.forgotten.get(name);
    const dependsOn = forgotten === undefined ? [] : [forgotten];
    const size = slot.record?.size ?? view.size;
    const id = view.ids('vm.create', name);
    actions.push({ kind: 'vm.create', id, vm: name, iaas, size, dependsOn, reason });
    slot.entry = [id];
    slot.active = true;
    slot.touched = true;
    return slot;
  }

  /** A record in state `creating`: asked for by a run that was cut. Its machine may exist. */
  function takeLatent(demand: Demand, reason: string): Slot | undefined {
    const slot = found.slots.find(
      (candidate) =>
        candidate.kind === 'latent' && !candidate.active && !candidate.closed && fitsInto(candidate.free, demand),
    );
    if (!slot) return undefined;
    if (!slot.record || !machineOf(view, slot.record)) {
      if (bounded(slot.iaas) !== undefined) return undefined;
      count(slot.iaas);
    }
    return take(slot, `${reason}; it was being created when a run ended`);
  }

  function count(iaas: string): void {
    const index = view.world.machines.get(iaas);
    if (index && isPool(iaas)) index.unused -= 1;
    found.machinesOn.set(iaas, (found.machinesOn.get(iaas) ?? 0) + 1);
  }

  const isPool = (iaas: string): boolean => view.input.spec.iaas[iaas]?.kind === 'static';

  /** Why no machine may be added on an IaaS; undefined when one may. */
  function bounded(iaas: string): string | undefined {
    const total = totalOf(found);
    if (total >= bounds.max) return `${total} of ${bounds.max} VMs exist`;
    const entry = view.placement.find((candidate) => candidate.iaas === iaas);
    const here = found.machinesOn.get(iaas) ?? 0;
    if (!entry || here >= entry.max) return `${iaas} has ${here} of ${entry?.max ?? 0} VMs`;
    if (isPool(iaas) && (view.world.machines.get(iaas)?.unused ?? 0) <= 0) return `${iaas} has no host left`;
    return undefined;
  }

  function add(demand: Demand, reason: string): Slot | string {
    if (!view.spec) return `partition ${view.name} is not in the spec`;
    if (!fitsInto(roomOf(view.size, Math.min(view.places, view.maxIndex)), demand))
      return `an empty VM has only ${formatDemand(roomOf(view.size, 0))}`;
    const latent = takeLatent(demand, reason);
    if (latent) return latent;
    const starting = found.slots.find((slot) => slot.kind === 'starting');
    if (starting) return `${starting.name} is being started and may have room`;
    const refusals: string[] = [];
    for (const { iaas } of view.placement) {
      // Not the overflow's business: a later entry is for a full IaaS, not for one that does not answer for a moment.
      if (!view.world.machines.has(iaas)) return `${iaas} cannot be listed`;
      const refusal = bounded(iaas);
      if (refusal !== undefined) {
        refusals.push(refusal);
        continue;
      }
      count(iaas);
      return take(newSlot(iaas), reason);
    }
    return [...new Set(refusals)].join(', ') || `partition ${view.name} is placed nowhere`;
  }

  function newSlot(iaas: string): Slot {
    const name = `${view.name}-${found.numbers.next(view.name)}`;
    const slot = makeSlot({
      name,
      iaas,
      kind: 'new',
      size: view.size,
      places: view.places,
      maxIndex: view.maxIndex,
      unprepared: true,
    });
    found.slots.push(slot);
    return slot;
  }

  function fillMinimum(): void {
    const alive = found.slots.filter((slot) => slot.active && slot.record?.state !== 'deleting').length;
    for (let missing = bounds.min - alive; missing > 0; missing -= 1) {
      const added = add(NOTHING, `${view.name} has at least ${vmCount(bounds.min)}`);
      if (typeof added === 'string') {
        view.hold(
          view.name,
          `${missing} of at least ${vmCount(bounds.min)} ${missing === 1 ? 'is' : 'are'} missing: ${added}`,
        );
        return;
      }
    }
  }

  return { add, fillMinimum, actions };
}

function vmCount(count: number): string {
  return count === 1 ? '1 VM' : `${count} VMs`;
}

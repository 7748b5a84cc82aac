/** Adding VMs: a half-made one first, then a new one where placement wants it, within the bounds, of the size that pays. */
import { fallShort } from './fall-short.ts';
import type { Action } from '../model/plan.ts';
import type { PlacementSpec } from '../model/spec.ts';
import type { PricedSize, VmSize } from '../model/vm-size.ts';
import { fitsInto, formatDemand, NOTHING, roomOf, type Demand } from './capacity.ts';
import { nextZone, shutReason, turns } from './entries.ts';
import { countMachine, totalOf, type Survey } from './found.ts';
import type { PartitionView } from './partition-view.ts';
import { chooseSize, type Waiting } from './sizes.ts';
import { makeSlot, type Slot } from './slot.ts';
import { machineOf } from './standing.ts';

export interface Growth {
  /** Adds a VM that has room for `demand`, or says why there is none. `waiting`: all that waits for a place, to choose a size by. */
  add(demand: Demand, reason: string, waiting: () => readonly Waiting[]): Slot | string;
  /** Adds VMs up to the minimum of each entry of the placement, then up to the partition's. */
  fillMinimum(waiting: readonly Waiting[]): void;
  /** `vm.create` of what was added. */
  readonly actions: readonly Action[];
}

/** A size that may be had, and where. */
interface Offer extends PricedSize {
  readonly entry: PlacementSpec;
}

export function growth(view: PartitionView, found: Survey): Growth {
  const actions: Action[] = [];
  const bounds = view.vms;
  const places = Math.min(view.places, view.maxIndex);
  let rest: readonly Waiting[] = [];
  let { spend } = view;

  function take(slot: Slot, size: VmSize, reason: string): Slot {
    const { name, iaas, zone } = slot;
    const forgotten = found.forgotten.get(name);
    const dependsOn = forgotten === undefined ? [] : [forgotten];
    const id = view.ids('vm.create', name);
    actions.push({
      kind: 'vm.create',
      id,
      vm: name,
      iaas,
      size,
      ...(zone === undefined ? {} : { zone }),
      dependsOn,
      reason,
    });
    slot.entry = [id];
    if (!slot.unprepared) slot.after = [id];
    slot.active = true;
    slot.touched = true;
    return slot;
  }

  /** A record in state `creating`: asked for by a run that was cut. Its machine may exist. */
  function takeLatent(demand: Demand, reason: string, on: string | undefined): Slot | undefined {
    const slot = found.slots.find(
      (candidate) =>
        candidate.kind === 'latent' &&
        !candidate.active &&
        !candidate.closed &&
        (on === undefined || candidate.iaas === on) &&
        fitsInto(candidate.free, demand) &&
        mayComplete(candidate),
    );
    if (!slot?.record) return undefined;
    if (!machineOf(view, slot.record)) count(slot.iaas, slot.zone);
    return take(slot, slot.record.size, `${reason}; it was being created when a run ended`);
  }

  /** Its machine is there, or may be asked for. */
  function mayComplete({ iaas, zone, record }: Slot): boolean {
    if (!record) return false;
    if (machineOf(view, record)) return true;
    return view.noVms === undefined && view.closed(iaas, zone) === undefined && bounded(iaas) === undefined;
  }

  function count(iaas: string, zone: string | undefined): void {
    const index = view.world.machines.get(iaas);
    if (index && isPool(iaas)) index.unused -= 1;
    countMachine(found, iaas, zone);
  }

  const isPool = (iaas: string): boolean => view.input.spec.iaas[iaas]?.kind === 'static';
  const hereOn = (iaas: string): number => found.machinesOn.get(iaas) ?? 0;

  /** Why no machine may be added on an IaaS; undefined when one may. */
  function bounded(iaas: string): string | undefined {
    const total = totalOf(found);
    if (total >= bounds.max) return `${view.name} has ${total} of at most ${vmCount(bounds.max)}`;
    const entry = view.placement.find((candidate) => candidate.iaas === iaas);
    const here = hereOn(iaas);
    if (!entry || here >= entry.max) return `${iaas} has ${here} of ${entry?.max ?? 0} VMs`;
    if (isPool(iaas) && (view.world.machines.get(iaas)?.unused ?? 0) <= 0) return `${iaas} has no host left`;
    return shutReason(view, entry);
  }

  /** The size of a new VM on one of these entries, or why there is none. */
  function offerOn(
    entries: readonly PlacementSpec[],
    first: Demand,
    waiting: () => readonly Waiting[],
  ): Offer | string {
    const here = entries.reduce((sum, { iaas, max }) => sum + max - hereOn(iaas), 0);
    const vmsLeft = Math.min(bounds.max - totalOf(found), here);
    const priced = entries.flatMap((entry) => sizesOf(view, entry).map((size): Offer => ({ ...size, entry })));
    const choice = priced.filter(({ price = 0 }) => price <= spend);
    const where = entries.map(({ iaas }) => iaas).join(' or ');
    if (choice.length < priced.length && choice.length === 0)
      return `a VM on ${where} costs more than the ${spend} an hour that may be spent on further ones`;
    const answer = chooseSize({ sizes: choice, places, first, waiting: choice.length > 1 ? waiting() : [], vmsLeft });
    rest = answer?.rest ?? [];
    return answer?.size ?? `no size on ${where} has room for it`;
  }

  function add(demand: Demand, reason: string, waiting: () => readonly Waiting[], on?: string): Slot | string {
    if (!view.spec) return `partition ${view.name} is not in the spec`;
    const largest = largestOf(view);
    if (!largest.some((size) => fitsInto(roomOf(size, places), demand)))
      return `an empty VM has only ${largest.map((size) => formatDemand(roomOf(size, 0))).join(' or ')}`;
    const latent = takeLatent(demand, reason, on);
    if (latent) return latent;
    const starting = found.slots.find((slot) => slot.kind === 'starting');
    if (starting) return `${starting.name} is being started and may have room`;
    if (view.noVms !== undefined) return view.noVms;
    const refusals: string[] = [];
    for (const turn of turns(view, hereOn)) {
      const open: PlacementSpec[] = [];
      for (const entry of turn) {
        if (on !== undefined && entry.iaas !== on) continue;
        // Not the overflow's business: a later entry is for a full IaaS, not for one that does not answer for a moment.
        const shut = shutReason(view, entry);
        if (shut === undefined && !view.world.machines.has(entry.iaas)) return `${entry.iaas} cannot be listed`;
        const refusal = shut ?? bounded(entry.iaas);
        if (refusal === undefined) open.push(entry);
        else refusals.push(refusal);
      }
      if (open.length === 0) continue;
      const offer = offerOn(open, demand, waiting);
      if (typeof offer === 'string') {
        refusals.push(offer);
        continue;
      }
      const { entry, price = 0, ...size } = offer;
      const zone = nextZone(view, found, entry);
      count(entry.iaas, zone);
      spend -= price;
      return take(newSlot(entry.iaas, zone, size), size, reason);
    }
    return [...new Set(refusals)].join(', ') || `partition ${view.name} is placed nowhere`;
  }

  function newSlot(iaas: string, zone: string | undefined, size: VmSize): Slot {
    const name = `${view.name}-${found.numbers.next(view.name)}`;
    const { places, maxIndex } = view;
    const slot = makeSlot({ name, iaas, zone, kind: 'new', size, places, maxIndex, unprepared: !view.guests });
    found.slots.push(slot);
    return slot;
  }

  /** Adds VMs until there are so many, on one IaaS or on all. */
  function fillTo(least: number, on?: string): void {
    const alive = found.slots.filter(
      (slot) => slot.active && slot.record?.state !== 'deleting' && (on === undefined || slot.iaas === on),
    ).length;
    const where = on === undefined ? '' : ` on ${on}`;
    for (let missing = least - alive; missing > 0; missing -= 1) {
      const left = rest;
      const added = add(NOTHING, `${view.name} has at least ${vmCount(least)}${where}`, () => left, on);
      if (typeof added === 'string') {
        const are = missing === 1 ? 'is' : 'are';
        fallShort(
          view,
          found.slots,
          view.name,
          `${missing} of at least ${vmCount(least)}${where} ${are} missing: ${added}`,
        );
        return;
      }
    }
  }

  function fillMinimum(waiting: readonly Waiting[]): void {
    rest = waiting;
    for (const { iaas, min = 0 } of view.placement) fillTo(min, iaas);
    fillTo(bounds.min);
  }

  return { add, fillMinimum, actions };
}

/** Sizes that a further VM may have, those that another one contains left out. */
function largestOf({ placement, size }: PartitionView): readonly VmSize[] {
  const all = placement.length === 0 ? [size] : placement.flatMap(({ sizes }) => sizes ?? [size]);
  const contains = (a: VmSize, b: VmSize): boolean => a.cpu >= b.cpu && a.memory >= b.memory;
  return all.filter(
    (one, at) => !all.some((other, n) => n !== at && contains(other, one) && (!contains(one, other) || n < at)),
  );
}

/** Sizes of an entry of the placement: its own, or the one of the policy at the entry's price. */
function sizesOf({ size }: PartitionView, { sizes, price }: PlacementSpec): readonly PricedSize[] {
  return sizes ?? [price === undefined ? size : { ...size, price }];
}

/** `1 VM`, `3 VMs`. */
export function vmCount(count: number): string {
  return count === 1 ? '1 VM' : `${count} VMs`;
}

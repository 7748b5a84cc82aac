/** What machines cost in a time that is past: how long each was there by inventory and event log, at the price of an hour. Pure. */
import type { LoggedEvent } from '../model/event.ts';
import type { Inventory } from '../model/inventory.ts';
import { priceOf } from '../model/prices.ts';
import type { Instant } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import type { VmSize } from '../model/vm-size.ts';

/** A machine in the time that is looked at. */
export interface MachineSpan {
  readonly vm: string;
  readonly partition: string;
  /** Undefined: nothing says any more where it was. */
  readonly iaas?: string;
  readonly size?: VmSize;
  /** Milliseconds. */
  readonly from: number;
  readonly until: number;
}

export interface PartitionCost {
  /** Of all its machines together. */
  readonly vmHours: number;
  /** Part of them that has no price, and counts as nothing. 0: none. */
  readonly unpricedHours: number;
  readonly cost: number;
  /** By alias: the partition's cost, shared by what their processes took of a VM. Empty where nothing was measured. */
  readonly subscriptions: Readonly<Record<string, number>>;
}

/** How many processes there were of a subscription, and for how long that was measured, in ms. */
export type Presence = Readonly<Record<string, { readonly processes: number; readonly over: number }>>;

const HOUR = 3_600_000;

/** Machines that were there between two times: those of the inventory since they were asked for, and those that the log says went. */
export function machineSpans(
  inventory: Pick<Inventory, 'vms'>,
  events: readonly LoggedEvent[],
  since: Instant,
  now: Instant,
): readonly MachineSpan[] {
  const spans: MachineSpan[] = [];
  const open = new Map<string, Omit<MachineSpan, 'until'>>();
  for (const { at, event } of events) {
    if (event.type !== 'action.finished') continue;
    const { action, ms } = event;
    const time = Date.parse(at);
    const { vm } = action;
    const partition = vm.slice(0, vm.lastIndexOf('-'));
    if (action.kind === 'vm.create') {
      const { iaas, size } = action;
      // It may be asked for again while it is there: that makes none.
      if (!open.has(vm)) open.set(vm, { vm, partition, iaas, size, from: time - ms });
    } else if (action.kind === 'vm.adopt') open.set(vm, { vm, partition, iaas: action.iaas, from: time });
    else if (action.kind === 'vm.delete' || action.kind === 'vm.forget') {
      spans.push({ ...(open.get(vm) ?? { vm, partition, from: since }), until: time });
      open.delete(vm);
    }
  }
  for (const { name: vm, partition, iaas, size, createdAt, machine } of inventory.vms) {
    const from = Date.parse(createdAt);
    if (machine !== undefined)
      spans.push({ vm, partition, iaas, size, from: Number.isNaN(from) ? since : from, until: now });
  }
  return spans.flatMap((span) => {
    const from = Math.max(span.from, since);
    const until = Math.min(span.until, now);
    return until > from ? [{ ...span, from, until }] : [];
  });
}

/** By partition, those that had machines. */
export function machineCosts(
  spec: Spec,
  spans: readonly MachineSpan[],
  presence: Presence,
): Readonly<Record<string, PartitionCost>> {
  return Object.fromEntries(
    [...Map.groupBy(spans, ({ partition }) => partition)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, own]) => {
        let [vmHours, unpricedHours, cost] = [0, 0, 0];
        for (const { iaas, size, from, until } of own) {
          const hours = (until - from) / HOUR;
          const price = iaas === undefined ? 0 : priceOf(spec.partitions[name], iaas, size);
          vmHours += hours;
          if (price === 0) unpricedHours += hours;
          cost += hours * price;
        }
        return [name, { vmHours, unpricedHours, cost, subscriptions: shares(spec, name, presence, cost) }];
      }),
  );
}

/** A subscription's part is what its processes are promised, the larger share of CPU and memory, for as long as they were there. */
function shares(spec: Spec, partition: string, presence: Presence, cost: number): Readonly<Record<string, number>> {
  const vm = spec.partitions[partition]?.policy.vm;
  if (!vm) return {};
  const weights = Object.entries(presence).flatMap(([alias, { processes, over }]) => {
    const cartridge = spec.cartridges[spec.subscriptions[alias]?.cartridge ?? ''];
    if (cartridge?.partition !== partition) return [];
    const { cpu, memory } = cartridge.resources;
    return [[alias, processes * over * Math.max(cpu / vm.cpu, memory / vm.memory)] as const];
  });
  const all = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return all === 0 ? {} : Object.fromEntries(weights.map(([alias, weight]) => [alias, (cost * weight) / all]));
}

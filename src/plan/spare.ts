/** Room that is kept ready beyond what is needed. */
import { fallShort } from './fall-short.ts';
import { demandOf, NOTHING, type Demand, type Room } from './capacity.ts';
import { compareText } from './names.ts';
import type { PartitionView } from './partition-view.ts';
import { canTake, type Slot } from './slot.ts';
import { vmCount } from './grow.ts';
import type { Site } from './wave.ts';

/** What the partition keeps ready, and what one VM adds to it. */
export interface Spare {
  /** The largest cartridge of the partition; undefined: nothing runs there, so nothing is kept for it. */
  readonly cartridge: string | undefined;
  /** How many more of it fit on a VM. */
  readonly fits: (slot: Slot) => number;
  /** What is missing when only these VMs are there. */
  readonly missing: (slots: Iterable<Slot>) => { readonly processes: number; readonly vms: number };
}

export function spareOf(view: PartitionView): Spare {
  const { spare } = view;
  const largest = largestCartridge(view);
  const fits = (slot: Slot): number =>
    largest && canTake(slot, largest.demand) ? howMany(slot.free, largest.demand) : 0;
  return {
    cartridge: largest?.name,
    fits,
    missing(slots) {
      let processes = largest ? spare.processes : 0;
      let vms = spare.vms;
      if (processes === 0 && vms === 0) return { processes: 0, vms: 0 };
      for (const slot of slots) {
        processes -= fits(slot);
        if (canTake(slot, NOTHING) && slot.population === 0) vms -= 1;
      }
      return { processes: Math.max(0, processes), vms: Math.max(0, vms) };
    },
  };
}

/** Adds VMs until the spare room is there. What cannot be seen may have room: nothing is added in its place. */
export function growSpare({ view, found, growth, placer }: Site): void {
  const spare = spareOf(view);
  for (;;) {
    const { processes, vms } = spare.missing(found.slots);
    if (processes === 0 && vms === 0) return;
    const what =
      processes > 0 ? `room for ${processes} more of ${spare.cartridge ?? ''}` : `${vmCount(vms)} without a process`;
    const unseen = found.slots.find((slot) => slot.kind === 'away' || slot.kind === 'starting');
    const demand = processes > 0 ? (largestCartridge(view)?.demand ?? NOTHING) : NOTHING;
    const waiting = [{ demand, count: Math.max(processes, 1), apart: false }];
    const added = unseen
      ? `${unseen.name} cannot be seen now`
      : growth.add(demand, `${view.name} keeps ${what} ready`, () => waiting);
    if (typeof added === 'string') {
      fallShort(
        view,
        found.slots,
        view.name,
        `${what} ${processes + vms === 1 ? 'is' : 'are'} to be kept ready and missing: ${added}`,
      );
      return;
    }
    placer.added(added);
  }
}

/** The cartridge of the partition that takes the largest share of a VM, of those that run there. */
function largestCartridge({
  name,
  input,
  size,
  world,
}: PartitionView): { readonly name: string; readonly demand: Demand } | undefined {
  const used = new Set((world.subscriptionsOf.get(name) ?? []).map(({ cartridge }) => cartridge));
  const share = ({ cpu, memory }: Demand): number =>
    Math.max(cpu / Math.max(1, size.cpu * 1000), memory / Math.max(1, size.memory));
  return [...used]
    .flatMap((cartridge) => input.spec.cartridges[cartridge] ?? [])
    .map((cartridge) => ({ name: cartridge.name, demand: demandOf(cartridge.resources) }))
    .sort((a, b) => share(b.demand) - share(a.demand) || compareText(a.name, b.name))[0];
}

function howMany(free: Room, demand: Demand): number {
  const by = (key: 'cpu' | 'memory'): number =>
    demand[key] > 0 ? Math.floor(free[key] / demand[key]) : Number.MAX_SAFE_INTEGER;
  return Math.max(0, Math.min(free.places, by('cpu'), by('memory')));
}

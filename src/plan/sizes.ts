/** Which size a new VM gets, where there is a choice. */
import type { PricedSize } from '../model/vm-size.ts';
import { fitsInto, minus, roomOf, type Demand } from './capacity.ts';

/** Processes of one kind that wait for a place. */
export interface Waiting {
  readonly demand: Demand;
  readonly count: number;
  /** No two of them on one VM. */
  readonly apart: boolean;
}

export interface SizeQuestion<Size extends PricedSize> {
  readonly sizes: readonly Size[];
  /** Most processes on one VM. */
  readonly places: number;
  /** What must fit. */
  readonly first: Demand;
  /** All that waits, `first` included. */
  readonly waiting: readonly Waiting[];
  /** How many VMs may still be added. */
  readonly vmsLeft: number;
}

export interface SizeAnswer<Size extends PricedSize> {
  readonly size: Size;
  /** What still waits when the new VM is full. */
  readonly rest: readonly Waiting[];
}

/**
 * The cheapest size for all that waits: of those that can hold it on the VMs that may be added, the one with the least price an
 * hour for what it holds; among equals the lower price, then the smaller. A price that is not known counts as nothing. Where no
 * size can hold it all, the one that holds most. Undefined: `first` fits nowhere.
 */
export function chooseSize<Size extends PricedSize>({
  sizes,
  places,
  first,
  waiting,
  vmsLeft,
}: SizeQuestion<Size>): SizeAnswer<Size> | undefined {
  const candidates = sizes.filter((size) => fitsInto(roomOf(size, places), first));
  const volumeOf = volume(candidates);
  const total = waiting.reduce((sum, { demand, count }) => sum + volumeOf(demand) * count, 0);
  let best: (SizeAnswer<Size> & { readonly rank: readonly number[] }) | undefined;
  for (const size of candidates) {
    const rest = fill(size, places, waiting);
    const held = total - rest.reduce((sum, { demand, count }) => sum + volumeOf(demand) * count, 0);
    const holdsAll = held > 0 && Math.ceil(total / held - 1e-9) <= vmsLeft;
    const price = size.price ?? 0;
    const rank = [
      holdsAll || total === 0 ? 0 : 1,
      holdsAll || total === 0 ? 0 : -held,
      held > 0 ? price / held : price,
      price,
      size.memory,
      size.cpu,
    ];
    if (!best || isBelow(rank, best.rank)) best = { size, rest, rank };
  }
  return best && { size: best.size, rest: best.rest };
}

/** How much one process is, as a share of the largest size. */
function volume(sizes: readonly PricedSize[]): (demand: Demand) => number {
  const cpu = Math.max(...sizes.map((size) => size.cpu * 1000), 1);
  const memory = Math.max(...sizes.map((size) => size.memory), 1);
  return (demand) => Math.max(demand.cpu / cpu, demand.memory / memory, 1e-6);
}

/** Fills an empty VM with what waits, in its order; returns what is left. */
function fill(size: PricedSize, places: number, waiting: readonly Waiting[]): readonly Waiting[] {
  let room = roomOf(size, places);
  return waiting.flatMap((each) => {
    let { count } = each;
    for (const most = each.apart ? count - 1 : 0; count > most && fitsInto(room, each.demand); count -= 1)
      room = minus(room, each.demand);
    return count > 0 ? [{ ...each, count }] : [];
  });
}

function isBelow(a: readonly number[], b: readonly number[]): boolean {
  for (let at = 0; at < a.length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (Math.abs(difference) > 1e-12) return difference < 0;
  }
  return false;
}

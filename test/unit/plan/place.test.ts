import { describe, expect, it } from 'vitest';
import { bytes, cores } from '../../../src/model/quantity.ts';
import { heap } from '../../../src/plan/heap.ts';
import { placer } from '../../../src/plan/place.ts';
import { addTo, makeSlot, occupy, releasePlace, takePlace, type Slot } from '../../../src/plan/slot.ts';

const slot = (name: string, options: { memory?: number; places?: number; maxIndex?: number } = {}): Slot =>
  makeSlot({
    name,
    iaas: 'lab',
    kind: 'usable',
    size: { cpu: cores(4), memory: bytes(options.memory ?? 1000) },
    places: options.places ?? 100,
    maxIndex: options.maxIndex ?? 100,
    unprepared: false,
  });

const request = (memory: number, apart = false, alias = 'shop') => ({
  alias,
  apart,
  near: [],
  never: [],
  demand: { cpu: 100, memory },
});

/** Places one process after another; the names of the VMs, `-` where there is no room. */
function fill(strategy: 'pack' | 'spread', slots: readonly Slot[], requests: readonly ReturnType<typeof request>[]) {
  const where = placer(strategy, slots);
  return requests.map((each) => {
    const found = where.find(each);
    if (!found) return '-';
    takePlace(found, each.demand);
    addTo(found.staying, each.alias, 1);
    return found.name;
  });
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('placer', () => {
  it('fills one VM before the next when packing', () => {
    expect(fill('pack', [slot('a-1'), slot('a-2')], times(5, request(400)))).toEqual(['a-1', 'a-1', 'a-2', 'a-2', '-']);
  });

  it('finds room for a small one on a VM that is full for a large one', () => {
    const mixed = [request(700), request(700), request(200), request(700), request(200)];
    expect(fill('pack', [slot('a-1'), slot('a-2')], mixed)).toEqual(['a-1', 'a-2', 'a-1', '-', 'a-2']);
  });

  it('takes the least loaded VM when spreading', () => {
    const slots = [slot('a-1'), slot('a-2'), slot('a-3', { memory: 2000 })];
    expect(fill('spread', slots, times(5, request(400)))).toEqual(['a-1', 'a-2', 'a-3', 'a-3', 'a-1']);
  });

  it.each(['pack', 'spread'] as const)('keeps apart what must be apart: %s', (strategy) => {
    const slots = [slot('a-1'), slot('a-2')];
    expect(fill(strategy, slots, times(3, request(100, true)))).toEqual(['a-1', 'a-2', '-']);
  });

  it('goes beside one that leaves rather than nowhere, and elsewhere rather than beside it', () => {
    const [first, second] = [slot('a-1'), slot('a-2')];
    addTo(first.departing, 'shop', 1);
    expect(fill('pack', [first, second], times(3, request(100, true)))).toEqual(['a-2', 'a-1', '-']);
  });

  it.each(['pack', 'spread'] as const)('keeps to the number of places: %s', (strategy) => {
    const slots = [slot('a-1', { places: 1 }), slot('a-2', { maxIndex: 1 })];
    expect(fill(strategy, slots, times(3, request(1)))).toEqual(['a-1', 'a-2', '-']);
  });

  it.each(['pack', 'spread'] as const)('uses room that comes back: %s', (strategy) => {
    const [first, second] = [slot('a-1'), slot('a-2')];
    const where = placer(strategy, [first, second]);
    const half = request(500);
    for (let n = 0; n < 4; n += 1) {
      const found = where.find(half);
      if (found) takePlace(found, half.demand);
    }
    expect(where.find(half)).toBeUndefined();
    releasePlace(first, half.demand, 1, 'process.remove:x-1');
    where.reopened(first);
    expect(where.find(half)).toBe(first);
    expect(takePlace(first, half.demand).after).toEqual(['process.remove:x-1']);
  });

  it.each(['pack', 'spread'] as const)('uses a VM that was added: %s', (strategy) => {
    const where = placer(strategy, []);
    expect(where.find(request(1))).toBeUndefined();
    where.added(slot('a-1'));
    expect(where.find(request(1))?.name).toBe('a-1');
  });
});

describe('takePlace', () => {
  it('gives the lowest number that is free', () => {
    const vm = slot('a-1');
    occupy(vm, { cpu: 1, memory: 1 }, 1);
    occupy(vm, { cpu: 1, memory: 1 }, 3);
    expect([1, 2, 3].map(() => takePlace(vm, { cpu: 1, memory: 1 }).index)).toEqual([2, 4, 5]);
  });

  it('waits for each removal whose room it takes a part of', () => {
    const vm = slot('a-1');
    for (const index of [1, 2]) occupy(vm, { cpu: 1, memory: 500 }, index);
    releasePlace(vm, { cpu: 1, memory: 500 }, 1, 'first gone');
    releasePlace(vm, { cpu: 1, memory: 500 }, 2, 'second gone');
    const after = [300, 300, 300].map((memory) => takePlace(vm, { cpu: 1, memory }).after);
    expect(after).toEqual([['first gone'], ['first gone', 'second gone'], ['second gone']]);
  });

  it('gives a number that a removal makes free only when there is no other, and waits for the removal', () => {
    const vm = slot('a-1', { maxIndex: 2 });
    occupy(vm, { cpu: 1, memory: 1 }, 1);
    releasePlace(vm, { cpu: 1, memory: 1 }, 1, 'gone');
    expect(takePlace(vm, { cpu: 1, memory: 1 })).toMatchObject({ index: 2, after: [] });
    expect(takePlace(vm, { cpu: 1, memory: 1 })).toMatchObject({ index: 1, after: ['gone'] });
  });
});

describe('heap', () => {
  it('gives the smallest first', () => {
    const queue = heap<number>((a, b) => a - b);
    for (const n of [5, 1, 4, 1, 3, 9, 2]) queue.push(n);
    expect(Array.from({ length: 8 }, () => queue.pop())).toEqual([1, 1, 2, 3, 4, 5, 9, undefined]);
  });
});

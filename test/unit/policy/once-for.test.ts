import { describe, expect, it, vi } from 'vitest';
import { onceFor } from '../../../src/policy/once-for.ts';

describe('onceFor', () => {
  it('works once for each value, and again for an equal one that is another', () => {
    const work = vi.fn((list: readonly number[]) => list.length);
    const sized = onceFor(work);
    const list = [1, 2];
    expect([sized(list), sized(list), sized([1, 2])]).toEqual([2, 2, 2]);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('keeps a result that is nothing', () => {
    const work = vi.fn(() => undefined);
    const nothing = onceFor(work);
    const value = {};
    nothing(value);
    nothing(value);
    expect(work).toHaveBeenCalledTimes(1);
  });
});

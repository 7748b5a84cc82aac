import { describe, expect, it } from 'vitest';
import { remembered } from '../../../src/concurrency/remembered.ts';

describe('remembered', () => {
  it('does the work once for all that ask', async () => {
    let count = 0;
    const get = remembered(async () => Promise.resolve((count += 1)));
    expect(await Promise.all([get(), get()])).toEqual([1, 1]);
    expect(await get()).toBe(1);
  });

  it('tries again what failed', async () => {
    let count = 0;
    const get = remembered(async () => {
      count += 1;
      if (count === 1) throw new Error('no');
      return Promise.resolve(count);
    });
    await expect(Promise.all([get(), get()])).rejects.toThrow('no');
    expect(await get()).toBe(2);
  });
});

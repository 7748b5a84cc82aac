import { expect, it } from 'vitest';
import { together } from '../../../../src/iaas/cloud/together.ts';

it('looks at those that are asked for at one time by one call, and at most so many', async () => {
  const calls: string[][] = [];
  const look = together(
    async (ids) => {
      calls.push([...ids]);
      return Promise.resolve(new Map(ids.filter((id) => id !== 'none').map((id) => [id, id.toUpperCase()])));
    },
    { window: 5, most: 3 },
  );
  expect(await Promise.all(['a', 'b', 'a', 'none', 'c'].map(async (id) => look(id)))).toEqual([
    'A',
    'B',
    'A',
    undefined,
    'C',
  ]);
  expect(calls).toEqual([['a', 'b', 'none'], ['c']]);
  expect(await look('d')).toBe('D');
  expect(calls).toHaveLength(3);
});

it('tells all who wait when a call fails, and asks again for the next', async () => {
  let fail = true;
  const look = together(async () => (fail ? Promise.reject(new Error('no')) : Promise.resolve(new Map([['a', 1]]))), {
    window: 5,
    most: 10,
  });
  expect(await Promise.allSettled([look('a'), look('b')])).toMatchObject([
    { status: 'rejected' },
    { status: 'rejected' },
  ]);
  fail = false;
  expect(await look('a')).toBe(1);
});

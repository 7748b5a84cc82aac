import { expect, it } from 'vitest';
import type { Image } from '../../../src/model/image.ts';
import { arrivalOf } from '../../../src/store/spread/arrival.ts';

const image = { layers: ['a', 'b', 'c'].map((digest) => ({ digest })) } as unknown as Image;

it('a layer can be had as soon as it has come, and not before', async () => {
  const arrival = arrivalOf(image);
  const told: string[] = [];
  const asked = ['b', 'a'].map((digest) =>
    arrival.has(digest).then((has) => {
      told.push(`${digest} ${String(has)}`);
    }),
  );
  arrival.came('a');
  await asked[1];
  expect(told).toEqual(['a true']);
  arrival.came('b');
  await asked[0];
  expect(told).toEqual(['a true', 'b true']);
});

it('nobody waits for what will not come, and what came stays', async () => {
  const arrival = arrivalOf(image);
  const waiting = arrival.has('b');
  arrival.came('a');
  arrival.over((digest) => digest === 'c');
  expect(await Promise.all([waiting, ...['a', 'b', 'c', 'other'].map(arrival.has)])).toEqual([
    false,
    true,
    false,
    true,
    false,
  ]);
});

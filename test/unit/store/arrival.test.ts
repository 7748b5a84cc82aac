import { expect, it } from 'vitest';
import type { Image } from '../../../src/model/image.ts';
import { arrivalOf } from '../../../src/store/spread/arrival.ts';

const image = { layers: ['a', 'b', 'c'].map((digest) => ({ digest })) } as unknown as Image;

it('a layer can be had as soon as it begins to come, and not before', async () => {
  const arrival = arrivalOf(image);
  const told: string[] = [];
  const asked = ['b', 'a'].map((digest) =>
    arrival.gives(digest).then((giving) => {
      told.push(`${digest} ${String(giving)}`);
    }),
  );
  arrival.begins('a');
  await asked[1];
  expect(told).toEqual(['a coming']);
  arrival.begins('b');
  await asked[0];
  expect(told).toEqual(['a coming', 'b coming']);
  arrival.came('a');
  expect(await arrival.gives('a')).toBe('there');
});

it('nobody waits for what will not come, and what came stays', async () => {
  const arrival = arrivalOf(image);
  const waiting = arrival.gives('b');
  arrival.begins('a');
  arrival.over((digest) => digest === 'c');
  expect(await Promise.all([waiting, ...['a', 'b', 'c', 'other'].map(arrival.gives)])).toEqual([
    undefined,
    'coming',
    undefined,
    'there',
    undefined,
  ]);
});

it('what does not have to come is known before the rest has come', async () => {
  const arrival = arrivalOf(image);
  arrival.expect(['b'], (digest) => digest === 'a');
  expect(await Promise.all(['a', 'c'].map(arrival.gives))).toEqual(['there', undefined]);
  const waiting = arrival.gives('b');
  arrival.begins('b');
  expect(await waiting).toBe('coming');
});

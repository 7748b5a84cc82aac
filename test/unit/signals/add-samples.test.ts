import { expect, test } from 'vitest';
import { instant } from '../../../src/model/quantity.ts';
import { addSamples } from '../../../src/signals/add-samples.ts';

const sample = (at: number, cpu = at) => ({ at: instant(at), count: 1, sums: { cpu } });

test('addSamples puts the newest last, and keeps nothing of the same moment or the future', () => {
  const history = { shop: [sample(1), sample(5, 9), sample(7)], blog: [sample(2)] };
  expect(addSamples(history, { shop: sample(5), new: sample(5) })).toEqual({
    shop: [sample(1), sample(5)],
    blog: [sample(2)],
    new: [sample(5)],
  });
});

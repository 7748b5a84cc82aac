import { expect, it } from 'vitest';
import { bytes } from '../../../src/model/quantity.ts';
import { parseArrived } from '../../../src/store/layer-take.ts';
import { transferCount } from '../../../src/store/transfer-count.ts';

const layer = (name: string, size: number) => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  ...{ digest: `sha256:${name}`, diffId: `sha256:${name}`, size: bytes(size) },
});

it('transferCount tells what came of what has to come, also where some was there and some is dropped', () => {
  const told: string[] = [];
  const [a, b] = [layer('a', 100), layer('b', 50)];
  const count = transferCount((done, total) => told.push(`${String(done)}/${String(total)}`));
  count.expect([
    { layer: a, have: 40 },
    { layer: b, have: 0 },
  ]);
  count.reach(a, 70);
  count.reach(b, 50);
  // It was damaged and begins anew, in what was there before, too.
  count.reach(a, 0);
  count.reach(a, 100);
  expect(told).toEqual(['30/110', '80/110', '50/110', '110/110']);
  // A layer that went meanwhile is looked for again, and is no further one.
  count.expect([{ layer: b, have: 0 }]);
  count.reach(b, 60);
  expect(told.at(-1)).toBe('110/110');
});

it('parseArrived reads its own lines only', () => {
  expect(['{"arrived":12}', '{"arrived":-1}', '{"have":12}', 'x{"arrived":12}'].map(parseArrived)).toEqual([
    12,
    undefined,
    undefined,
    undefined,
  ]);
});

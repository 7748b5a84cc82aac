import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseSize, type Offer } from '../../../../src/iaas/cloud/choose-size.ts';
import { bytes, cores } from '../../../../src/model/quantity.ts';

const offer = (name: string, cpu: number, price: number, usual = true): Offer => ({
  name,
  cpu: cores(cpu),
  memory: bytes(cpu * 2 ** 30),
  price,
  usual,
});
const wanted = { cpu: cores(2), memory: bytes(2 ** 30) };

describe('chooseSize', () => {
  it('takes the named size, also one that nobody gets by chance', () => {
    const offers = [offer('s', 2, 1), offer('old', 1, 9, false)];
    expect(chooseSize('lab', 'lab', { ...wanted, name: 'old' }, offers).name).toBe('old');
    expect(() => chooseSize('lab', 'lab at a', { ...wanted, name: 'xl' }, offers)).toThrow(
      'Cannot get a machine as lab at a sells no such size: xl',
    );
  });

  it('takes the cheapest usual size that is enough', () => {
    const size = fc.record({
      cpu: fc.integer({ min: 1, max: 8 }),
      price: fc.integer({ min: 1, max: 99 }),
      usual: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(size, { maxLength: 8 }), (sizes) => {
        const offers = sizes.map(({ cpu, price, usual }, at) => offer(`s${String(at)}`, cpu, price, usual));
        const enough = offers.filter(({ cpu, usual }) => usual && cpu >= 2);
        if (enough.length === 0) {
          expect(() => chooseSize('lab', 'lab', wanted, offers)).toThrow('no size of lab is enough: 2 CPUs and 1Gi');
          return;
        }
        const chosen = chooseSize('lab', 'lab', wanted, offers);
        expect(enough).toContain(chosen);
        expect(chosen.price).toBe(Math.min(...enough.map(({ price = 0 }) => price)));
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import type { PriceTables } from '../../../src/inventory/price-file.ts';
import type { IaasProvider } from '../../../src/iaas/provider.ts';
import { IaasError } from '../../../src/model/errors.ts';
import { bytes, cores, instant } from '../../../src/model/quantity.ts';
import { priceOf } from '../../../src/model/prices.ts';
import type { Spec } from '../../../src/model/spec.ts';
import type { PricedSize } from '../../../src/model/vm-size.ts';
import { withKnownPrices, withPrices, withToldPrices } from '../../../src/reconcile/told-prices.ts';
import { someDeps } from '../../cli/support.ts';
import { aSpec, LAB } from '../../support/builders.ts';

const size = (name: string, cpu: number, price: number, usual = true): PricedSize => ({
  ...{ name, price, usual },
  cpu: cores(cpu),
  memory: bytes(cpu * 2 ** 30),
});
const OFFERS = [size('small', 1, 0.01), size('medium', 2, 0.02), size('large', 4, 0.04), size('old', 2, 0.001, false)];
const EDGE = { ...LAB, name: 'edge' };
const { price: _price, ...unpriced } = size('medium', 2, 0);
const base = aSpec({
  iaas: [LAB, EDGE],
  partitions: {
    web: {
      cpu: 2,
      memory: 2048,
      placement: [
        { iaas: 'lab', max: 9 },
        { iaas: 'edge', max: 9, sizes: [unpriced, size('small', 1, 7)] },
      ],
    },
  },
});
const spec: Spec = { ...base, guards: { ...base.guards, maxCostPerHour: 1 } };
const web = (of: Spec) => of.partitions.web;

/** Dependencies where `sizes` tells prices at this time; what is kept is in `kept`. */
function scene(sizes: () => Promise<readonly PricedSize[]>, at = 0, kept: PriceTables = {}) {
  const seen = { asked: 0, kept, warnings: [] as string[] };
  const deps = someDeps({
    now: () => instant(at),
    emit: (event) => {
      if (event.type === 'warning') seen.warnings.push(event.message);
    },
    prices: {
      read: () => Promise.resolve(seen.kept),
      write: (tables) => {
        seen.kept = tables;
        return Promise.resolve();
      },
    },
    providerOf: (entry) =>
      Promise.resolve({
        name: entry.name,
        capabilities: { ephemeral: true, injectsHostKey: true, stop: true, prices: true },
        sizes: () => {
          seen.asked += 1;
          return sizes();
        },
      } as unknown as IaasProvider),
  });
  return { deps, seen };
}
const tell = () => Promise.resolve(OFFERS);
const HOUR = 3_600_000;

describe('withPrices', () => {
  it('gives a size that is named its price, one that is not that of the cheapest usual one, and leaves what the spec says', () => {
    const table = { at: 0, of: '', sizes: OFFERS };
    const priced = withPrices(spec, { lab: table, edge: table });
    expect(web(priced)?.placement.map(({ price, sizes }) => [price, sizes?.map((each) => each.price)])).toEqual([
      [0.02, undefined],
      [undefined, [0.02, 7]],
    ]);
    expect(priceOf(web(priced), 'lab', { cpu: cores(2), memory: bytes(2 ** 31) })).toBe(0.02);
    expect(withPrices(spec, {})).toEqual(spec);
  });
});

describe('withToldPrices', () => {
  it('asks each IaaS once a day, and again when its entry says something else', async () => {
    const { deps, seen } = scene(tell);
    expect(web(await withToldPrices(deps, spec, 'l'))?.placement[0]?.price).toBe(0.02);
    await withToldPrices(deps, spec, 'l');
    expect(seen.asked).toBe(2);
    const later = scene(tell, 23 * HOUR, seen.kept);
    await withToldPrices(later.deps, spec, 'l');
    expect(later.seen.asked).toBe(0);
    const nextDay = scene(tell, 24 * HOUR, seen.kept);
    await withToldPrices(nextDay.deps, spec, 'l');
    expect(nextDay.seen.asked).toBe(2);
    const moved = scene(tell, HOUR, seen.kept);
    await withToldPrices(
      moved.deps,
      { ...spec, iaas: { ...spec.iaas, edge: { ...EDGE, root: '/elsewhere' } as typeof LAB } },
      'l',
    );
    expect(moved.seen.asked).toBe(1);
  });

  it('asks and reads nothing where prices decide nothing, or the spec has them all', async () => {
    expect(await withToldPrices(someDeps(), base, 'l')).toBe(base);
    const all = withPrices(spec, { lab: { at: 0, of: '', sizes: OFFERS }, edge: { at: 0, of: '', sizes: OFFERS } });
    expect(await withToldPrices(someDeps(), all, 'l')).toBe(all);
  });

  it('keeps the last table where an IaaS does not answer, and asks again an hour later', async () => {
    const { deps, seen } = scene(tell);
    await withToldPrices(deps, spec, 'l');
    const away = scene(() => Promise.reject(new IaasError('lab', 'unavailable', 'Cannot ask')), 30 * HOUR, seen.kept);
    expect(web(await withToldPrices(away.deps, spec, 'l'))?.placement[0]?.price).toBe(0.02);
    expect(away.seen.warnings).toContain('Prices of lab are those of the last time: Cannot ask');
    const soon = scene(tell, 30.5 * HOUR, away.seen.kept);
    await withToldPrices(soon.deps, spec, 'l');
    expect(soon.seen.asked).toBe(0);
    const again = scene(tell, 31 * HOUR, away.seen.kept);
    await withToldPrices(again.deps, spec, 'l');
    expect(again.seen.asked).toBe(2);
  });
});

describe('withKnownPrices', () => {
  it('takes what was told before, without asking', async () => {
    const { deps, seen } = scene(tell, 0, { lab: { at: 0, of: '', sizes: OFFERS } });
    expect(web(await withKnownPrices(deps, base))?.placement[0]?.price).toBe(0.02);
    expect(seen.asked).toBe(0);
  });
});

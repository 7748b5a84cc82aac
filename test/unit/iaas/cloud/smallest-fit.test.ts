import { describe, expect, it } from 'vitest';
import { poll } from '../../../../src/iaas/cloud/poll.ts';
import { smallestFit } from '../../../../src/iaas/cloud/smallest-fit.ts';
import { bytes, cores, millis } from '../../../../src/model/quantity.ts';

const size = (name: string, cpu: number, gigabytes: number, price?: number, disk?: number) => ({
  name,
  cpu: cores(cpu),
  memory: bytes(gigabytes * 2 ** 30),
  ...(price === undefined ? {} : { price }),
  ...(disk === undefined ? {} : { disk: bytes(disk * 2 ** 30) }),
});

describe('smallestFit', () => {
  const offers = [size('huge', 8, 32, 0.4), size('cheap', 4, 8, 0.04), size('small', 2, 4, 0.05), size('tiny', 1, 1)];
  it.each([
    [size('', 1, 1), 'cheap'],
    [size('', 2, 16), 'huge'],
    [size('', 9, 1), undefined],
  ])('of %o is %s', (wanted, name) => {
    expect(smallestFit(wanted, offers)?.name).toBe(name);
  });

  it('takes the smallest where no price is known, and looks at the disk', () => {
    const unpriced = [size('big', 4, 8), size('small', 2, 4), size('nodisk', 2, 2, undefined, 1)];
    expect(smallestFit({ ...size('', 1, 1), disk: bytes(5 * 2 ** 30) }, unpriced)?.name).toBe('small');
  });
});

describe('poll', () => {
  it('looks until there is an answer', async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      return Promise.resolve(looks < 3 ? undefined : looks);
    };
    expect(await poll(look, { timeout: millis(1000), interval: millis(1) })).toBe(3);
  });

  it('gives up in time, and at once when it is told to', async () => {
    const never = async () => Promise.resolve<number | undefined>(undefined);
    expect(await poll(never, { timeout: millis(20), interval: millis(1) })).toBeUndefined();
    const signal = AbortSignal.timeout(20);
    await expect(poll(never, { timeout: millis(5000), interval: millis(1000), signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

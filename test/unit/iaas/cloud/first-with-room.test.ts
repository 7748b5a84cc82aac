import { describe, expect, it } from 'vitest';
import { firstWithRoom } from '../../../../src/iaas/cloud/first-with-room.ts';
import { IaasError, type IaasFailure } from '../../../../src/model/errors.ts';

const refusing =
  (full: Readonly<Record<string, IaasFailure>>, tried: (string | undefined)[] = []) =>
  async (place: string | undefined): Promise<string | undefined> => {
    tried.push(place);
    const failure = full[place ?? ''];
    if (failure) throw new IaasError('lab', failure, `Cannot create a machine in ${place ?? 'any place'}`);
    return Promise.resolve(place);
  };

describe('firstWithRoom', () => {
  it('goes on where a place is full, and no further than it must', async () => {
    const tried: (string | undefined)[] = [];
    expect(await firstWithRoom(['a', 'b', 'c'], refusing({ a: 'no-capacity' }, tried))).toBe('b');
    expect(tried).toEqual(['a', 'b']);
  });

  it('says what the last place said, and at once what all would say', async () => {
    const full = { a: 'no-capacity', b: 'no-capacity' } as const;
    await expect(firstWithRoom(['a', 'b'], refusing(full))).rejects.toThrow('in b');
    await expect(firstWithRoom(['a', 'b'], refusing({ a: 'quota' }))).rejects.toMatchObject({ failure: 'quota' });
  });

  it('leaves the choice to the cloud where no place is named', async () => {
    expect(await firstWithRoom([], refusing({}))).toBeUndefined();
    await expect(firstWithRoom([], refusing({ '': 'no-capacity' }))).rejects.toThrow('in any place');
  });
});

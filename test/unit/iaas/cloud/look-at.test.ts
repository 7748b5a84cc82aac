import { describe, expect, it } from 'vitest';
import { lookAt } from '../../../../src/iaas/cloud/look-at.ts';
import { IaasError, type IaasFailure } from '../../../../src/model/errors.ts';

const failing = (failure: IaasFailure) => async () =>
  Promise.reject(new IaasError('lab', failure, 'Cannot look', { hint: 'look again' }));

describe('lookAt', () => {
  it('tells what it saw', async () => {
    expect(await lookAt('image', async () => Promise.resolve('it is there'))).toEqual({
      subject: 'image',
      status: 'ok',
      detail: 'it is there',
    });
  });

  it.each([
    ['invalid', 'failed'],
    ['unauthorized', 'failed'],
    ['unavailable', 'warning'],
    ['rate-limited', 'warning'],
  ] as const)('makes of %s a finding that is %s', async (failure, status) => {
    expect(await lookAt('size', failing(failure))).toEqual({
      subject: 'size',
      status,
      detail: 'Cannot look',
      hint: 'look again',
    });
  });

  it('does not hide a mistake of the program', async () => {
    await expect(lookAt('size', async () => Promise.reject(new TypeError('x is undefined')))).rejects.toThrow(
      TypeError,
    );
  });
});

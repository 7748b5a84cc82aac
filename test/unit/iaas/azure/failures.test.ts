import { describe, expect, it } from 'vitest';
import { readStatus, readTrouble } from '../../../../src/iaas/azure/failures.ts';

function rest(statusCode: number | undefined, code: string | undefined, message = 'so it is', after?: string): Error {
  const headers = { get: (name: string) => (name === 'retry-after' ? after : undefined) };
  return Object.assign(new Error(message), { name: 'RestError', statusCode, code, response: { headers } });
}

describe('readTrouble', () => {
  it.each([
    [409, 'SkuNotAvailable', 'no-capacity'],
    [409, 'ZonalAllocationFailed', 'no-capacity'],
    [409, 'QuotaExceeded', 'quota'],
    [403, 'AuthorizationFailed', 'unauthorized'],
    [401, 'InvalidAuthenticationToken', 'unauthorized'],
    [404, 'ResourceGroupNotFound', 'not-found'],
    [404, 'SomethingNew', 'not-found'],
    [503, undefined, 'unavailable'],
    [400, 'InvalidParameter', 'invalid'],
    [409, 'PropertyChangeNotAllowed', 'invalid'],
  ])('takes %d %s for %s', (status, code, failure) => {
    expect(readTrouble(rest(status, code))).toMatchObject({ failure });
  });
  it('tells a quota from what may not be now by its words', () => {
    expect(readTrouble(rest(409, 'OperationNotAllowed', 'results in exceeding approved cores quota'))?.failure).toBe(
      'quota',
    );
    expect(readTrouble(rest(409, 'OperationNotAllowed', 'the disk is attached'))?.failure).toBe('invalid');
  });
  it('reads how long to wait, whatever the code', () => {
    expect(readTrouble(rest(429, 'OperationNotAllowed', 'quota of calls', '7'))).toMatchObject({
      failure: 'rate-limited',
      retryAfter: 7000,
    });
  });
  it('reads the code of an operation that failed late', () => {
    const error = new Error('The long-running operation has failed. AllocationFailed. Allocation failed.');
    expect(readTrouble(error)).toMatchObject({ failure: 'no-capacity' });
    expect(readTrouble(new Error('The long-running operation has failed. Odd. Why?'))?.failure).toBe('invalid');
  });
  it('takes no answer for a cloud that is away, and no login for nobody', () => {
    expect(readTrouble(rest(undefined, 'ECONNREFUSED'))).toEqual({
      failure: 'unavailable',
      words: 'nobody listens there',
    });
    expect(readTrouble(rest(undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT'))?.failure).toBe('invalid');
    const nobody = Object.assign(new Error('no\nmore'), { name: 'CredentialUnavailableError' });
    expect(readTrouble(nobody)).toEqual({ failure: 'unauthorized', words: 'there is no login to Azure: no' });
    const away = Object.assign(new Error('network_error: x'), { name: 'AuthenticationError' });
    expect(readTrouble(away)?.failure).toBe('unavailable');
  });
  it('leaves alone what is no answer of Azure’s', () => {
    expect(readTrouble(new TypeError('x is not a function'))).toBeUndefined();
    expect(readTrouble('odd')).toBeUndefined();
  });
});

describe('readStatus', () => {
  it('reads why a machine could not be made', () => {
    const status = { code: 'ProvisioningState/failed/AllocationFailed', message: 'no room\nat all' };
    expect(readStatus(status)).toEqual({ failure: 'no-capacity', words: 'Azure says AllocationFailed: no room' });
    expect(readStatus({ code: 'ProvisioningState/failed' })).toMatchObject({ failure: 'unavailable' });
  });
});

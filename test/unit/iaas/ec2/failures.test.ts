import { describe, expect, it } from 'vitest';
import { endFailure, failureOf, translate } from '../../../../src/iaas/ec2/failures.ts';
import { IaasError } from '../../../../src/model/errors.ts';

const asker = { iaas: 'aws', profile: 'work' };

/** An error as the SDK throws it. */
function thrown(name: string, message: string, status?: number, headers: Record<string, string> = {}): Error {
  const error = Object.assign(new Error(message), status !== undefined && { $metadata: { httpStatusCode: status } });
  Object.defineProperty(error, '$response', { value: { headers } });
  error.name = name;
  return error;
}

describe('failureOf', () => {
  it.each([
    ['UnauthorizedOperation', 403, 'unauthorized'],
    ['AuthFailure', 401, 'unauthorized'],
    ['RequestExpired', 400, 'unauthorized'],
    ['InsufficientInstanceCapacity', 500, 'no-capacity'],
    ['InsufficientFreeAddressesInSubnet', 400, 'no-capacity'],
    ['SpotMaxPriceTooLow', 400, 'no-capacity'],
    ['InstanceLimitExceeded', 400, 'quota'],
    ['VcpuLimitExceeded', 400, 'quota'],
    ['MaxSpotInstanceCountExceeded', 400, 'quota'],
    ['VolumeLimitExceeded', 400, 'quota'],
    ['RequestLimitExceeded', 503, 'rate-limited'],
    ['Throttling', 400, 'rate-limited'],
    ['InvalidInstanceID.NotFound', 400, 'not-found'],
    ['InvalidInstanceID.Malformed', 400, 'not-found'],
    ['InvalidAMIID.NotFound', 400, 'invalid'],
    ['InternalError', 500, 'unavailable'],
    ['Whatever', 502, 'unavailable'],
    ['Whatever', 429, 'rate-limited'],
    ['Whatever', 400, 'invalid'],
    ['constructor', 400, 'invalid'],
  ] as const)('takes %s with %i for %s', (code, status, failure) => {
    expect(failureOf(code, status)).toBe(failure);
  });

  it('takes a type that a zone does not have for no room, and no other that is not supported', () => {
    const words = 'Your requested instance type (m7i.large) is not supported in your requested Availability Zone (x).';
    expect(failureOf('Unsupported', 400, words)).toBe('no-capacity');
    expect(failureOf('Unsupported', 400, 'The requested configuration is currently not supported.')).toBe('invalid');
  });
});

describe('endFailure', () => {
  it.each([
    ['Server.InsufficientInstanceCapacity', 'no-capacity'],
    ['Server.SpotInstanceTermination', 'no-capacity'],
    ['Client.VolumeLimitExceeded', 'quota'],
    ['Server.InternalError', 'unavailable'],
    ['Client.InvalidSnapshot.NotFound', 'invalid'],
    [undefined, 'invalid'],
  ] as const)('takes %s for %s', (code, failure) => {
    expect(endFailure(code)).toBe(failure);
  });
});

describe('translate', () => {
  it('says what EC2 says, without pages of base 64 and control characters', () => {
    const message = 'You are not\u001b[31m authorized. Encoded authorization failure message: Zm9v\nbar';
    const error = translate(asker, 'create VM web-1', thrown('UnauthorizedOperation', message, 403));
    expect(error).toBeInstanceOf(IaasError);
    expect(error).toMatchObject({
      failure: 'unauthorized',
      message: 'Cannot create VM web-1 as EC2 answers UnauthorizedOperation: You are not [31m authorized.',
      hint: 'aws sts get-caller-identity --profile work',
    });
  });

  it('keeps how long EC2 wants to be left alone', () => {
    const error = thrown('RequestLimitExceeded', 'Request limit exceeded.', 503, { 'retry-after': '7' });
    expect(translate(asker, 'list', error)).toMatchObject({ failure: 'rate-limited', retryAfter: 7000 });
  });

  it.each([
    [thrown('CredentialsProviderError', 'Could not load credentials'), 'unauthorized'],
    [thrown('TokenProviderError', 'Token is expired'), 'unauthorized'],
    [thrown('Error', 'Region is missing'), 'invalid'],
    [Object.assign(thrown('Error', 'connect'), { code: 'ECONNREFUSED' }), 'unavailable'],
    [thrown('TimeoutError', 'Connection timed out'), 'unavailable'],
    [thrown('Error', 'XML parse error', 200), 'unavailable'],
  ] as const)('takes %s for %s', (error, failure) => {
    expect(translate({ iaas: 'aws' }, 'list', error)).toMatchObject({ failure });
  });

  it('leaves failures of its own and errors of the program as they are', () => {
    const ours = new IaasError('aws', 'quota', 'Cannot');
    const bug = new TypeError('x is not a function');
    expect(translate(asker, 'list', ours)).toBe(ours);
    expect(translate(asker, 'list', bug)).toBe(bug);
  });
});

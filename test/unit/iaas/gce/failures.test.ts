import { describe, expect, it } from 'vitest';
import { explainGce, explainOperation } from '../../../../src/iaas/gce/failures.ts';

const body = (reason: string): unknown => ({ error: { code: 403, message: 'so it is', errors: [{ reason }] } });

describe('explainGce', () => {
  it.each([
    ['quotaExceeded', 'quota'],
    ['rateLimitExceeded', 'rate-limited'],
    ['userRateLimitExceeded', 'rate-limited'],
    ['forbidden', 'unauthorized'],
    ['accessNotConfigured', 'unauthorized'],
    ['notFound', 'not-found'],
    ['resourceInUseByAnotherResource', 'unavailable'],
    ['backendError', 'unavailable'],
  ])('takes %s for %s, whatever the status', (reason, failure) => {
    expect(explainGce(403, body(reason))).toEqual({ failure, words: 'so it is' });
  });
  it('leaves what it does not know to the status', () => {
    expect(explainGce(400, body('invalid'))).toEqual({ failure: undefined, words: 'so it is' });
    expect(explainGce(502, undefined)).toEqual({ failure: undefined, words: undefined });
    expect(explainGce(400, { error: 'odd' })).toEqual({ failure: undefined, words: undefined });
  });
});

describe('explainOperation', () => {
  it.each([
    ['ZONE_RESOURCE_POOL_EXHAUSTED', 'no-capacity'],
    ['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', 'no-capacity'],
    ['QUOTA_EXCEEDED', 'quota'],
    ['RESOURCE_NOT_FOUND', 'not-found'],
    ['PERMISSIONS_ERROR', 'unauthorized'],
    ['SOMETHING_NEW', 'invalid'],
  ])('takes %s for %s', (code, failure) => {
    expect(explainOperation([{ code, message: 'why' }])).toEqual({ failure, words: `${code}: why` });
  });
  it('prefers the error that it knows', () => {
    expect(explainOperation([{ code: 'ODD' }, { code: 'STOCKOUT' }])).toEqual({
      failure: 'no-capacity',
      words: 'STOCKOUT',
    });
  });
});

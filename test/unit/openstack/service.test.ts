import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/model/errors.ts';
import { OpenstackError, retryAfter } from '../../../src/openstack/openstack-error.ts';
import { addressOf, openService } from '../../../src/openstack/service.ts';
import type { Fetch } from '../../../src/openstack/service.ts';

const at = new URL('https://cloud.example:9292/');
const answering =
  (body: string, init: ResponseInit): Fetch =>
  () =>
    Promise.resolve(new Response(body, init));
const failing =
  (code: string): Fetch =>
  () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }));
const ask = (fetch: Fetch, signal?: AbortSignal): Promise<unknown> =>
  openService('image', at, fetch)
    .send({ what: 'list images', path: 'v2/images', signal })
    .catch((error: unknown) => error);

describe('openService', () => {
  it.each([
    [401, '', 'unauthorized'],
    [403, '{"forbidden": {"message": "Policy does not allow it"}}', 'forbidden'],
    [403, '{"forbidden": {"message": "Quota exceeded for cores"}}', 'quota'],
    [404, '{"NeutronError": {"message": "Port is not there"}}', 'not-found'],
    [409, '', 'conflict'],
    [403, '{"forbidden": {"message": "Maximum number of ports exceeded"}}', 'quota'],
    [409, '{"NeutronError": {"message": "Quota exceeded for resources: [port]"}}', 'quota'],
    [413, '', 'rate-limited'],
    [429, '', 'rate-limited'],
    [500, '', 'unavailable'],
    [503, '', 'unavailable'],
    [400, '', 'invalid'],
  ] as const)('makes of status %i with %j the failure %s', async (status, body, failure) => {
    const error = await ask(answering(body, { status, headers: { 'retry-after': '7' } }));
    expect(error).toBeInstanceOf(OpenstackError);
    expect(error).toMatchObject({ service: 'image', failure, status, retryAfter: 7000 });
    expect((error as Error).message).toMatch(/^Cannot list images as .*: cloud\.example:9292$/);
  });

  it('says what the service says, of a document or of a page, in one line', async () => {
    const json = await ask(answering('{"error": {"message": "no\\nway\\u001b[31m", "code": 401}}', { status: 401 }));
    expect((json as Error).message).toContain('(no way [31m)');
    const page = '<html>\n<head><title>404</title></head><body><h1>404</h1>No image <b>x</b><br />\n</body></html>';
    expect(((await ask(answering(page, { status: 404 }))) as Error).message).toContain('(404 No image x)');
  });

  it.each([
    ['ECONNREFUSED', 'unavailable', 'nobody listens there'],
    ['ECONNRESET', 'unavailable', 'the connection was cut'],
    ['EMFILE', 'unavailable', 'the connection failed (EMFILE)'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'untrusted', 'its certificate is not trusted'],
  ])('makes of %s the failure %s', async (code, failure, words) => {
    const error = await ask(failing(code));
    expect(error).toMatchObject({ failure, status: undefined });
    expect((error as Error).message).toContain(words);
  });

  it('ends as interrupted when it is told to', async () => {
    expect(await ask(failing('ABORT_ERR'), AbortSignal.abort())).toBeInstanceOf(InterruptedError);
  });
});

describe('addressOf', () => {
  it.each([
    ['http://h:9292', 'v2/images?limit=1', 'http://h:9292/v2/images?limit=1'],
    ['http://h/image/', 'v2/images', 'http://h/image/v2/images'],
    ['http://h/image/v2', 'v2/images', 'http://h/image/v2/images'],
    ['http://h/identity/v3/', 'v3/auth/tokens', 'http://h/identity/v3/auth/tokens'],
  ])('of %s and %s is %s', (endpoint, path, url) => {
    expect(addressOf(new URL(endpoint), path).href).toBe(url);
  });
});

describe('retryAfter', () => {
  it('reads seconds and dates', () => {
    expect(retryAfter(null, 0)).toBeUndefined();
    expect(retryAfter('soon', 0)).toBeUndefined();
    expect(retryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 2000)).toBe(7000);
    expect(retryAfter('Thu, 01 Jan 1970 00:00:01 GMT', 2000)).toBe(0);
  });
});

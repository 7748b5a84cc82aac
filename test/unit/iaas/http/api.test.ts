import { Response } from 'undici';
import { describe, expect, it } from 'vitest';
import type { Fetch } from '../../../../src/host/open-fetch.ts';
import { openApi } from '../../../../src/iaas/http/api.ts';

const answering =
  (status: number, body: string, headers: Record<string, string> = {}): Fetch =>
  async () =>
    Promise.resolve(new Response(status === 204 ? null : body, { status, headers }));

const open = (fetch: Fetch) =>
  openApi({
    iaas: 'lab',
    endpoint: new URL('https://cloud.example/v1'),
    fetch,
    headers: async () => Promise.resolve({ authorization: 'Bearer t' }),
    explain: (status, body) => ({
      ...(status === 412 && { failure: 'no-capacity' as const }),
      words: (body as { error?: string } | undefined)?.error,
    }),
    loginHint: 'export TOKEN=…',
  });
const request = { what: 'list machines', path: 'servers', query: { page: 2, name: undefined } };

describe('openApi', () => {
  it('asks below its endpoint, with what proves who asks', async () => {
    let asked: unknown[] = [];
    const api = open(async (url, init) => {
      asked = [url.href, init.method, init.headers, init.body];
      return answering(200, '{"ok":true}')(url, init);
    });
    expect(await api.ask({ ...request, method: 'POST', json: { a: 1 } })).toEqual({ ok: true });
    expect(asked).toEqual([
      'https://cloud.example/v1/servers?page=2',
      'POST',
      { accept: 'application/json', 'content-type': 'application/json', authorization: 'Bearer t' },
      '{"a":1}',
    ]);
    expect(await open(answering(204, '')).ask(request)).toBeUndefined();
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not-found'],
    [429, 'rate-limited'],
    [412, 'no-capacity'],
    [409, 'invalid'],
    [503, 'unavailable'],
  ] as const)('makes of %i the failure %s', async (status, failure) => {
    const error = await open(answering(status, '{"error":"no\\u001b[31m\\nway"}', { 'retry-after': '3' }))
      .ask(request)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'IAAS', iaas: 'lab', failure, retryAfter: 3000 });
    expect((error as Error).message).toBe(
      `Cannot list machines as cloud.example answers ${String(status)}: no [31m way`,
    );
  });

  it('finds nothing where there is nothing, and says what is no JSON', async () => {
    expect(await open(answering(404, '')).find(request)).toBeUndefined();
    await expect(open(answering(200, '<html>')).ask(request)).rejects.toMatchObject({ failure: 'unavailable' });
  });

  it('says why there was no answer', async () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    await expect(open(async () => Promise.reject(refused)).ask(request)).rejects.toThrow(
      'Cannot list machines as nobody listens there: cloud.example',
    );
    const aborted = { ...request, signal: AbortSignal.abort() };
    await expect(open(async () => Promise.reject(refused)).ask(aborted)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

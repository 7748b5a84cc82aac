import { describe, expect, it } from 'vitest';
import type { RegistryError } from '../../../../src/model/errors.ts';
import { openService } from '../../../../src/openstack/service.ts';
import { glanceClient } from '../../../../src/store/glance/glance-client.ts';

const TWICE = '400 Bad Request Image status transition from deleted to deleted is not allowed';

/** A Glance that answers these, one after the other; `asked` has what it was asked. */
function glance(...answers: readonly Response[]) {
  const left = [...answers];
  const asked: string[] = [];
  const service = openService('image', new URL('http://glance.example'), (url, { method }) => {
    asked.push(`${method} ${url.pathname}`);
    return Promise.resolve(left.shift() ?? new Response('', { status: 500 }));
  });
  return { client: glanceClient({ name: 'ours', service }), asked };
}

describe('glanceClient', () => {
  it('takes an image that somebody else removed at the same time for one that is gone', async () => {
    const { client, asked } = glance(new Response(TWICE, { status: 400 }), new Response('', { status: 404 }));
    await client.remove('remove it', { id: 'a1' }, undefined);
    expect(asked).toEqual(['DELETE /v2/images/a1', 'GET /v2/images/a1']);
  });

  it('tells how to remove one that is protected', async () => {
    const { client, asked } = glance(new Response('Image a1 is protected and cannot be deleted.', { status: 403 }));
    await expect(client.remove('remove it', { id: 'a1' }, undefined)).rejects.toMatchObject({
      failure: 'refused',
      hint: 'openstack image set --unprotected a1',
    } satisfies Partial<RegistryError>);
    expect(asked).toHaveLength(1);
  });

  it('says why Glance does not remove one that is still there', async () => {
    const { client } = glance(new Response('in use', { status: 409 }), new Response('{"id":"a1"}'));
    await expect(client.remove('remove it', { id: 'a1' }, undefined)).rejects.toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('in use') as string,
    } satisfies Partial<RegistryError>);
  });
});

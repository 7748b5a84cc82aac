import { describe, expect, it } from 'vitest';
import { cloudSettings } from '../../../src/openstack/cloud-settings.ts';
import { openCloud, type Cloud } from '../../../src/openstack/keystone.ts';
import type { Fetch } from '../../../src/openstack/service.ts';

/** A cloud with two services; Keystone gives the tokens t1, t2 …, of which those in `ended` count no more. */
function cloud(ended: ReadonlySet<string> = new Set(), region = 'north'): { open: () => Cloud; asked: string[] } {
  const asked: string[] = [];
  let tokens = 0;
  const catalog = ['compute', 'network'].map((type) => ({
    type,
    endpoints: [{ interface: 'public', region, url: `https://${type}.example/v2` }],
  }));
  const fetch: Fetch = (url, { headers }) => {
    asked.push(url.host);
    if (url.host === 'keystone.example') {
      tokens += 1;
      const token = { expires_at: new Date(Date.now() + 3_600_000).toISOString(), catalog, project: { id: 'p' } };
      const init = { status: 201, headers: { 'x-subject-token': `t${String(tokens)}` } };
      return Promise.resolve(new Response(JSON.stringify({ token }), init));
    }
    return Promise.resolve(new Response('{}', { status: ended.has(headers['x-auth-token'] ?? '') ? 401 : 200 }));
  };
  const auth = { auth_url: 'https://keystone.example/v3', username: 'ann', password: 'p', project_name: 'web' };
  return { asked, open: () => openCloud(cloudSettings('cloud x', { auth, region_name: 'north' }), fetch) };
}

const ask = (service: ReturnType<Cloud['service']>) => service.send({ what: 'list', path: 'things' });

describe('openCloud', () => {
  it('enters once for all its services, also when they are asked at once', async () => {
    const { open, asked } = cloud();
    const opened = open();
    await Promise.all(['compute', 'network', 'compute'].map((type) => ask(opened.service(type))));
    expect(asked.filter((host) => host === 'keystone.example')).toHaveLength(1);
    expect(asked).toEqual(expect.arrayContaining(['compute.example', 'network.example']));
  });

  it('enters once more for all who meet a token that has ended', async () => {
    const { open, asked } = cloud(new Set(['t1']));
    const opened = open();
    const [compute, network] = [opened.service('compute'), opened.service('network')];
    await Promise.all([ask(compute), ask(network), ask(compute)]);
    expect(asked.filter((host) => host === 'keystone.example')).toHaveLength(2);
  });

  it('fails as unauthorized where the next token counts as little', async () => {
    const { open, asked } = cloud(new Set(['t1', 't2']));
    await expect(ask(open().service('compute'))).rejects.toMatchObject({ failure: 'unauthorized' });
    expect(asked.filter((host) => host === 'keystone.example')).toHaveLength(2);
  });

  it('says which service the cloud does not have, and where', async () => {
    await expect(ask(cloud().open().service('volume'))).rejects.toThrow('volume service of the cloud in north');
    await expect(ask(cloud(new Set(), 'south').open().service('compute'))).rejects.toMatchObject({
      failure: 'not-found',
    });
  });
});

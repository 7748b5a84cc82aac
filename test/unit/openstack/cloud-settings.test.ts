import { describe, expect, it } from 'vitest';
import { cloudOfEnvironment, cloudSettings } from '../../../src/openstack/cloud-settings.ts';

const auth = { auth_url: 'https://cloud.example/v3', username: 'ann', password: 'p', project_name: 'web' };
const read = (cloud: object) => cloudSettings('cloud x', cloud as Record<string, unknown>);

describe('cloudSettings', () => {
  it('reads a password with names and domains', () => {
    const settings = read({
      auth: { ...auth, user_domain_name: 'Users', project_domain_id: 'd1' },
      region_name: 'R',
      interface: 'internalURL',
    });
    expect(settings).toMatchObject({
      authUrl: auth.auth_url,
      identity: { method: 'password', user: { name: 'ann', domain: { name: 'Users' } } },
      scope: { project: { name: 'web', domain: { id: 'd1' } } },
      ...{ region: 'R', interface: 'internal' },
    });
    expect(settings.identity.secret.reveal()).toBe('p');
    expect(JSON.stringify(settings)).not.toContain('"p"');
  });

  it('prefers ids, and takes the default domain where none is said', () => {
    expect(read({ auth: { ...auth, user_id: 'u1', project_id: 'p1' } })).toMatchObject({
      identity: { user: { id: 'u1' } },
      scope: { project: { id: 'p1' } },
    });
    expect(read({ auth })).toMatchObject({ identity: { user: { domain: { id: 'default' } } }, interface: 'public' });
  });

  it('reads application credentials by id or by name, which have a project of their own', () => {
    const secret = { auth_url: 'https://c/v3', application_credential_secret: 's' };
    const byId = read({ auth: { ...secret, application_credential_id: 'a1', project_name: 'web' } });
    expect(byId).toMatchObject({ identity: { method: 'application_credential', credential: { id: 'a1' } } });
    expect(byId.scope).toBeUndefined();
    const byName = { ...secret, application_credential_name: 'ci', username: 'ann' };
    expect(read({ auth: byName })).toMatchObject({ identity: { credential: { name: 'ci', user: { name: 'ann' } } } });
  });

  it('reads addresses that are given, and variables', () => {
    expect(read({ auth, image_endpoint_override: 'https://images' }).endpoints).toEqual({ image: 'https://images' });
    const env = {
      OS_AUTH_URL: 'https://c/v3',
      OS_USERNAME: 'ann',
      OS_PASSWORD: 'p',
      OS_CACERT: '/ca',
      HOME: '/',
      OS_REGION_NAME: '',
    };
    expect(cloudSettings('here', cloudOfEnvironment(env))).toMatchObject({ authUrl: 'https://c/v3', ca: '/ca' });
  });

  it.each(['auth_url', 'username', 'password'])('says that %s is missing', (key) => {
    expect(() => read({ auth: { ...auth, [key]: '' } })).toThrow(`cloud x has no ${key}`);
  });
});

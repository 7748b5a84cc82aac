/** Glance behind a real Keystone: who may enter, by which credential, and whose images count. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGlance } from '../../src/store/glance/open-glance.ts';
import { cloud, type Cloud } from '../support/glance.ts';
import { sampleImage, store } from '../support/sample-images.ts';

let server: Cloud;
let directory: string;
let admin: Readonly<Record<string, string>>;
beforeAll(async () => {
  server = await cloud();
  directory = await mkdtemp(join(tmpdir(), 'clouds-'));
  admin = {
    ...{ OS_AUTH_URL: server.authUrl, OS_USERNAME: 'admin', OS_PASSWORD: 'secret', OS_PROJECT_NAME: 'admin' },
    ...{ OS_USER_DOMAIN_ID: 'default', OS_PROJECT_DOMAIN_ID: 'default', OS_REGION_NAME: 'RegionOne' },
  };
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const open = (env: Readonly<Record<string, string>>, more: object = {}) =>
  openGlance({ name: 'cloud', directory, ...more }, env);

/** A request of the Identity API as admin. */
async function identity(path: string, body: object): Promise<Record<string, Record<string, unknown>>> {
  const user = { name: 'admin', domain: { id: 'default' }, password: 'secret' };
  const scope = { project: { name: 'admin', domain: { id: 'default' } } };
  const auth = { identity: { methods: ['password'], password: { user } }, scope };
  const headers = { 'content-type': 'application/json' };
  const post = (to: string, what: object, more: object = {}) =>
    fetch(`${server.authUrl}/${to}`, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(what) });
  const token = await post('auth/tokens', { auth });
  const known = (await token.json()) as { token: { user: { id: string } } };
  const subject = token.headers.get('x-subject-token') ?? '';
  const answer = await post(path.replace('ME', known.token.user.id), body, { 'x-auth-token': subject });
  return (await answer.json()) as Record<string, Record<string, unknown>>;
}

describe('openGlance with Keystone', () => {
  it('stores and reads with a password of the environment', async () => {
    const registry = await open(admin);
    await registry.check();
    const image = sampleImage([200_000]);
    await store(registry, 'php', image, '8.2');
    expect((await (await open(admin)).resolve('php', '8.2'))?.digest).toBe(image.manifest.digest);
    expect(await registry.list()).toMatchObject([{ repository: 'php', tag: '8.2' }]);
  });

  it('enters with an application credential of a clouds.yaml, its secret in secure.yaml', async () => {
    const made = await identity('users/ME/application_credentials', { application_credential: { name: 'stratos' } });
    const { id, secret } = made.application_credential ?? {};
    const entry = {
      auth_type: 'v3applicationcredential',
      auth: { auth_url: server.authUrl, application_credential_id: id },
    };
    await writeFile(join(directory, 'clouds.yaml'), JSON.stringify({ clouds: { mine: entry } }));
    const secure = { clouds: { mine: { auth: { application_credential_secret: secret } } } };
    await writeFile(join(directory, 'secure.yaml'), JSON.stringify(secure));
    const registry = await open({ HOME: directory }, { cloud: 'mine' });
    expect(await registry.list()).toMatchObject([{ repository: 'php', tag: '8.2' }]);
    await expect(open({ HOME: directory }, { cloud: 'other' })).rejects.toThrow(/it has mine/);
  });

  it('counts the images of its own project alone', async () => {
    const made = await identity('projects', { project: { name: 'other', domain_id: 'default' } });
    const project = String(made.project?.id);
    expect(await (await open(admin, { project })).list()).toEqual([]);
  });

  it('refuses a wrong password, and says it nowhere', async () => {
    const registry = await open({ ...admin, OS_PASSWORD: 'hunter2' });
    const failure: unknown = await registry.check().catch((error: unknown) => error);
    expect(failure).toMatchObject({ failure: 'unauthorized', registry: 'cloud' });
    expect(String((failure as Error).stack)).not.toContain('hunter2');
    await expect((await open({ ...admin, OS_REGION_NAME: 'nowhere' })).check()).rejects.toThrow(
      /image service of the cloud in nowhere/,
    );
    await expect(open({})).rejects.toThrow(/has no auth_url/);
  });
});

/** The contract, on `openstack` with the control plane of Debian; and what only OpenStack has. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { openstackCloud, type OpenstackCloud } from '../support/openstack-cloud.ts';
import { iaasContract } from './iaas.contract.ts';

let cloud: OpenstackCloud;
beforeAll(async () => {
  cloud = await openstackCloud();
});
afterAll(() => cloud[Symbol.asyncDispose]());

iaasContract('openstack', () => Promise.resolve(cloud.subject));

describe('openstack', () => {
  const machines = (): Promise<readonly { readonly id: string; readonly name: string }[]> =>
    cloud.api.ask('compute', 'servers').then(({ servers }) => servers as { id: string; name: string }[]);
  const floating = async (): Promise<readonly unknown[]> =>
    (await cloud.api.ask('network', 'v2.0/floatingips')).floatingips as unknown[];
  const create = async (provider: IaasProvider, vm: string, change: object = {}) =>
    provider.create(await cloud.subject.request(vm, change));

  it('gives machines floating addresses, which end with them, and takes back those of machines that others ended', async () => {
    const pool = await cloud.floatingPool();
    const provider = cloud.provider('floats', { floating: 'public', addresses: { one: '10.77.0.77' } });
    const machine = await create(provider, 'one');
    expect(machine.endpoint?.address).toMatch(pool);
    expect(await cloud.addresses(machine.id)).toContain('10.77.0.77');
    expect(await create(provider, 'one')).toEqual(machine);
    expect(await provider.list()).toEqual([machine]);
    // As of a machine that somebody else ended: an address with our mark, and no port any more.
    await cloud.floatingLeftOver('floats');
    await provider.delete(machine.id);
    expect(await floating()).toEqual([]);
  });

  it('takes the older of two machines that were made for one VM, and ends the other', async () => {
    const provider = cloud.provider('doubled');
    const machine = await create(provider, 'one');
    // As if the first had been made by a question whose answer never came, and that Nova had not yet worked on.
    cloud.hideOnce();
    expect(await create(provider, 'one')).toEqual(machine);
    await vi.waitUntil(async () => (await provider.list()).length === 1, 30_000);
    expect(await provider.list()).toEqual([machine]);
    await provider.delete(machine.id);
  });

  it('enters again once when its token has ended before its time', async () => {
    const provider = cloud.provider('tokens');
    await provider.list();
    const before = cloud.entries();
    cloud.endToken();
    expect(await provider.list()).toEqual([]);
    expect(cloud.entries()).toBe(before + 1);
  });

  it('enters with an application credential whose secret is kept elsewhere', async () => {
    const made = await cloud.api.identity('users/ME/application_credentials', {
      application_credential: { name: 'c' },
    });
    const { id, secret } = made.application_credential as { id: string; secret: string };
    const env = { OS_AUTH_URL: cloud.api.urls.identity, OS_APPLICATION_CREDENTIAL_ID: id, SECRET: secret };
    const ref = { kind: 'env', variable: 'SECRET' } as const;
    await expect(cloud.provider('app', { secret: ref }, env).check()).resolves.toBeUndefined();
    const wrong = cloud.provider('app', { secret: ref }, { ...env, SECRET: 'hunter2' });
    const error: unknown = await wrong.check().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ failure: 'unauthorized', hint: 'openstack token issue' });
    expect(String((error as Error).stack)).not.toContain('hunter2');
  });

  it('refuses as invalid what the cloud does not have, and says what', async () => {
    const missing: readonly [object, RegExp][] = [
      [{ image: 'no-such' }, /image "no-such"/],
      [{ network: 'no-such' }, /network "no-such"/],
      [{ serverGroup: 'no-such' }, /server group "no-such"/],
      [{ keyName: 'no-such' }, /key_name/],
      [{ securityGroups: ['no-such'] }, /security_group .*no-such/],
      [{ zones: ['no-such'] }, /availability zone/],
      [{ cloud: 'no-such' }, /no clouds.yaml/],
    ];
    for (const [change, words] of missing) {
      const error: unknown = await create(cloud.provider('bad', change), 'bad').catch((reason: unknown) => reason);
      expect(error).toMatchObject({ failure: 'invalid' });
      expect((error as Error).message).toMatch(words);
    }
    expect((await machines()).filter(({ name }) => name === 'bad')).toEqual([]);
  });

  it('surveys quota and network, and takes the smallest size that offers as much', async () => {
    const provider = cloud.provider('survey');
    const { size } = await cloud.subject.request('one');
    const { name: _, ...unnamed } = size;
    const findings = (await provider.survey?.([unnamed])) ?? [];
    expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(findings.map(({ detail }) => detail).join('\n')).toMatch(
      /of 100 machines.*\n.*\nprivate is .*\nm2 has 2 vCPUs/,
    );
    expect((await provider.sizes?.())?.map((each) => each.name)).toEqual(expect.arrayContaining(['m1', 'm2']));
    const blind = await cloud.provider('survey', { image: 'no-such' }).survey?.([size]);
    expect(blind?.filter(({ status }) => status === 'failed').map(({ subject }) => subject)).toEqual(['image']);
    const open = await cloud.provider('survey', { securityGroups: ['default', 'no-such'] }).survey?.([size]);
    const failed = open?.filter(({ status }) => status === 'failed');
    expect(failed).toMatchObject([{ subject: 'network', hint: 'openstack security group list' }]);
  });
});

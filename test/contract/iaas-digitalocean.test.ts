/** The contract, on `digitalocean` against a peer that is checked by DigitalOcean's document; and what only DigitalOcean does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { retrying } from '../../src/iaas/decorate/retrying.ts';
import { decorate } from '../../src/iaas/decorate/around.ts';
import { digitaloceanProvider } from '../../src/iaas/digitalocean/digitalocean-provider.ts';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { DigitalOceanIaasSpec } from '../../src/model/iaas/digitalocean.ts';
import { digitaloceanPeer, GUEST, type DigitalOceanPeer } from '../support/digitalocean-peer.ts';
import { machineRequest } from '../support/machine-request.ts';
import { openApiCheck } from '../support/openapi-check.ts';
import { iaasContract } from './iaas.contract.ts';

const context = (lineage: string, env: Record<string, string> = { DIGITALOCEAN_TOKEN: 'digitalocean-token' }) => ({
  lineage,
  env,
  onStep: () => undefined,
});

const specOf = (url: string, change: Partial<DigitalOceanIaasSpec> = {}): DigitalOceanIaasSpec => ({
  kind: 'digitalocean',
  name: 'ocean',
  user: 'stratos',
  timeout: millis(1000),
  concurrency: 8,
  url,
  regions: ['fra1', 'ams3'],
  image: 'debian-12-x64',
  vpcs: ['inside-fra1', 'inside-ams3'],
  tags: ['firewall:web'],
  publicAddresses: ['ipv4'],
  address: 'ipv4',
  ...change,
});

iaasContract('digitalocean', async () => {
  const peer = await digitaloceanPeer();
  const open = (lineage: string, change: Partial<DigitalOceanIaasSpec> = {}): IaasProvider =>
    digitaloceanProvider(specOf(peer.url, change), context(lineage), millis(40));
  return {
    provider: open('one'),
    other: open('two'),
    sibling: open('one', { name: 'amsterdam' }),
    request: machineRequest({ cpu: cores(2), memory: bytes(2 ** 31), name: 's-2vcpu-4gb' }),
    zones: ['fra1', 'ams3'],
    beyondOnePage: 12,
    guestImage: String(GUEST),
    held: peer.held,
    faults: peer.all,
    [Symbol.asyncDispose]: async () => {
      await peer[Symbol.asyncDispose]();
      expect(peer.violations).toEqual([]);
    },
  };
});

describe('digitalocean', () => {
  let peer: DigitalOceanPeer;
  const open = (change: Partial<DigitalOceanIaasSpec> = {}): IaasProvider =>
    digitaloceanProvider(specOf(peer.url, change), context('one'), millis(40));
  const request = machineRequest({ cpu: cores(2), memory: bytes(2 ** 31) });
  const again = { attempts: 9, firstWait: millis(100), longestWait: millis(1000) };
  beforeEach(async () => {
    peer = await digitaloceanPeer();
  });
  afterEach(async () => {
    await peer[Symbol.asyncDispose]();
    expect(peer.violations).toEqual([]);
  });

  it('is checked by DigitalOcean’s own document', () => {
    const check = openApiCheck('digitalocean');
    const made = check('post', '/v2/droplets');
    const body = { name: 'web-1', image: 1, size: 's-1vcpu-1gb' };
    const none = new URLSearchParams();
    expect(made?.request(none, body)).toEqual([]);
    expect(made?.request(none, { ...body, name: 'web_1' })).not.toEqual([]);
    expect(made?.request(none, { ...body, server_type: 'cx23' })).not.toEqual([]);
    expect(made?.answer(202, { droplet: { id: 1 }, links: {} })).not.toEqual([]);
    expect(check('get', '/v2/droplets')?.request(new URLSearchParams('per_page=500'), undefined)).toHaveLength(1);
    expect(check('post', '/v2/droplets/1/actions')?.request(none, { type: 'shut_down' })).not.toEqual([]);
  });

  it('takes the next region where one is full', async () => {
    peer.fill('fra1');
    expect((await open().create(await request('web-1'))).zone).toBe('ams3');
    await expect(open().create(await request('web-2', { zone: 'fra1' }))).rejects.toMatchObject({
      failure: 'no-capacity',
    });
  });

  it('ends a droplet that was announced and could not be made', async () => {
    peer.failMaking();
    const provider = open();
    await expect(provider.create(await request('web-1'))).rejects.toMatchObject({ failure: 'unavailable' });
    const machine = await decorate(provider, retrying(again)).create(await request('web-1'));
    expect(await provider.list()).toEqual([machine]);
    expect(peer.asked.filter((name) => name === 'post /v2/droplets')).toHaveLength(2);
  });

  it('makes no second droplet while the tags of the first are still to come', async () => {
    peer.tagging = 400;
    peer.all.loseAnswer();
    const provider = open({ timeout: millis(3000) });
    await expect(provider.create(await request('web-1'))).rejects.toMatchObject({ failure: 'unavailable' });
    await expect(provider.create(await request('web-1'))).rejects.toThrow(
      'Cannot use VM web-1 yet as its droplet has no tags',
    );
    const machine = await decorate(provider, retrying(again)).create(await request('web-1'));
    expect(await provider.list()).toEqual([machine]);
    expect(peer.asked.filter((name) => name === 'post /v2/droplets')).toHaveLength(1);
  });

  it('cuts the power of a machine that does not heed its button', async () => {
    const provider = open({ timeout: millis(2000) });
    const { id } = await provider.create(await request('web-1'));
    peer.deaf = true;
    await provider.stop(id);
    expect(peer.asked.filter((name) => name === 'post /v2/droplets/{droplet_id}/actions')).toHaveLength(2);
    expect((await provider.list())[0]?.state).toBe('stopped');
  });

  it('chooses the cheapest size that is enough, on sale, and without a graphics processor', async () => {
    const made = async (vm: string, cpu: number): Promise<string> => {
      const size = { cpu: cores(cpu), memory: bytes(2 ** 31) };
      return (await peer.held((await open().create(await request(vm, { size }))).id)).size;
    };
    expect(await made('web-1', 2)).toBe('s-2vcpu-4gb');
    expect(await made('web-2', 3)).toBe('s-4vcpu-8gb');
    await expect(made('web-3', 64)).rejects.toThrow('no size of ocean in fra1 is enough: 64 CPUs and 2Gi');
    expect(await open().sizes?.()).toContainEqual(
      expect.objectContaining({ name: 's-2vcpu-4gb', cpu: 2, memory: 2 ** 32, disk: 80 * 2 ** 30, price: 0.03571 }),
    );
  });

  it('connects by the address that the spec says', async () => {
    const address = async (change: Partial<DigitalOceanIaasSpec>, vm: string): Promise<string | undefined> =>
      (await open(change).create(await request(vm))).endpoint?.address;
    expect(await address({}, 'web-1')).toMatch(/^198\.51\./);
    expect(await address({ address: 'ipv6', publicAddresses: ['ipv4', 'ipv6'] }, 'web-2')).toMatch(/^2001:db8:/);
    expect(await address({ address: 'private', publicAddresses: [] }, 'web-3')).toMatch(/^10\.10\./);
  });

  it('makes machines of what it baked', async () => {
    const provider = open();
    const { id } = await provider.create(await request('web-1'));
    const first = await provider.bake?.(id, 'prepared');
    const second = await provider.bake?.(id, 'prepared');
    expect(second).not.toBe(first);
    const baked = open({ image: second ?? '' });
    expect(await baked.create(await request('web-2'))).toMatchObject({ state: 'running' });
    expect((await baked.survey?.([]))?.find(({ subject }) => subject === 'image')).toMatchObject({
      status: 'failed',
      detail: `Cannot use image ${second ?? ''} as it is not in region ams3`,
    });
  });

  it.each([
    [{ image: 'debain-12-x64' }, 'image', 'Cannot use the image as ocean has no such image: debain-12-x64'],
    [{ vpcs: ['outside'] }, 'network', 'Cannot use the VPC as ocean has no such VPC: outside'],
    [{ vpcs: ['inside-nyc3'] }, 'network', 'Cannot use a VPC as ocean names none of region fra1'],
    [{ regions: ['fra9'], vpcs: [] }, 'network', 'Cannot use region fra9 as ocean has none of this name'],
  ])('survey says what is wrong with %j', async (change, subject, detail) => {
    const size = { cpu: cores(2), memory: bytes(2 ** 31) };
    const findings = (await open(change).survey?.([size])) ?? [];
    expect(findings.filter(({ status }) => status === 'failed')).toEqual([{ subject, status: 'failed', detail }]);
    expect(findings).toContainEqual({
      subject: 'price',
      status: 'ok',
      detail: '0.03571 an hour for s-2vcpu-4gb of ocean',
      of: size,
    });
  });

  it('survey counts what may be made still', async () => {
    await open().create(await request('web-1'));
    const quota = async () => (await open().survey?.([]))?.find(({ subject }) => subject === 'quota');
    expect(await quota()).toMatchObject({ status: 'ok', detail: '1 of 25 droplets of ocean are there' });
    peer.limit = 1;
    expect(await quota()).toMatchObject({
      status: 'failed',
      detail: 'Cannot make machines as 1 of 1 droplets of ocean are there',
    });
  });

  it('takes the token of either variable, and is unauthorized without', async () => {
    const entering = (env: Record<string, string>) =>
      digitaloceanProvider(specOf(peer.url), context('one', env)).check();
    await expect(entering({ DIGITALOCEAN_ACCESS_TOKEN: 'digitalocean-token' })).resolves.toBeUndefined();
    await expect(entering({})).rejects.toMatchObject({ failure: 'unauthorized', hint: 'export DIGITALOCEAN_TOKEN=…' });
    await expect(entering({ DIGITALOCEAN_TOKEN: 'guess' })).rejects.toMatchObject({ failure: 'unauthorized' });
  });
});

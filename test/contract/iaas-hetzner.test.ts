/** The contract, on `hetzner` against a peer that is checked by Hetzner's document; and what only Hetzner does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hetznerProvider } from '../../src/iaas/hetzner/hetzner-provider.ts';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { HetznerIaasSpec } from '../../src/model/iaas/hetzner.ts';
import { machineRequest } from '../support/machine-request.ts';
import { openApiCheck } from '../support/openapi-check.ts';
import { GUEST, hetznerPeer, type HetznerPeer } from '../support/hetzner-peer.ts';
import { iaasContract } from './iaas.contract.ts';

const context = (lineage: string, token = 'hetzner-token') => ({
  lineage,
  env: { HCLOUD_TOKEN: token },
  onStep: () => undefined,
});

const specOf = (url: string, change: Partial<HetznerIaasSpec> = {}): HetznerIaasSpec => ({
  kind: 'hetzner',
  name: 'falkenstein',
  user: 'stratos',
  timeout: millis(1000),
  concurrency: 8,
  token: { kind: 'env', variable: 'HCLOUD_TOKEN' },
  url,
  locations: ['fsn1', 'nbg1'],
  image: 'debian-12',
  architecture: 'x86',
  networks: [],
  firewalls: ['web'],
  placementGroup: 'apart',
  publicAddresses: ['ipv4', 'ipv6'],
  address: 'ipv4',
  ...change,
});

iaasContract('hetzner', async () => {
  const peer = await hetznerPeer();
  const open = (lineage: string, change: Partial<HetznerIaasSpec> = {}): IaasProvider =>
    hetznerProvider(specOf(peer.url, change), context(lineage), millis(40));
  return {
    provider: open('one'),
    other: open('two'),
    sibling: open('one', { name: 'nuremberg' }),
    request: machineRequest({ cpu: cores(2), memory: bytes(2 ** 31), name: 'cx23' }),
    zones: ['fsn1', 'nbg1'],
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

describe('hetzner', () => {
  it('is checked by Hetzner’s own document', () => {
    const check = openApiCheck('hetzner');
    const made = check('post', '/servers');
    const body = { name: 'web-1', image: '1', server_type: 'cx23' };
    expect(made?.request(new URLSearchParams(), body)).toEqual([]);
    expect(made?.request(new URLSearchParams(), { ...body, size: 'cx23' })).toHaveLength(1);
    expect(made?.request(new URLSearchParams(), { ...body, labels: { a: 'no/slash' } })).not.toEqual([]);
    expect(made?.answer(201, { server: {} })).not.toEqual([]);
    expect(check('get', '/servers')?.request(new URLSearchParams('labels=a'), undefined)).toHaveLength(1);
    expect(check('patch', '/servers')).toBeUndefined();
  });

  let peer: HetznerPeer;
  const open = (change: Partial<HetznerIaasSpec> = {}): IaasProvider =>
    hetznerProvider(specOf(peer.url, change), context('one'), millis(40));
  const request = machineRequest({ cpu: cores(2), memory: bytes(2 ** 31) });
  beforeEach(async () => {
    peer = await hetznerPeer();
  });
  afterEach(async () => {
    await peer[Symbol.asyncDispose]();
    expect(peer.violations).toEqual([]);
  });

  it('takes the next location where one is full, and says so where all are', async () => {
    const free = peer.fill('fsn1');
    const machine = await open().create(await request('web-1'));
    expect(machine.zone).toBe('nbg1');
    await expect(open().create(await request('web-2', { zone: 'fsn1' }))).rejects.toMatchObject({
      failure: 'no-capacity',
    });
    peer.fill('nbg1');
    await expect(open().create(await request('web-2'))).rejects.toMatchObject({ failure: 'no-capacity' });
    free();
    expect((await open().create(await request('web-2'))).zone).toBe('fsn1');
  });

  it('ends a server that was announced and could not be made, and goes to the next location', async () => {
    peer.failMaking('resource_unavailable');
    const provider = open();
    const machine = await provider.create(await request('web-1'));
    expect(machine.zone).toBe('nbg1');
    expect((await provider.list()).filter(({ state }) => state !== 'deleting')).toEqual([machine]);
  });

  it('takes a server that a listing does not show yet, as its name is unique', async () => {
    const machine = await open().create(await request('web-1'));
    peer.hideOnce();
    expect(await open().create(await request('web-1'))).toEqual(machine);
  });

  it('cuts the power of a machine that does not heed its button', async () => {
    const provider = open({ timeout: millis(2000) });
    const { id } = await provider.create(await request('web-1'));
    peer.deaf = true;
    await provider.stop(id);
    expect(peer.asked.filter((name) => /shutdown|poweroff/.test(name))).toHaveLength(2);
    expect((await provider.list())[0]?.state).toBe('stopped');
  });

  it('chooses the cheapest size that is enough, of its architecture, and not given up', async () => {
    const made = async (provider: IaasProvider, vm: string, cpu: number): Promise<string> => {
      const size = { cpu: cores(cpu), memory: bytes(2 ** 31) };
      return (await peer.held((await provider.create(await request(vm, { size }))).id)).size;
    };
    expect(await made(open(), 'web-1', 2)).toBe('cx23');
    expect(await made(open(), 'web-2', 3)).toBe('cx33');
    expect(await made(open({ architecture: 'arm' }), 'web-3', 1)).toBe('cax11');
    await expect(made(open(), 'web-4', 64)).rejects.toThrow(
      'Cannot get a machine as no size of falkenstein at fsn1 is enough: 64 CPUs and 2Gi',
    );
    expect(await open().sizes?.()).toContainEqual(
      expect.objectContaining({ name: 'cx23', cpu: 2, memory: 2 ** 32, price: 0.0072 }),
    );
  });

  it('connects by the address that the spec says', async () => {
    const address = async (change: Partial<HetznerIaasSpec>, vm: string): Promise<string | undefined> =>
      (await open(change).create(await request(vm))).endpoint?.address;
    expect(await address({}, 'web-1')).toMatch(/^198\.51\./);
    expect(await address({ address: 'ipv6', publicAddresses: ['ipv6'] }, 'web-2')).toMatch(/^2001:db8:[0-9a-f]+::1$/);
    const inside = { address: 'private', publicAddresses: [], networks: ['inside'] } as const;
    expect(await address(inside, 'web-3')).toMatch(/^10\.0\./);
  });

  it('makes machines of what it baked', async () => {
    const provider = open();
    const { id } = await provider.create(await request('web-1'));
    const image = await provider.bake?.(id, 'prepared');
    expect(await open({ image: image ?? '' }).create(await request('web-2'))).toMatchObject({ state: 'running' });
  });

  it.each([
    [{ image: 'debain-12' }, 'image', 'Cannot use the image as falkenstein has no such image: debain-12 (x86)'],
    [{ image: '99' }, 'image', 'Cannot use the image as falkenstein has no such image: 99'],
    [{ networks: ['outside'] }, 'network', 'Cannot use the network as falkenstein has no such network: outside'],
    [{ locations: ['fsn9'] }, 'network', 'Cannot use location fsn9 as falkenstein has none of this name'],
  ])('survey says what is wrong with %j', async (change, subject, detail) => {
    const size = { cpu: cores(2), memory: bytes(2 ** 31) };
    const findings = (await open(change).survey?.([size])) ?? [];
    expect(findings.filter(({ status }) => status === 'failed')).toEqual([{ subject, status: 'failed', detail }]);
    expect(findings).toContainEqual({
      subject: 'price',
      status: 'ok',
      detail: expect.stringMatching(/^0\.00\d+ an hour for cx23 of falkenstein$/) as string,
      of: size,
    });
  });

  it('is unauthorized without a token, and with a wrong one', async () => {
    const without = hetznerProvider(specOf(peer.url), { ...context('one'), env: {} });
    await expect(without.check()).rejects.toMatchObject({ failure: 'unauthorized', hint: 'export HCLOUD_TOKEN=…' });
    const wrong = hetznerProvider(specOf(peer.url), context('one', 'guess'));
    expect(await wrong.survey?.([])).toMatchObject([{ subject: 'credentials', status: 'failed' }]);
  });
});

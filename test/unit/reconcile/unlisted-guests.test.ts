import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmRecord } from '../../../src/model/inventory.ts';
import type { IaasObservation, Machine, Observation, VmObservation } from '../../../src/model/observation.ts';
import type { Spec } from '../../../src/model/spec.ts';
import { unlistedGuests } from '../../../src/reconcile/unlisted-guests.ts';
import { aCartridge, aSpec, converge, planFor } from '../../support/builders.ts';

const { signal } = new AbortController();
const HERE = { address: '127.0.0.1', port: 22, user: '', hostKeys: [] };
const spec = aSpec({
  partitions: { web: {}, own: { guestsOf: 'web' } },
  cartridges: { php: {}, guest: { partition: 'own', runtime: 'vm' } },
  subscriptions: { shop: { port: 8080, min: 1 }, app: { cartridge: 'guest', port: 8081, min: 2 } },
});
const world = converge(spec);
const { inventory, observation } = world;
/** As it is seen where a page of the listing is missing: nothing tells of one machine. */
const halved = ({ vms: { 'own-1': _unseen, ...vms }, iaas, ...rest }: Observation) => ({
  ...{ ...rest, vms },
  iaas: Object.fromEntries(
    Object.entries(iaas).map(([name, listing]) => [
      name,
      listing.status === 'listed'
        ? { ...listing, machines: listing.machines.filter(({ vm }) => vm !== 'own-1') }
        : listing,
    ]),
  ),
});
const half = halved(observation);
const process = inventory.processes.find(({ vm }) => vm === 'own-1')?.name ?? '';
const kinds = (seen: typeof half) =>
  planFor(spec, { ...world, observation: seen }).stages.flatMap(({ actions }) => actions.map(({ kind }) => kind));

/** Answers as a gateway that finds these servers up. */
const gateway = (servers: Readonly<Record<string, boolean>>, asked: string[] = []) => {
  return ({ name }: VmRecord): Promise<VmObservation | undefined> => {
    asked.push(name);
    const seen = observation.vms[name];
    return Promise.resolve(seen?.status === 'reached' ? { ...seen, gateway: { ...seen.gateway, servers } } : seen);
  };
};

describe('unlistedGuests', () => {
  it('makes no second machine beside one that half a listing misses and a gateway finds up', async () => {
    expect(kinds(half)).toEqual(expect.arrayContaining(['vm.forget', 'vm.create']));
    const found = await unlistedGuests(spec, inventory, half.iaas, gateway({ [process]: true }), signal);
    expect(Object.keys(found)).toEqual(['own-1']);
    const seen = { ...half, vms: { ...half.vms, ...found } };
    expect(kinds(seen)).toEqual([]);
    expect(planFor(spec, { ...world, observation: seen }).notices).toContainEqual({
      target: 'own-1',
      message: expect.stringMatching(/^lab does not list its machine .*, and it answers: it stays$/) as string,
    });
  });

  it('takes one that no gateway finds up for gone', async () => {
    expect(await unlistedGuests(spec, inventory, half.iaas, gateway({ [process]: false }), signal)).toEqual({});
  });

  it('asks the gateways of its home alone, and only where something is missing', async () => {
    const asked: string[] = [];
    await unlistedGuests(spec, inventory, observation.iaas, gateway({}, asked), signal);
    await unlistedGuests(spec, inventory, { lab: { status: 'failed', message: '' } }, gateway({}, asked), signal);
    expect(asked).toEqual([]);
    await unlistedGuests(spec, inventory, half.iaas, gateway({ [process]: true }, asked), signal);
    expect(asked).toEqual(['web-1']);
  });

  describe('where no gateway tells of it', () => {
    const server = createServer((request, answer) => answer.writeHead(request.url === '/' ? 200 : 404).end());
    beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    /** A fleet without gateways, its guest listening at this address, and half a listing of it. */
    const alone = (path = '/') => {
      const { own, ...others } = spec.partitions;
      const { gateway: _gateway, ...ungated } = own ?? {};
      const guest = aCartridge('guest', {
        ...{ partition: 'own', runtime: 'vm', health: { path } },
        ports: [{ name: 'http', port: (server.address() as AddressInfo).port, protocol: 'http' }],
      });
      const partitions = { ...others, own: ungated } as Spec['partitions'];
      const of: Spec = { ...spec, partitions, cartridges: { ...spec.cartridges, guest } };
      const settled = converge(of);
      const vms = settled.inventory.vms.map((vm) => (vm.name === 'own-1' ? { ...vm, endpoint: HERE } : vm));
      return {
        of,
        inventory: { ...settled.inventory, vms },
        listed: halved(settled.observation),
      };
    };
    const look = (
      { of, inventory: recorded, listed }: ReturnType<typeof alone>,
      more: Readonly<Record<string, IaasObservation>> = {},
    ) => unlistedGuests(of, recorded, { ...listed.iaas, ...more }, () => Promise.resolve(undefined), signal);

    it('makes no second machine beside one that answers from here', async () => {
      const fleet = alone();
      const found = await look(fleet);
      const planned = (seen: typeof found) => {
        const { of, inventory: recorded, listed } = fleet;
        const observed = { ...listed, vms: { ...listed.vms, ...seen } };
        const { stages } = planFor(of, { ...world, inventory: recorded, observation: observed });
        return stages.flatMap(({ actions }) => actions.map(({ kind }) => kind));
      };
      expect(planned({})).toEqual(expect.arrayContaining(['vm.forget', 'vm.create']));
      expect(Object.keys(found)).toEqual(['own-1']);
      expect(planned(found)).toEqual([]);
    });

    it('takes one that does not, or whose address is another machine’s by now, for gone', async () => {
      expect(await look(alone('/elsewhere'))).toEqual({});
      const taken: Machine = { id: 'other', vm: 'web-9', state: 'running', endpoint: HERE };
      expect(await look(alone(), { edge: { status: 'listed', machines: [taken] } })).toEqual({});
    });
  });
});

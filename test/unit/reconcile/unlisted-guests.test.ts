import { describe, expect, it } from 'vitest';
import type { VmRecord } from '../../../src/model/inventory.ts';
import type { VmObservation } from '../../../src/model/observation.ts';
import { unlistedGuests } from '../../../src/reconcile/unlisted-guests.ts';
import { aSpec, converge, planFor } from '../../support/builders.ts';

const spec = aSpec({
  partitions: { web: {}, own: { guestsOf: 'web' } },
  cartridges: { php: {}, guest: { partition: 'own', runtime: 'vm' } },
  subscriptions: { shop: { port: 8080, min: 1 }, app: { cartridge: 'guest', port: 8081, min: 2 } },
});
const world = converge(spec);
const { inventory, observation } = world;
const { 'own-1': _unseen, ...vms } = observation.vms;
const listing = observation.iaas.lab;
/** As it is seen where a page of the listing is missing: nothing tells of one machine. */
const half = {
  ...observation,
  vms,
  iaas: {
    lab:
      listing?.status === 'listed'
        ? { status: 'listed' as const, machines: listing.machines.filter(({ vm }) => vm !== 'own-1') }
        : { status: 'failed' as const, message: '' },
  },
};
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
    const found = await unlistedGuests(spec, inventory, half.iaas, gateway({ [process]: true }));
    expect(Object.keys(found)).toEqual(['own-1']);
    const seen = { ...half, vms: { ...half.vms, ...found } };
    expect(kinds(seen)).toEqual([]);
    expect(planFor(spec, { ...world, observation: seen }).notices).toContainEqual({
      target: 'own-1',
      message: expect.stringMatching(/^lab does not list its machine .*, and it answers: it stays$/) as string,
    });
  });

  it('takes one that no gateway finds up for gone', async () => {
    expect(await unlistedGuests(spec, inventory, half.iaas, gateway({ [process]: false }))).toEqual({});
    expect(await unlistedGuests(spec, inventory, half.iaas, () => Promise.resolve(undefined))).toEqual({});
  });

  it('asks the gateways of its home alone, and only where something is missing', async () => {
    const asked: string[] = [];
    await unlistedGuests(spec, inventory, observation.iaas, gateway({}, asked));
    await unlistedGuests(spec, inventory, { lab: { status: 'failed', message: '' } }, gateway({}, asked));
    expect(asked).toEqual([]);
    await unlistedGuests(spec, inventory, half.iaas, gateway({}, asked));
    expect(asked).toEqual(['web-1']);
  });
});

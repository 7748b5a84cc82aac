/** OpenStack: servers of Nova in a network of Neutron, found by their tags, known by their metadata. */
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import type { OpenstackIaasSpec } from '../../model/iaas/openstack.ts';
import type { FirstFacts } from '../cloud/first-facts.ts';
import { LABEL } from '../cloud/labels.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { CloudCalls } from '../cloud/lifecycle.ts';
import type { IaasContext, IaasProvider, MachineRequest } from '../provider.ts';
import { bakeImage } from './bake.ts';
import { computeOf } from './compute.ts';
import { floatingOf } from './floating.ts';
import { lookupsOf } from './lookups.ts';
import { openServices } from './open-cloud.ts';
import { faultOf, fixedAddressOf, isGone, machineOf, neverRan, START } from './server.ts';
import type { Server } from './server.ts';
import { serverRequest, tagOf } from './server-request.ts';
import { limitsOf, surveyCloud } from './survey.ts';

/** Tests make pages small. */
export interface OpenstackOptions {
  readonly page?: number;
}

/** The adapter of kind `openstack`. */
export function openstackProvider(
  spec: OpenstackIaasSpec,
  { lineage, env }: IaasContext,
  { page }: OpenstackOptions = {},
): IaasProvider {
  const { name, user } = spec;
  const services = openServices(spec, env);
  const compute = computeOf(services.compute, page);
  const ours = tagOf('lineage', lineage);
  const floating = floatingOf(services.network, ours);
  const lookups = lookupsOf(name, services, spec.volume !== undefined);

  /** Servers as machines; what is not ours is left out. */
  async function machinesOf(what: string, servers: readonly Server[], signal?: AbortSignal): Promise<Machine[]> {
    const addresses = spec.floating === undefined ? undefined : await floating.addresses(what, signal);
    return servers
      .filter((server) => !isGone(server))
      .flatMap((server) => {
        const address = addresses ? addresses.get(server.id) : fixedAddressOf(server);
        return machineOf(server, { lineage, user, address }) ?? [];
      });
  }

  /** Servers that this entry of the spec made for a VM, the oldest first: it is the one that counts. */
  async function madeFor(vm: string, signal?: AbortSignal): Promise<readonly Server[]> {
    const servers = await compute.list(`find the machine of VM ${vm}`, [ours, tagOf('vm', vm)], signal);
    const mine = servers.filter(({ metadata }) => (metadata[LABEL.iaas] ?? name) === name);
    return mine.toSorted((a, b) => (`${a.created} ${a.id}` < `${b.created} ${b.id}` ? -1 : 1));
  }

  async function make(request: MachineRequest, first: FirstFacts): Promise<string> {
    const { vm, size, signal } = request;
    const [flavor, image, network, group] = await Promise.all([
      lookups.flavor(size, signal),
      lookups.image(first.image ?? spec.image, signal),
      lookups.network(spec.network, signal),
      spec.serverGroup === undefined ? undefined : lookups.group(spec.serverGroup, signal),
    ]);
    const body = serverRequest(spec, lineage, request, first, { flavor: flavor.id, image, network, group });
    const id = await compute.create(`create VM ${vm}`, body, signal);
    // Nova knows no idempotency key: one that was asked for before, or by another run, may have come only now.
    const [oldest, ...doubles] = (await madeFor(vm, signal)).filter((server) => !isGone(server));
    for (const { id: double } of doubles) await remove(double);
    return oldest?.id ?? id;
  }

  /** Asks for the end of a server, and of its floating address; Nova ends the port and the volume that it made for it. */
  async function remove(id: string): Promise<void> {
    const what = `delete machine ${id}`;
    await floating.release(what, id);
    await compute.remove(what, id);
  }

  const calls: CloudCalls = {
    async list(vm, signal) {
      const what = `list the machines of ${name}`;
      return machinesOf(what, await (vm === undefined ? compute.list(what, [ours]) : madeFor(vm, signal)), signal);
    },
    async find(id, signal) {
      const what = `find machine ${id}`;
      const server = await compute.find(what, id, signal);
      return server && (await machinesOf(what, [server], signal))[0];
    },
    make,
    async start(id, signal) {
      const what = `start machine ${id}`;
      const action = START[(await compute.find(what, id, signal))?.status ?? ''];
      if (action !== undefined) await compute.act(what, id, action, null, signal);
    },
    async stop(id) {
      await compute.act(`stop machine ${id}`, id, 'os-stop', null);
    },
    remove,
    async faultOf(id, vm) {
      const server = await compute.find(`find machine ${id}`, id);
      if (server) return { error: faultOf(name, vm, server), neverRan: neverRan(server) };
      const message = `Cannot use VM ${vm} as somebody ended its machine: ${id}`;
      return { error: new IaasError(name, 'not-found', message), neverRan: false };
    },
    ...(spec.floating !== undefined && { giveAddress: giveAddressOf(spec.floating) }),
  };

  function giveAddressOf(pool: string): NonNullable<CloudCalls['giveAddress']> {
    return async (id, signal) => {
      await floating.give(`give machine ${id} an address`, id, await lookups.network(pool, signal), signal);
    };
  }

  return cloudProvider(spec, lineage, {
    calls,
    async check() {
      await limitsOf(name, services.compute);
    },
    survey: (sizes) => surveyCloud(spec, services.compute, lookups, sizes),
    sizes: () => lookups.flavors(),
    bake: ({ id }, image, signal) => bakeImage(spec, compute, services.image, id, image, signal),
  });
}

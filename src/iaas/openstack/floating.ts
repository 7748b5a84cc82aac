/**
 * Floating addresses of Neutron. Each is made for one port, and says in its description whose it is: one of ours without a port is
 * left over from a server that somebody else ended, and goes with the next that we end.
 */
import type { JsonService } from './json-service.ts';

export interface Floating {
  /** Those of this project by the id of their server. */
  addresses(what: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Gives a server one, unless it has one already. */
  give(what: string, server: string, network: string, signal?: AbortSignal): Promise<void>;
  /** Gives back that of a server, and those left over. */
  release(what: string, server: string): Promise<void>;
}

interface FloatingIp {
  readonly id: string;
  readonly floating_ip_address: string;
  readonly port_id: string | null;
  /** Of the extension fip-port-details: OpenStack Rocky, of 2018. */
  readonly port_details?: { readonly device_id?: string } | null;
}

/** Makes the client. `mark`: what stands in the description of those of this project. */
export function floatingOf(service: JsonService, mark: string): Floating {
  const list = async (what: string, signal?: AbortSignal): Promise<readonly FloatingIp[]> => {
    const query = { description: mark };
    const answer = await service.ask({ what, path: 'v2.0/floatingips', query, ...(signal && { signal }) });
    return (answer as { floatingips: FloatingIp[] }).floatingips;
  };
  return {
    async addresses(what, signal) {
      const all = await list(what, signal);
      return new Map(
        all.flatMap((each) => {
          const server = each.port_details?.device_id;
          return server === undefined ? [] : [[server, each.floating_ip_address]];
        }),
      );
    },
    async give(what, server, network, signal) {
      const query = { device_id: server };
      const answer = await service.ask({ what, path: 'v2.0/ports', query, signal });
      const [port] = (answer as { ports: { id: string }[] }).ports;
      if (!port || (await list(what, signal)).some(({ port_id }) => port_id === port.id)) return;
      const floatingip = { floating_network_id: network, port_id: port.id, description: mark };
      await service.ask({ what, method: 'POST', path: 'v2.0/floatingips', json: { floatingip }, signal });
    },
    async release(what, server) {
      for (const { id, port_id, port_details } of await list(what))
        if (port_id === null || port_details?.device_id === server)
          await service.find({ what, method: 'DELETE', path: `v2.0/floatingips/${id}` });
    },
  };
}

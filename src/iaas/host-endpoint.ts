/** How a machine is reached where the spec says it: hosts of a static pool, and jump hosts of any IaaS. */
import type { Endpoint } from '../model/endpoint.ts';
import type { JumpSpec, StaticHost } from '../model/iaas/static.ts';

/** The endpoint of a host, with the one of its jump host. */
export function hostEndpoint(host: StaticHost): Endpoint {
  return throughJump(endpointOf(host), host.jump);
}

/** The same machine, reached through this jump host and no other. */
export function throughJump({ jump: _, ...machine }: Endpoint, jump: JumpSpec | undefined): Endpoint {
  return { ...machine, ...(jump && { jump: endpointOf(jump) }) };
}

function endpointOf({ address, port, user, hostKeys, key }: JumpSpec): Endpoint {
  return { address, port, user, hostKeys, ...(key === undefined ? {} : { identityFile: key }) };
}

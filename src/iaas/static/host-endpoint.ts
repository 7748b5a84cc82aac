/** How a host of a static pool is reached: the spec says it. */
import type { Endpoint } from '../../model/endpoint.ts';
import type { StaticHost } from '../../model/spec.ts';

/** The endpoint of a host, with the one of its jump host. */
export function hostEndpoint(host: StaticHost): Endpoint {
  const { jump } = host;
  return { ...endpointOf(host), ...(jump ? { jump: endpointOf(jump) } : {}) };
}

function endpointOf({ address, port, user, hostKeys, key }: Omit<StaticHost, 'name' | 'jump'>): Endpoint {
  return { address, port, user, hostKeys, ...(key === undefined ? {} : { identityFile: key }) };
}

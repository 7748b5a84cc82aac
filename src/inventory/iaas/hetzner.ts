/** Hetzner Cloud. */
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import type { RawHetznerIaas } from '../raw/iaas-hetzner.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { secretOf } from '../resolve-secret.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

/** Resolves it; what is there of the project is seen when it is used. */
export function hetzner(context: ResolveContext, entry: Entry, raw: RawHetznerIaas): HetznerIaasSpec {
  const { publicAddresses = ['ipv4', 'ipv6'], networks = [], placementGroup } = raw;
  const address = raw.address ?? publicAddresses[0] ?? 'private';
  const path = raw.address === undefined ? ['publicAddresses'] : ['address'];
  if (address === 'private' && networks.length === 0)
    context.report('iaas', entry, path, `${entry.name} needs networks, as its machines have no address to connect to`);
  if (address !== 'private' && !publicAddresses.includes(address))
    context.report('iaas', entry, path, `address must be one that machines get: ${address}`);
  return {
    kind: 'hetzner',
    ...cloudOf(entry.name, raw),
    token: raw.token ? secretOf(context.directory, raw.token) : { kind: 'env', variable: 'HCLOUD_TOKEN' },
    url: raw.url ?? 'https://api.hetzner.cloud/v1',
    locations: raw.locations ?? [],
    image: String(raw.image ?? 'debian-12'),
    architecture: raw.architecture ?? 'x86',
    networks: networks.map(String),
    firewalls: (raw.firewalls ?? []).map(String),
    ...(placementGroup === undefined ? {} : { placementGroup: String(placementGroup) }),
    publicAddresses,
    address,
  };
}

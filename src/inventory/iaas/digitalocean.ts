/** DigitalOcean. */
import type { DigitalOceanIaasSpec } from '../../model/iaas/digitalocean.ts';
import type { RawDigitalOceanIaas } from '../raw/iaas-digitalocean.ts';
import type { ResolveContext } from '../resolve-context.ts';
import { secretOf } from '../resolve-secret.ts';
import type { Entry } from '../spec-files.ts';
import { cloudOf } from './cloud.ts';

/** Resolves it; what is there of the team is seen when it is used. */
export function digitalocean(context: ResolveContext, entry: Entry, raw: RawDigitalOceanIaas): DigitalOceanIaasSpec {
  const { publicAddresses = ['ipv4'], regions = [], vpcs = [], tags = [] } = raw;
  const address = raw.address ?? publicAddresses[0] ?? 'private';
  if (address !== 'private' && !publicAddresses.includes(address))
    context.report('iaas', entry, ['address'], `address must be one that machines get: ${address}`);
  if (publicAddresses.includes('ipv6') && !publicAddresses.includes('ipv4'))
    context.report(
      'iaas',
      entry,
      ['publicAddresses'],
      `publicAddresses must have ipv4 as well, as DigitalOcean gives ipv6 only beside it`,
    );
  if (vpcs.length > 0 && regions.length === 0)
    context.report('iaas', entry, ['vpcs'], `${entry.name} needs regions, as a VPC is in one region`);
  for (const [index, tag] of tags.entries())
    if (tag.startsWith('stratos-'))
      context.report(
        'iaas',
        entry,
        ['tags', index],
        `tags must not begin with "stratos-", as Stratos’s own do: ${tag}`,
      );
  return {
    kind: 'digitalocean',
    ...cloudOf(entry.name, raw),
    ...(raw.token && { token: secretOf(context.directory, raw.token) }),
    url: raw.url ?? 'https://api.digitalocean.com',
    regions,
    image: String(raw.image ?? 'debian-12-x64'),
    vpcs: vpcs.map(String),
    tags,
    publicAddresses,
    address,
  };
}

/** Schema of an IaaS of kind `digitalocean`. */
import type { JsonSchema } from './json-schema.ts';
import { term } from './terms.ts';
import { ADDRESS, publicAddresses, resource, resources, vendorUrl } from './vendor-terms.ts';

export const DIGITALOCEAN = {
  kind: { const: 'digitalocean', description: 'DigitalOcean.' },
  token: term('secret', {
    description:
      'API token of the team, with the scopes account:read, actions:read, droplet, image, regions:read, sizes:read, tag and vpc:read. Default: the variable `DIGITALOCEAN_TOKEN`, else `DIGITALOCEAN_ACCESS_TOKEN`.',
    examples: [{ fromEnv: 'DIGITALOCEAN_TOKEN' }],
  }),
  url: vendorUrl('https://api.digitalocean.com'),
  regions: {
    title: 'a list of regions such as fra1',
    description: 'Where machines may be, tried in this order when a placement names no zone. Default: DigitalOcean’s choice.',
    type: 'array',
    minItems: 1,
    items: { title: 'a region such as fra1', type: 'string', pattern: '^[a-z]{3}[0-9]+$' },
    examples: [['fra1', 'ams3']],
  },
  image: resource('an image', { description: 'Slug of an image, or the id of a snapshot.', default: 'debian-12-x64' }),
  vpcs: resources('VPCs', 'Private networks, by name or id; a machine is in the one of its region. Default: the region’s own.'),
  tags: {
    title: 'a list of tags',
    description: 'Tags of the machines beside Stratos’s own: firewalls and load balancers go by them.',
    type: 'array',
    items: { title: 'a tag: letters, digits, : - and _', type: 'string', pattern: '^[A-Za-z0-9:_-]{1,255}$' },
  },
  publicAddresses: publicAddresses(['ipv4']),
  address: ADDRESS,
} satisfies Record<string, JsonSchema>;

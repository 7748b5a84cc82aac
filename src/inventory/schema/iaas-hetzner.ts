/** Schema of an IaaS of kind `hetzner`. */
import type { JsonSchema } from './json-schema.ts';
import { term } from './terms.ts';
import { ADDRESS, publicAddresses, resource, resources, vendorUrl } from './vendor-terms.ts';

export const HETZNER = {
  kind: { const: 'hetzner', description: 'Hetzner Cloud.' },
  token: term('secret', {
    description: 'API token (read and write) of the project. Default: the variable `HCLOUD_TOKEN`.',
    examples: [{ fromEnv: 'HCLOUD_TOKEN' }],
  }),
  url: vendorUrl('https://api.hetzner.cloud/v1'),
  locations: {
    title: 'a list of locations such as fsn1',
    description: 'Where machines may be, tried in this order when a placement names no zone. Default: Hetzner’s choice.',
    type: 'array',
    minItems: 1,
    items: { title: 'a location such as fsn1', type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' },
    examples: [['fsn1', 'nbg1']],
  },
  image: resource('an image', { description: 'Image of the machines, by name or id.', default: 'debian-12' }),
  architecture: {
    title: 'x86 or arm',
    description: 'Of machines whose size is not named.',
    enum: ['x86', 'arm'],
    default: 'x86',
  },
  networks: resources('networks', 'Private networks that machines are in, by name or id.'),
  firewalls: resources('firewalls', 'Firewalls of the machines, by name or id.'),
  placementGroup: resource('a placement group', { description: 'Keeps machines on different hosts, by name or id.' }),
  publicAddresses: publicAddresses(['ipv4', 'ipv6']),
  address: ADDRESS,
} satisfies Record<string, JsonSchema>;

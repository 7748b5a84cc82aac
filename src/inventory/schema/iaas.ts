/** Schema of `iaas:`: one definition for each kind. */
import { EC2 } from './iaas-ec2.ts';
import type { JsonSchema } from './json-schema.ts';
import { AZURE } from './iaas-azure.ts';
import { GCE } from './iaas-gce.ts';
import { DIGITALOCEAN } from './iaas-digitalocean.ts';
import { HETZNER } from './iaas-hetzner.ts';
import { libvirtKeys } from './iaas-libvirt.ts';
import { OPENSTACK } from './iaas-openstack.ts';
import { PROXMOX } from './iaas-proxmox.ts';
import { mapping, named, term } from './terms.ts';
import { access, hostKey } from './access.ts';

const address: JsonSchema = {
  title: 'an IP address or a host name',
  description: 'IPv4, IPv6 or a DNS name.',
  type: 'string',
  pattern: '^[A-Za-z0-9]([A-Za-z0-9.:%_-]*[A-Za-z0-9])?$|^::[A-Fa-f0-9:.]*$',
  examples: ['192.0.2.10'],
};

const jump: JsonSchema = {
  description: 'Host that is connected to first.',
  ...mapping({ address, ...access, hostKey }, { required: ['address'] }),
};

/** Keys that every cloud has. */
export const CLOUD = {
  user: {
    ...access.user,
    description:
      'Who to log in as: made at the first boot, with sudo without a password. `root` where the image lets root in.',
    default: 'stratos',
  },
  timeout: term('duration', {
    description: 'Longest time from asking for a machine to its having an address.',
    default: '10m',
  }),
  concurrency: {
    title: 'a whole number, at least 1',
    description: 'Most machines that are asked for, or ended, at one time.',
    type: 'integer',
    minimum: 1,
    default: 32,
  },
  prices: {
    title: 'a mapping from names of sizes to prices',
    description:
      'Price of an hour by the name of a size, for `sizes` of placements that have none of their own. In any currency, the same for all.',
    type: 'object',
    propertyNames: { title: 'a text without spaces', pattern: '^[!-~]{1,100}$' },
    additionalProperties: term('price'),
    examples: [{ small: 0.02, large: 0.07 }],
  },
  ratePerSecond: {
    title: 'a number above 0',
    description: 'Most calls of its API in one second. Default: no such bound; what it says with `Retry-After` is kept.',
    type: 'number',
    exclusiveMinimum: 0,
  },
  jump: { ...jump, description: 'Host that is connected to first, where machines have addresses of the cloud’s network only.' },
} satisfies Record<string, JsonSchema>;

/** Definitions of `$defs` for the kinds of IaaS. A new adapter adds its own here and to {@link IAAS}. */
export const IAAS_KINDS: Readonly<Record<string, JsonSchema>> = {
  iaasLocal: mapping(
    {
      kind: { const: 'local', description: 'Nested-LXC VMs on this machine (Linux, root).' },
      bridge: {
        title: 'the name of a network interface: at most 15 letters, digits, dots and dashes',
        description: 'Bridge the VMs are on; made when missing.',
        type: 'string',
        pattern: '^[a-z][A-Za-z0-9.-]{0,14}$',
        default: 'stratos0',
      },
      subnet: term('cidr', {
        description: 'Network of the bridge; its first address is this machine’s own.',
        default: '10.209.0.0/16',
      }),
      root: term('path', {
        description: 'Directory of the VMs’ states and file systems; a real file system, not an overlay.',
        default: '/var/lib/stratos/local',
      }),
      suite: {
        title: 'the code name of a Debian or Ubuntu release',
        description: 'Release of the VMs. Default: this machine’s own.',
        type: 'string',
        pattern: '^[a-z]+$',
        examples: ['bookworm', 'noble'],
      },
      image: term('path', {
        description: 'Root file system that VMs are made of, such as `vm bake` makes. Default: a base of `suite`, with what Stratos needs.',
        examples: ['/var/lib/stratos/local/images/stratos-web-1.tar'],
      }),
    },
    { required: ['kind'] },
  ),
  iaasStatic: mapping(
    {
      kind: { const: 'static', description: 'Machines that exist already.' },
      ...access,
      jump,
      hosts: named(mapping({ address, ...access, hostKey, jump }, { required: ['address'] }), {
        description: 'The machines by name. `user`, `port`, `key`, `knownHosts` and `jump` beside `hosts` hold for all of them.',
        minProperties: 1,
        examples: [{ rack1: { address: '192.0.2.10', hostKey: 'ssh-ed25519 AAAA…' } }],
      }),
    },
    { required: ['kind', 'hosts'] },
  ),
  iaasExec: mapping(
    {
      kind: { const: 'exec', description: 'Any cloud, by an executable of yours: docs/providers.md has its protocol.' },
      command: term('words', {
        description: 'The executable and its arguments; started in the project directory, without a shell.',
        examples: [['./iaas/our-cloud']],
      }),
      image: {
        title: 'a name',
        description: 'What the executable calls the image of machines, such as one that `vm bake` made. Default: its own choice.',
        type: 'string',
        pattern: '^[^\\u0000]+$',
        examples: ['stratos-web-1'],
      },
      env: term('env', { description: 'Variables that it gets, secrets among them.' }),
      ...CLOUD,
    },
    { required: ['kind', 'command'] },
  ),
  iaasEc2: mapping({ ...EC2, ...CLOUD }, { required: ['kind'] }),
  iaasDigitalocean: mapping({ ...DIGITALOCEAN, ...CLOUD }, { required: ['kind'] }),
  iaasHetzner: mapping({ ...HETZNER, ...CLOUD }, { required: ['kind'] }),
  iaasGce: mapping({ ...GCE, ...CLOUD }, { required: ['kind', 'project', 'zones'] }),
  iaasOpenstack: mapping({ ...OPENSTACK, ...CLOUD }, { required: ['kind', 'image', 'network'] }),
  iaasProxmox: mapping({ ...PROXMOX, ...CLOUD }, { required: ['kind', 'url', 'image'] }),
  iaasAzure: mapping(
    { ...AZURE, ...CLOUD },
    { required: ['kind', 'subscription', 'resourceGroup', 'location', 'network'] },
  ),
  iaasLibvirt: mapping({ ...libvirtKeys(jump), ...CLOUD }, { required: ['kind', 'image'] }),
};

/** `iaas:` itself. */
export const IAAS: JsonSchema = named(
  {
    title: 'a mapping with a kind',
    type: 'object',
    discriminator: { propertyName: 'kind' },
    required: ['kind'],
    oneOf: Object.keys(IAAS_KINDS).map((name) => ({ $ref: `#/$defs/${name}` })),
  },
  { description: 'Where machines come from.', examples: [{ lab: { kind: 'local' } }] },
);

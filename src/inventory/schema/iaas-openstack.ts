/** Keys of `kind: openstack` that other clouds do not have. */
import type { JsonSchema } from './json-schema.ts';
import { named, term } from './terms.ts';

/** A name or an id of something of the cloud. */
const NAME = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f]{1,255}$' } as const;
const ofCloud = (kind: string): string => `the name or the id of ${kind}`;

export const OPENSTACK = {
  kind: {
    const: 'openstack',
    description: 'A cloud by OpenStack. Without `cloud`: the one that the variables `OS_*` describe.',
  },
  cloud: {
    ...NAME,
    title: 'the name of a cloud',
    description: 'A name in `clouds.yaml`: the project’s, the user’s or the machine’s.',
    examples: ['production'],
  },
  region: { ...NAME, title: 'the name of a region', description: 'Default: the one that the cloud’s description names.' },
  ca: term('path', { description: 'Certificates of authorities to trust beside the system’s.', examples: ['ca.crt'] }),
  secret: term('secret', {
    description: 'The password, or the secret of the application credential, where the cloud’s description has none.',
  }),
  image: {
    ...NAME,
    title: ofCloud('an image'),
    description: 'What machines boot from, with cloud-init; of several with the name the newest.',
    examples: ['debian-12'],
  },
  network: {
    ...NAME,
    title: ofCloud('a network'),
    description: 'Network that machines are in.',
    examples: ['private'],
  },
  addresses: named(
    { title: 'an IP address', type: 'string', pattern: '^[0-9A-Fa-f.:]{2,45}$' },
    {
      description: 'Addresses in that network by VM, for those that others know by address. Default: the network’s choice.',
      examples: [{ 'web-1': '10.0.0.11' }],
    },
  ),
  floating: {
    ...NAME,
    title: ofCloud('a network'),
    description: 'Network of floating addresses; each machine gets one and is reached by it. Default: by its own address.',
    examples: ['public'],
  },
  securityGroups: {
    title: 'a list of names or ids of security groups',
    description: 'One must let SSH in, and what the cartridges serve. Default: the project’s group `default`.',
    type: 'array',
    minItems: 1,
    items: { ...NAME, title: ofCloud('a security group') },
    examples: [['default', 'ssh']],
  },
  zones: {
    title: 'a list of availability zones',
    description: 'Machines are spread over them. Default: the cloud’s choice.',
    type: 'array',
    minItems: 1,
    items: { ...NAME, title: 'the name of an availability zone' },
    examples: [['nova']],
  },
  volume: term('size', {
    description: 'Boot from a volume of this size, which ends with the machine. Default: from the flavor’s own disk.',
    examples: ['20Gi'],
  }),
  keyName: {
    ...NAME,
    title: 'the name of a key pair',
    description: 'A key pair of the cloud that may log in besides, for a person at the console.',
  },
  serverGroup: {
    ...NAME,
    title: ofCloud('a server group'),
    description: 'Server group of the machines, such as one with the policy `soft-anti-affinity`.',
  },
  configDrive: {
    title: 'true or false',
    description: 'First-boot data come by a disk: for networks without a metadata service.',
    type: 'boolean',
    default: false,
  },
} satisfies Record<string, JsonSchema>;

/** Keys of `kind: ec2` beside those that every cloud has. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, term } from './terms.ts';

const NAMED = { title: 'a name', type: 'string', pattern: '^[^\\u0000-\\u001f]{1,255}$' } as const satisfies JsonSchema;

const image: JsonSchema = {
  title: 'the id of an image such as ami-0123456789abcdef0, or {name, owner}',
  description: 'Image of the machines: its id, or the newest available one of an owner whose name matches. Default: the launch template’s.',
  type: ['string', 'object'],
  pattern: '^ami-[0-9a-f]+$',
  additionalProperties: false,
  required: ['name', 'owner'],
  properties: {
    name: { ...NAMED, description: 'Name, with * for any letters.', examples: ['debian-12-amd64-*'] },
    owner: {
      title: 'the number of an account (12 digits), amazon or self',
      description: 'Who made it: images of others may have any name.',
      type: 'string',
      pattern: '^([0-9]{12}|amazon|self)$',
    },
  },
  examples: ['ami-0123456789abcdef0', { name: 'debian-12-amd64-*', owner: '136693071363' }],
};

const launchTemplate: JsonSchema = {
  title: 'the name or id of a launch template, or {template, version}',
  description: 'What the spec does not say is this template’s.',
  type: ['string', 'object'],
  pattern: '^[^\\u0000-\\u001f]{1,255}$',
  additionalProperties: false,
  required: ['template'],
  properties: {
    template: { ...NAMED, description: 'Name, or id (`lt-…`).' },
    version: {
      title: 'the number of a version, $Default or $Latest',
      type: ['string', 'integer'],
      minimum: 1,
      pattern: '^([0-9]+|\\$Default|\\$Latest)$',
      default: '$Default',
    },
  },
  examples: ['web', { template: 'web', version: 3 }],
};

const disk = mapping(
  {
    size: term('size', { description: 'Where the policy’s `vm` has no `disk`. Default: the image’s.' }),
    type: {
      title: 'a type of volume: gp3, gp2, io2, io1, st1, sc1 or standard',
      type: 'string',
      enum: ['gp3', 'gp2', 'io2', 'io1', 'st1', 'sc1', 'standard'],
      description: 'Default: gp3, or the launch template’s.',
    },
    encrypted: { title: 'true or false', type: 'boolean', description: 'Default: true, or the launch template’s.' },
    kmsKey: { ...NAMED, description: 'Id, alias or ARN of the key. Default: the account’s.' },
    iops: term('positive', { description: 'Operations in one second, for gp3, io1 and io2.' }),
    throughput: term('positive', { description: 'MiB in one second, for gp3.' }),
  },
  { description: 'The root volume; it goes with its machine.' },
);

/** The keys. */
export const EC2 = {
  kind: { const: 'ec2', description: 'Amazon EC2.' },
  region: {
    title: 'the name of a region',
    description: 'Default: `AWS_REGION`, or the profile’s.',
    type: 'string',
    pattern: '^[a-z0-9-]+$',
    examples: ['eu-west-1'],
  },
  profile: {
    ...NAMED,
    description: 'Profile of `~/.aws/config` and `~/.aws/credentials`. Default: `AWS_PROFILE`, and AWS’s usual places.',
  },
  accessKey: mapping(
    {
      id: term('secret'),
      secret: term('secret'),
      session: term('secret', { description: 'Token of a session that ends.' }),
    },
    { description: 'Instead of AWS’s usual places: an access key.', required: ['id', 'secret'] },
  ),
  endpoint: {
    title: 'an address that begins with http:// or https://',
    description: 'Where something else speaks EC2’s API, or a private endpoint.',
    type: 'string',
    pattern: '^https?://[^\\s]+$',
  },
  quotasEndpoint: {
    title: 'an address that begins with http:// or https://',
    description: 'Where Service Quotas is asked by `iaas check`. Default: Amazon’s, or nowhere where `endpoint` is given.',
    type: 'string',
    pattern: '^https?://[^\\s]+$',
  },
  market: {
    title: 'on-demand or spot',
    description: 'Spot machines cost less, and may be taken away.',
    type: 'string',
    enum: ['on-demand', 'spot'],
    default: 'on-demand',
  },
  maxPrice: term('aboveZero', {
    description: 'Most that is paid for an hour of a spot machine, in US dollars. Default: the price on demand.',
  }),
  image,
  launchTemplate,
  subnets: {
    title: 'a list of ids of subnets',
    description:
      'Where machines may be, in one zone or more: spread over them, and the next is tried where one has no room. Default: the launch template’s, or the default subnets of the region.',
    type: 'array',
    minItems: 1,
    items: { title: 'the id of a subnet', type: 'string', pattern: '^subnet-[0-9a-f]+$' },
    examples: [['subnet-0a1b2c3d', 'subnet-4e5f6a7b']],
  },
  securityGroups: {
    title: 'a list of names or ids of security groups',
    description: 'Default: the launch template’s, or the default group of the network.',
    type: 'array',
    minItems: 1,
    items: NAMED,
    examples: [['stratos-vms']],
  },
  address: {
    title: 'public or private',
    description: 'Which address of a machine is connected to. A public one may change when a machine is stopped and started.',
    type: 'string',
    enum: ['public', 'private'],
    default: 'public',
  },
  publicAddress: {
    title: 'true or false',
    description: 'Whether machines get a public address. Default: yes where `address` is public, else as the subnet says.',
    type: 'boolean',
  },
  disk,
  instanceProfile: { ...NAMED, description: 'Name or ARN: what programs on the machine may ask of AWS. Default: nothing.' },
  tags: {
    title: 'a mapping of tags',
    description: 'Tags of machines and volumes beside Stratos’s own.',
    type: 'object',
    maxProperties: 40,
    propertyNames: {
      title: 'a tag of at most 128 letters that begins with neither aws: nor stratos-',
      pattern: '^(?!aws:|stratos-|Name$)[^\\u0000-\\u001f]{1,128}$',
    },
    additionalProperties: { title: 'a text of at most 256 letters', type: 'string', pattern: '^[^\\u0000]{0,256}$' },
    examples: [{ team: 'shop' }],
  },
} satisfies Record<string, JsonSchema>;

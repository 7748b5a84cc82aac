/** Schema of `kind: azure`. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, term } from './terms.ts';
import { vendorUrl } from './vendor-terms.ts';

const UUID = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
const ID = '/subscriptions/[^\\s/]+/resourceGroups/[^\\s/]+/providers(/[A-Za-z0-9._-]+){3,7}';
const NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,79}';
const nameOrId = { title: 'a name of Azure, or an id', type: 'string', pattern: `^(${NAME}|${ID})$` } as const;
const flag = (description: string, value: boolean): JsonSchema => ({
  title: 'true or false',
  description,
  type: 'boolean',
  default: value,
});

/** Keys of Azure, beside those of all clouds. */
export const AZURE = {
  kind: { const: 'azure', description: 'Microsoft Azure.' },
  subscription: {
    title: 'the id of a subscription',
    description: 'Subscription that the machines are in.',
    type: 'string',
    pattern: UUID,
    examples: ['00000000-0000-0000-0000-000000000000'],
  },
  resourceGroup: {
    title: 'the name of a resource group',
    description: 'Resource group that the machines are in; it must be there.',
    type: 'string',
    pattern: '^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$',
    examples: ['stratos'],
  },
  location: {
    title: 'a location such as westeurope',
    description: 'Where machines are.',
    type: 'string',
    pattern: '^[a-z][a-z0-9]*$',
    examples: ['westeurope'],
  },
  zones: {
    title: 'a list of zones',
    description: 'Availability zones where machines may be, the first that has room first. Default: none is asked for.',
    type: 'array',
    minItems: 1,
    items: { title: 'a zone: "1", "2" or "3"', type: 'string', pattern: '^[1-9]$' },
    examples: [['1', '2', '3']],
  },
  image: {
    title: 'an image as publisher:offer:sku:version, or the id of an image',
    description: 'Image of the machines, with cloud-init.',
    type: 'string',
    pattern: `^([A-Za-z0-9._-]+(:[A-Za-z0-9._-]+){3}|${ID})$`,
    default: 'Canonical:ubuntu-24_04-lts:server:latest',
  },
  family: {
    title: 'the letters of a family of sizes such as D',
    description: 'Family that sizes without a name are taken from: `D` is `Standard_D2s_v5` and its like.',
    type: 'string',
    pattern: '^[A-Z]{1,3}$',
    default: 'D',
  },
  spot: flag('Whether machines are spot: cheaper, and deleted when Azure needs them.', false),
  network: { ...nameOrId, description: 'Virtual network of the machines, in the resource group where it is a name.' },
  subnet: { title: 'a name of Azure', type: 'string', pattern: `^${NAME}$`, description: 'Its subnet.', default: 'default' },
  securityGroup: { ...nameOrId, description: 'Network security group of the machines. Default: the subnet’s.' },
  publicAddress: flag('Whether machines get an address of the internet and are reached by it.', true),
  disk: {
    description: 'The disk that machines boot of; it ends with them.',
    ...mapping({
      type: {
        title: 'a type of managed disk',
        description: 'Its type.',
        type: 'string',
        pattern: '^[A-Za-z0-9]+_(LRS|ZRS)$',
        default: 'StandardSSD_LRS',
      },
      size: term('size', {
        description: 'Its size, in whole GiB, where the policy’s `vm` says none. Default: the image’s.',
      }),
    }),
  },
  tags: {
    title: 'a mapping of tags',
    description: 'Tags of machines, interfaces, addresses and images beside our own: whose costs they are.',
    type: 'object',
    propertyNames: { title: 'a tag, not beginning with stratos-', pattern: '^(?!stratos-)[^<>%&\\\\?/\\u0000-\\u001f]{1,512}$' },
    additionalProperties: { title: 'a text of at most 256 letters', type: 'string', pattern: '^[^\\u0000-\\u001f]{0,256}$' },
    examples: [{ team: 'shop' }],
  },
  credentials: {
    description: 'A service principal. Default: Azure’s standard places (`az login`, `AZURE_*`, a managed identity).',
    ...mapping(
      {
        tenant: { title: 'the id of a tenant', description: 'Directory that knows it.', type: 'string', pattern: UUID },
        client: { title: 'the id of an application', description: 'Its id.', type: 'string', pattern: UUID },
        secret: term('secret', { description: 'Its secret.' }),
      },
      { required: ['tenant', 'client', 'secret'] },
    ),
  },
  endpoint: vendorUrl('https://management.azure.com'),
  authority: {
    title: 'an https address',
    description: 'Who gives tokens. Default: `AZURE_AUTHORITY_HOST`, else `https://login.microsoftonline.com`.',
    type: 'string',
    pattern: '^https://[^\\s@?#]+$',
  },
  ca: term('path', {
    description: 'Certificates of authorities to trust beside the system’s, of an `endpoint` of one’s own.',
    examples: ['ca.crt'],
  }),
} satisfies Record<string, JsonSchema>;

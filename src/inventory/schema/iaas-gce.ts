/** Schema of `kind: gce`. */
import type { JsonSchema } from './json-schema.ts';
import { mapping, term } from './terms.ts';
import { vendorUrl } from './vendor-terms.ts';

const flag = (description: string, value: boolean): JsonSchema => ({
  title: 'true or false',
  description,
  type: 'boolean',
  default: value,
});
const NAME = { title: 'a name of Google Cloud', type: 'string', pattern: '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$' } as const;
const PATH = {
  title: 'a name of Google Cloud, or a path such as projects/host/global/networks/shared',
  type: 'string',
  pattern: '^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|projects/[a-z0-9:.-]+(/[a-z0-9-]+){3,4})$',
} as const;

/** Keys of Google Compute Engine, beside those of all clouds. */
export const GCE = {
  kind: { const: 'gce', description: 'Google Compute Engine.' },
  project: {
    title: 'the id of a project of Google Cloud',
    description: 'Project that the machines are in.',
    type: 'string',
    pattern: '^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$',
    examples: ['shop-production'],
  },
  zones: {
    title: 'a list of zones',
    description: 'Where machines may be, the first that has room first.',
    type: 'array',
    minItems: 1,
    items: { title: 'a zone such as europe-west1-b', type: 'string', pattern: '^[a-z]+-[a-z]+[0-9]+-[a-z]$' },
    examples: [['europe-west1-b', 'europe-west1-c']],
  },
  image: {
    ...PATH,
    description: 'Image to boot, with cloud-init; of this project where it is a name. Default: the newest of `imageFamily`.',
    examples: ['stratos-web-1', 'projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v20250805'],
  },
  imageFamily: { ...NAME, description: 'Family of images, the newest is booted.', default: 'ubuntu-2404-lts-amd64' },
  imageProject: {
    title: 'the id of a project of Google Cloud',
    description: 'Project of the family. Default: `ubuntu-os-cloud`, and this project where `imageFamily` is given.',
    type: 'string',
    pattern: '^([a-z0-9.-]+:)?[a-z][a-z0-9-]*[a-z0-9]$',
  },
  family: {
    title: 'a machine family such as e2',
    description: 'Family that the machine types of sizes without a name are taken from.',
    type: 'string',
    pattern: '^[a-z][a-z0-9]*$',
    default: 'e2',
  },
  custom: flag('Whether machine types are made to measure (`e2-custom-2-3072`) where a size has no name.', false),
  spot: flag('Whether machines are spot: cheaper, and taken back when Google needs them; they are then gone.', false),
  network: { ...PATH, description: 'Network of the machines.', default: 'default' },
  subnetwork: {
    ...PATH,
    description: 'Its part in the zones’ region; a network whose parts are not made by itself needs it.',
  },
  externalAddress: flag('Whether machines get an address of the internet and are reached by it.', true),
  networkTags: {
    title: 'a list of network tags',
    description: 'What firewall rules know the machines by.',
    type: 'array',
    items: NAME,
    examples: [['stratos', 'web']],
  },
  serviceAccount: {
    title: 'the e-mail address of a service account',
    description: 'Who the machines are to Google. Default: nobody.',
    type: 'string',
    pattern: '^[^\\s@]+@[^\\s@]+$',
    examples: ['web@shop-production.iam.gserviceaccount.com'],
  },
  scopes: {
    title: 'a list of scopes',
    description: 'What the service account may be used for.',
    type: 'array',
    minItems: 1,
    items: { title: 'a scope', type: 'string', pattern: '^https://[^\\s]+$' },
    default: ['https://www.googleapis.com/auth/cloud-platform'],
  },
  disk: {
    description: 'The disk that machines boot of; it ends with them.',
    ...mapping({
      type: { ...NAME, description: 'Its type.', default: 'pd-balanced' },
      size: term('size', {
        description: 'Its size, in whole GiB, where the policy’s `vm` says none. Default: the image’s.',
      }),
    }),
  },
  labels: {
    title: 'a mapping of labels',
    description: 'Labels of machines, disks and images beside our own: whose costs they are.',
    type: 'object',
    propertyNames: {
      title: 'a label: lower-case letters, digits, _ and -, not beginning with stratos-',
      pattern: '^(?!stratos-)[a-z][a-z0-9_-]{0,62}$',
    },
    additionalProperties: {
      title: 'lower-case letters, digits, _ and -, at most 63',
      type: 'string',
      pattern: '^[a-z0-9_-]{0,63}$',
    },
    examples: [{ team: 'shop' }],
  },
  credentials: term('secret', {
    description: 'A key of a service account, as JSON. Default: Google’s standard places (`gcloud auth application-default login`).',
  }),
  endpoint: vendorUrl('https://compute.googleapis.com/compute/v1'),
} satisfies Record<string, JsonSchema>;

/** Schema of `partitions:`, `cartridges:` and `subscriptions:`. */
import { BIT_RATE_PATTERN } from '../../model/quantity.ts';
import { RUNTIMES } from '../../model/runtime.ts';
import { EGRESS_PATTERN } from '../resolve-egress.ts';
import { GUEST_LOGIN } from './guest-login.ts';
import type { JsonSchema } from './json-schema.ts';
import { NEEDS, OUTPUTS } from './needs.ts';
import { policyReference } from './policies.ts';
import { HOST, MULTI_TENANT, TENANTS } from './tenants.ts';
import { mapping, named, term } from './terms.ts';

/** `partitions:` */
export const PARTITIONS: JsonSchema = named(
  mapping(
    {
      placement: {
        title: 'a list with an entry for each IaaS',
        description: 'Where its VMs are made, in order; later entries take the overflow.',
        type: 'array',
        minItems: 1,
        items: mapping(
          {
            iaas: { title: 'the name of an IaaS', description: 'A name under `iaas:`.', type: 'string' },
            min: term('count', { description: 'Fewest VMs there.', default: 0 }),
            max: term('count', { description: 'Most VMs there. Default: no bound of its own.' }),
            weight: term('aboveZero', {
              description: 'Share of new VMs among the entries that have a weight. Default: entries are filled in their order.',
            }),
            zones: {
              title: 'a list of zones',
              description: 'Zones of the IaaS that its VMs are spread over evenly. Default: the IaaS chooses.',
              type: 'array',
              minItems: 1,
              items: { title: 'the name of a zone', type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' },
              examples: [['eu-west-1a', 'eu-west-1b']],
            },
            price: term('price', { description: 'Price of an hour of a VM of the policy’s size, in any currency, the same for all. Default: not known, which counts as nothing.' }),
            sizes: {
              title: 'a list of sizes',
              description: 'Sizes that may be had there; the cheapest that fits is taken. Default: the policy’s `vm`.',
              type: 'array',
              minItems: 1,
              items: mapping(
                {
                  name: {
                    title: 'a text without spaces',
                    description: 'What the IaaS calls it.',
                    type: 'string',
                    pattern: '^[!-~]{1,100}$',
                  },
                  cpu: term('cpu', { description: 'Cores.' }),
                  memory: term('size', { description: 'Memory.' }),
                  disk: term('size', { description: 'Disk. Default: what the IaaS gives.' }),
                  price: term('price', { description: 'Price of an hour. Default: not known, which counts as nothing.' }),
                },
                { required: ['cpu', 'memory'] },
              ),
              examples: [[{ name: 'small', cpu: 1, memory: '2Gi', price: 0.02 }, { name: 'large', cpu: 4, memory: '8Gi', price: 0.07 }]],
            },
          },
          { required: ['iaas'] },
        ),
        examples: [[{ iaas: 'lab', max: 4 }]],
      },
      policy: policyReference('partition', 'Its size: a name under `policies: partition:`, or the policy itself.'),
      network: term('cidr', {
        description: 'Network of the processes inside each VM; the same in all of them, never routed outside.',
        default: '10.66.0.0/22',
      }),
      gateway: {
        title: 'the name of a partition',
        description: 'Partition whose VMs are the gateways of its subscriptions; only where its cartridges have runtime `vm`, whose VMs have none of their own.',
        type: 'string',
        examples: ['web'],
      },
    },
    { required: ['placement'] },
  ),
  { description: 'Pools of VMs.', examples: [{ web: { policy: 'web-vms', placement: [{ iaas: 'lab' }] } }] },
);

const IMAGE: JsonSchema = {
  title: 'an image such as php:8.2, hub:team/php:8.2 or registry.example/php:8.2, or a digest sha256:…',
  description:
    'Name of an image in the local store, in one of `stores:` or at a registry, where `@sha256:…` pins it; or the digest of an image in the local store. What is not on this machine is pulled when it is first needed. With runtime `vm`: what the IaaS calls the machine image; with `local` the path of a root file system.',
  type: 'string',
  pattern: '^[A-Za-z0-9\\[/.][A-Za-z0-9._/:\\[\\]-]*(@sha256:[0-9a-f]{64})?$',
  examples: ['php:8.2', 'hub:team/php:8.2', 'registry.example:5000/team/php:8.2'],
};

/** `cartridges:` */
export const CARTRIDGES: JsonSchema = named(
  mapping(
    {
      image: IMAGE,
      partition: { title: 'the name of a partition', description: 'A name under `partitions:`.', type: 'string' },
      ports: named(
        {
          title: 'a port number from 1 to 65535, or port and protocol',
          type: ['integer', 'object'],
          minimum: 1,
          maximum: 65_535,
          additionalProperties: false,
          required: ['port'],
          properties: {
            port: term('port', { description: 'Port inside the process.' }),
            protocol: {
              title: 'http or tcp',
              description: 'Default: `http` for a port of that name, otherwise `tcp`.',
              enum: ['http', 'tcp'],
            },
          },
        },
        {
          description: 'Ports the processes listen on, by name. A subscription’s `port` and `hosts` lead to the one named `http`, else to the one that `health` asks, else to the first.',
          examples: [{ http: 80 }, { db: { port: 5432, protocol: 'tcp' } }],
        },
      ),
      health: mapping(
        {
          path: {
            title: 'a path that begins with / and has no spaces',
            description: 'Must answer 2xx or 3xx. Without it: the port accepts connections.',
            type: 'string',
            pattern: '^/[!-~]*$',
          },
          port: { title: 'the name of a port', description: 'Which port is asked. Default: the first.', type: 'string' },
          interval: term('duration', { description: 'Time between two checks of the gateway.', default: '1s' }),
          timeout: term('duration', { description: 'How long one check may take.', default: '1s' }),
          startup: term('duration', { description: 'How long a process may take from start to ready.', default: '60s' }),
        },
        { description: 'When a process counts as ready and healthy.', examples: [{ path: '/', port: 'http' }] },
      ),
      resources: mapping(
        {
          memory: term('size', { description: 'Most memory of one process.', default: '256Mi' }),
          cpu: term('cpu', { description: 'Most CPU of one process.', default: 0.25 }),
          pids: term('positive', { description: 'Most tasks of one process.', default: 512 }),
          disk: term('size', { description: 'Most that one process writes to its own file system; at least 16Mi. Default: no limit.' }),
          bandwidth: {
            title: 'a rate such as 10Mbit, or in and out',
            description: 'Most network traffic of one process in a second. One rate is that of both directions.',
            type: ['string', 'object'],
            pattern: BIT_RATE_PATTERN,
            additionalProperties: false,
            minProperties: 1,
            properties: {
              in: term('bitRate', { description: 'What it receives. Default: no limit.' }),
              out: term('bitRate', { description: 'What it sends. Default: no limit.' }),
            },
            examples: ['10Mbit', { in: '100Mbit', out: '20Mbit' }],
          },
        },
        { description: 'Limits of one process, and what it takes of a VM. What is changed here changes processes that run, without a restart.' },
      ),
      network: mapping({
        egress: {
          title: 'none, or a list of addresses and networks with or without ports',
          description:
            'Where its processes may connect to beyond their VM: an address or a network, with a port or a range of ports if only those. `none`: nowhere. What they need of other subscriptions, and answers, are not meant; name servers are. Default: anywhere.',
          type: ['string', 'array'],
          pattern: '^none$',
          items: { title: 'an address or a network such as 10.0.0.0/8, with or without a port', type: 'string', pattern: EGRESS_PATTERN },
          examples: [['10.0.0.0/8:5432', '192.0.2.7', '0.0.0.0/0:8000-8999'], 'none'],
        },
      }),
      env: term('env'),
      volumes: named(term('absolutePath'), {
        description: 'Directories of the VM that outlive the process: name and absolute path inside the process.',
        examples: [{ data: '/var/lib/data' }],
      }),
      command: term('words', {
        description: 'Replaces the image’s entry point and command.',
        examples: [['/usr/bin/server', '--port', '80']],
      }),
      security: mapping({
        privileged: {
          title: 'true or false',
          description: 'Root inside is root on the VM. Only where nothing else works.',
          type: 'boolean',
          default: false,
        },
      }),
      runtime: {
        title: 'lxc, podman or vm',
        description: 'What a process is: a container by LXC or by podman, or the VM itself.',
        enum: [...RUNTIMES],
        default: 'lxc',
      },
      outputs: OUTPUTS,
      userData: {
        title: 'the path of a file',
        description: 'What a machine of runtime `vm` is told at its first boot (cloud-init, cloudbase-init), as it is; relative to the project. A secret: it is neither kept nor shown.',
        type: 'string',
        pattern: '^.',
        examples: ['./windows/first-boot.ps1'],
      },
      ssh: GUEST_LOGIN,
      ...MULTI_TENANT,
    },
    { required: ['image', 'partition'] },
  ),
  {
    description: 'Images and how to run them.',
    examples: [{ php: { image: 'php:8.2', partition: 'web', ports: { http: 80 }, health: { path: '/' } } }],
  },
);

function aliases(description: string, example: readonly string[]): JsonSchema {
  return {
    title: 'a list of aliases',
    description,
    type: 'array',
    items: { title: 'an alias', type: 'string' },
    examples: [example],
  };
}

/** `subscriptions:` */
export const SUBSCRIPTIONS: JsonSchema = named(
  mapping(
    {
      cartridge: { title: 'the name of a cartridge', description: 'A name under `cartridges:`.', type: 'string' },
      image: { ...IMAGE, description: 'Image that it runs instead of its cartridge’s: a name in the cartridge store, or a digest as a pin.' },
      revision: term('positive', {
        description: 'Pins it to a revision of its history, which then runs whatever the cartridge says; `stratos rollback` writes it.',
        examples: [4],
      }),
      scaling: policyReference('scaling', 'Number of processes: a name under `policies: scaling:`, or the policy itself.'),
      processes: term('bounds', { description: 'Number of processes; wins over that of `scaling`.' }),
      idle: policyReference('idle', 'When its processes sleep: a name under `policies: idle:`, or the policy itself.'),
      rollout: policyReference('rollout', 'How its processes are replaced: a name under `policies: rollout:`, or the policy itself.'),
      spread: {
        title: 'true or false',
        description: 'Keeps its processes on different VMs.',
        type: 'boolean',
        default: false,
      },
      near: aliases('Aliases whose VMs its processes prefer.', ['shop-db']),
      apart: aliases('Aliases whose VMs its processes never share; it holds both ways.', ['batch']),
      port: term('port', { description: 'Port on each VM of the partition that leads to it; below 20000, and not 22.', examples: [8080] }),
      hosts: {
        title: 'a list of host names',
        description: 'Host names that lead to it on port 80 of each VM of the partition. A subscription that speaks http and has `port: 80` gets the requests that no host name claims.',
        type: 'array',
        items: HOST,
        examples: [['shop.example.org']],
      },
      env: term('env'),
      needs: NEEDS,
      tenants: TENANTS,
    },
    { required: ['cartridge'] },
  ),
  {
    description: 'Running cartridges, each under a unique alias.',
    examples: [{ shop: { cartridge: 'php', processes: 2, port: 8080, hosts: ['shop.example.org'] } }],
  },
);

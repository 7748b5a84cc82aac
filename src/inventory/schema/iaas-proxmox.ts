/** Schema of an IaaS of kind `proxmox`. */
import type { JsonSchema } from './json-schema.ts';
import { named, term } from './terms.ts';
import { resource } from './vendor-terms.ts';

const STORAGE = { title: 'the name of a storage', type: 'string', pattern: '^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$' } as const;
const IP = { title: 'an IP address', type: 'string', pattern: '^[0-9A-Fa-f.:]{2,45}$' } as const;

export const PROXMOX = {
  kind: { const: 'proxmox', description: 'A cluster of Proxmox VE, or one node of it.' },
  url: {
    title: 'an https address without a path',
    description: 'Address of any node’s API; plain http on this machine only.',
    type: 'string',
    pattern: '^(https://|http://(127\\.0\\.0\\.1|localhost|\\[::1\\]):)[^\\s@?#/]+/?$',
    examples: ['https://pve1.example.org:8006'],
  },
  token: term('secret', {
    description: 'API token, `USER@REALM!TOKENID=UUID`. Default: the variable `PROXMOX_VE_API_TOKEN`.',
    examples: [{ fromEnv: 'PROXMOX_VE_API_TOKEN' }],
  }),
  ca: term('path', {
    description: 'Certificates of authorities to trust beside the system’s: the cluster’s own is `/etc/pve/pve-root-ca.pem`.',
    examples: ['pve-root-ca.pem'],
  }),
  fingerprint: {
    title: 'a SHA-256 fingerprint such as AB:CD:…, 32 pairs of digits',
    description: 'Fingerprint of the API’s own certificate, in place of `ca`; `pvenode cert info` shows it.',
    type: 'string',
    pattern: '^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$',
  },
  nodes: {
    title: 'a list of nodes',
    description:
      'Where machines may be, tried in this order when a placement names no zone. Default: the template’s node, or the one with the most free memory.',
    type: 'array',
    minItems: 1,
    items: { title: 'the name of a node', type: 'string', pattern: '^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$' },
    examples: [['pve1', 'pve2']],
  },
  image: resource('a template, or a volume to import', {
    description:
      'What machines are made of, with cloud-init and the guest agent: a template by name or id, or a volume of the content type `import`.',
    examples: ['debian-12', 9000, 'local:import/debian-12.qcow2'],
  }),
  clone: {
    title: 'linked or full',
    description: 'Whether disks of a template are shared and written over, or copied.',
    enum: ['linked', 'full'],
    default: 'linked',
  },
  storage: {
    ...STORAGE,
    description: 'Where disks of full clones and of imports go. Default for full clones: where the template’s are.',
    examples: ['local-lvm'],
  },
  seedStorage: {
    ...STORAGE,
    description: 'Where first-boot data go, as an ISO image that ends with its machine: a storage of files with the content type `iso`.',
    default: 'local',
  },
  seedDrive: {
    title: 'a drive: ide0 to ide3, sata0 to sata5 or scsi0 to scsi30',
    description: 'Drive that they are in; a template’s own cloud-init drive is taken off.',
    type: 'string',
    pattern: '^(ide[0-3]|sata[0-5]|scsi([0-9]|[12][0-9]|30))$',
    default: 'ide2',
  },
  bridge: {
    title: 'the name of a bridge or a virtual network',
    description: 'What the network interface is on. Default: the template’s; for imports `vmbr0`.',
    type: 'string',
    pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,14}$',
    examples: ['vmbr0'],
  },
  pool: {
    title: 'the name of a pool',
    description: 'Pool that machines are in; a token may be bound to it.',
    type: 'string',
    pattern: '^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,2}$',
  },
  tags: {
    title: 'a list of tags: lowercase letters, digits, _ - + and .',
    description: 'Beside Stratos’s own.',
    type: 'array',
    items: { title: 'a tag: lowercase letters, digits, _ - + and .', type: 'string', pattern: '^[a-z0-9_][a-z0-9_+.-]*$' },
  },
  disk: term('size', { description: 'Boot disk of machines whose size says none. Default: the template’s.', examples: ['20Gi'] }),
  addresses: named(
    { title: 'an IP address with its prefix, such as 10.0.0.11/24', type: 'string', pattern: '^[0-9A-Fa-f.:]{2,45}/[0-9]{1,3}$' },
    {
      description: 'Addresses by VM. Others ask the network (DHCP), and the guest agent tells what they got.',
      examples: [{ 'web-1': '10.0.0.11/24' }],
    },
  ),
  gateway: { ...IP, description: 'Gateway of `addresses`.', examples: ['10.0.0.1'] },
  nameservers: { title: 'a list of IP addresses', description: 'Name servers of `addresses`.', type: 'array', items: IP },
  address: {
    title: 'ipv4 or ipv6',
    description: 'Which address that the guest agent tells is connected to.',
    enum: ['ipv4', 'ipv6'],
    default: 'ipv4',
  },
} satisfies Record<string, JsonSchema>;

/** Schema of an IaaS of kind `libvirt`. */
import type { JsonSchema } from './json-schema.ts';

/** Its keys. @param machine schema of a machine that is connected to by SSH */
export function libvirtKeys(machine: JsonSchema): Record<string, JsonSchema> {
  return {
    kind: { const: 'libvirt', description: 'VMs of one host, by libvirt.' },
    uri: {
      title: 'an address of libvirt’s such as qemu:///system',
      description:
        'What `virsh --connect` takes. Beside `host` it has no host of its own: it is asked of the libvirt over there. SSH goes by `host`, which pins the host key.',
      type: 'string',
      pattern: '^[a-z][a-z0-9]*(\\+(unix|tls|tcp|libssh|libssh2))?://[^\\s#]*$',
      default: 'qemu:///system',
      examples: ['qemu:///session', 'qemu+tls://kvm1.example.org/system'],
    },
    host: {
      ...machine,
      description:
        'Machine that libvirt is on, reached by SSH; its user may use libvirt. Default: this one, or the one that `uri` names.',
    },
    pool: name('a storage pool', {
      description: 'Storage pool of the disks: a directory, or what is mounted as one.',
      default: 'default',
    }),
    image: name('a volume', {
      description: 'Volume in the pool that disks are overlays of: a system with cloud-init.',
      examples: ['debian-12-genericcloud-amd64.qcow2'],
    }),
    network: name('a network', { description: 'Network of libvirt’s that machines are in.', default: 'default' }),
    address: {
      title: 'lease, agent or arp',
      description:
        'Who knows a machine’s address: the DHCP server of libvirt’s network, the agent in the guest, or the neighbour table of the host.',
      enum: ['lease', 'agent', 'arp'],
      default: 'lease',
    },
    hypervisor: {
      title: 'kvm or qemu',
      description: '`qemu` emulates a processor, for hosts whose own cannot run VMs: many times slower.',
      enum: ['kvm', 'qemu'],
      default: 'kvm',
    },
    firmware: {
      title: 'bios or efi',
      description: 'What machines boot by; `efi` needs it on the host (Debian: ovmf).',
      enum: ['bios', 'efi'],
      default: 'bios',
    },
  };
}

/** What libvirt knows by name: a path in no case. */
function name(what: string, more: JsonSchema): JsonSchema {
  return {
    title: `the name of ${what}`,
    type: 'string',
    pattern: '^[^\\u0000-\\u001f\\u007f/]{1,200}$',
    ...more,
  };
}

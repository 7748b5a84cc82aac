/** A machine as libvirt is told of it. Pure; what is written is escaped by the library. */
import XmlBuilder from 'fast-xml-builder';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import type { VmSize } from '../../model/vm-size.ts';

/** Marks what is ours in a domain's metadata. */
export const NAMESPACE = 'https://stratos.invalid/libvirt/1';

export interface DomainFacts {
  readonly name: string;
  readonly uuid: string;
  readonly size: VmSize;
  readonly labels: Readonly<Record<string, string>>;
  /** Path of its disk on the host. */
  readonly disk: string;
  /** Path of what its first boot is told. Undefined: nothing. */
  readonly seed?: string;
}

/** The domain's document. */
export function domainXml({ hypervisor, firmware, network }: LibvirtIaasSpec, facts: DomainFacts): string {
  const { name, uuid, size, labels, disk, seed } = facts;
  const domain = {
    '@type': hypervisor,
    name,
    uuid,
    metadata: {
      'stratos:machine': {
        '@xmlns:stratos': NAMESPACE,
        'stratos:label': Object.entries(labels).map(([key, value]) => ({ '@key': key, '@value': value })),
      },
    },
    memory: { '@unit': 'b', '#text': size.memory },
    vcpu: Math.max(1, Math.ceil(size.cpu)),
    os: { ...(firmware === 'efi' && { '@firmware': 'efi' }), type: 'hvm', boot: { '@dev': 'hd' } },
    features: { acpi: {}, apic: {} },
    ...(hypervisor === 'kvm' && { cpu: { '@mode': 'host-passthrough' } }),
    clock: { '@offset': 'utc' },
    devices: {
      disk: [
        diskOf(disk, 'qcow2', 'vda'),
        // A second disk, not a CD: no bus of CDs is there on every architecture.
        ...(seed === undefined ? [] : [{ ...diskOf(seed, 'raw', 'vdb'), readonly: {} }]),
      ],
      interface: { '@type': 'network', source: { '@network': network }, model: { '@type': 'virtio' } },
      channel: { '@type': 'unix', target: { '@type': 'virtio', '@name': 'org.qemu.guest_agent.0' } },
      serial: { '@type': 'pty' },
      console: { '@type': 'pty' },
      rng: { '@model': 'virtio', backend: { '@model': 'random', '#text': '/dev/urandom' } },
    },
  };
  const builder = new XmlBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    suppressEmptyNode: true,
    // Else an attribute that is `true` would lose its value.
    suppressBooleanAttributes: false,
    format: true,
  });
  return builder.build({ domain });
}

function diskOf(file: string, format: string, target: string): object {
  return {
    '@type': 'file',
    '@device': 'disk',
    driver: { '@name': 'qemu', '@type': format },
    source: { '@file': file },
    target: { '@dev': target, '@bus': 'virtio' },
  };
}

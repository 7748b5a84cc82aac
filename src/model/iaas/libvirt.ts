/** `iaas:` of kind `libvirt`. */
import type { CloudSpec } from './cloud.ts';
import type { JumpSpec } from './static.ts';

/** VMs of one host, by libvirt. */
export interface LibvirtIaasSpec extends CloudSpec {
  readonly kind: 'libvirt';
  /** Default `qemu:///system`. Where there is a `host`, what is asked of the libvirt over there. */
  readonly uri: string;
  /** Machine that libvirt is on. Undefined: this one, or the one that `uri` names. */
  readonly host?: JumpSpec;
  /** Storage pool of its disks: a directory, or what is mounted as one. Default `default`. */
  readonly pool: string;
  /** Volume in the pool that disks are overlays of; must have cloud-init. */
  readonly image: string;
  /** Network of libvirt's that machines are in. Default `default`. */
  readonly network: string;
  /** Who knows a machine's address: the network's DHCP server, the guest's agent, or the host's neighbour table. */
  readonly address: 'lease' | 'agent' | 'arp';
  /** Default `kvm`; `qemu` is emulation, of hosts whose processor cannot do that. */
  readonly hypervisor: 'kvm' | 'qemu';
  readonly firmware: 'bios' | 'efi';
}

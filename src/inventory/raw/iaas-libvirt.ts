/** `iaas:` of kind `libvirt`, as the schema leaves it. */
import type { RawJump } from './access.ts';
import type { RawCloud } from './cloud.ts';

export interface RawLibvirtIaas extends RawCloud {
  readonly kind: 'libvirt';
  readonly uri?: string;
  readonly host?: RawJump;
  readonly pool?: string;
  readonly image: string;
  readonly network?: string;
  readonly address?: 'lease' | 'agent' | 'arp';
  readonly hypervisor?: 'kvm' | 'qemu';
  readonly firmware?: 'bios' | 'efi';
}

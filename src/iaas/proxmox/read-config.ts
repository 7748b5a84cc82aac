/** Drives and network interfaces of a VM's configuration: `local-lvm:vm-101-disk-0,size=10G`. Pure. */
import type { Config, Interface } from './proxmox-documents.ts';

const DRIVE = /^(ide|sata|scsi|virtio)\d+$/;
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Drives of cloud-init that Proxmox VE makes itself: another source of first-boot data beside ours. */
export function cloudinitDrives(config: Config): readonly string[] {
  return Object.keys(config).filter((key) => DRIVE.test(key) && /[:-]cloudinit\b/.test(String(config[key])));
}

/** The drive that the VM boots from, and its size in bytes; undefined where it has none. */
export function bootDisk(config: Config): { readonly drive: string; readonly size: number } | undefined {
  const disks = Object.keys(config).filter((key) => DRIVE.test(key) && !isCdrom(String(config[key])));
  const order = /order=([^,]*)/.exec(String(config.boot ?? ''))?.[1]?.split(';') ?? [String(config.bootdisk ?? '')];
  const drive = [...order, ...disks.toSorted()].find((each) => disks.includes(each));
  if (drive === undefined) return undefined;
  const [, number = '0', unit = ''] = /size=([\d.]+)([KMGT]?)/.exec(String(config[drive])) ?? [];
  return { drive, size: Number(number) * (UNITS[unit] ?? 1) };
}

/** The address of the VM's first network interface, as its guest agent tells them; undefined where it has none yet. */
export function addressOf(
  config: Config,
  interfaces: readonly Interface[],
  wanted: 'ipv4' | 'ipv6',
): string | undefined {
  const mac = /[0-9A-F]{2}(:[0-9A-F]{2}){5}/i.exec(String(config.net0 ?? ''))?.[0].toLowerCase();
  // Bridges of processes have addresses as well: the interface is known by what the hypervisor calls it.
  const own = interfaces.filter((each) => each['hardware-address']?.toLowerCase() === mac);
  const all = own.flatMap((each) => each['ip-addresses'] ?? []).filter((each) => each['ip-address-type'] === wanted);
  return all.map((each) => each['ip-address']).find((address) => !/^(127\.|169\.254\.|::1$|fe[89ab])/i.test(address));
}

function isCdrom(value: string): boolean {
  return /media=cdrom|[:-]cloudinit\b/.test(value);
}

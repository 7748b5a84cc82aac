/**
 * Addresses of processes, all derived from the VM's subnet and the process's number on it, so that none is ever stored or
 * negotiated. The subnet is the same inside every VM and never routed: other VMs reach a process through a published port.
 */

/** First published port on a VM; process `index` gets ports PORT_BASE + (index - 1) × PORTS_PER_PROCESS + n. */
export const PORT_BASE = 20_000;
/** Most ports one cartridge may have. */
export const PORTS_PER_PROCESS = 8;
/** First wake port on a VM; process `index` gets WAKE_PORT_BASE + index - 1. Above what kernels give to outgoing connections. */
export const WAKE_PORT_BASE = 61_000;
/** As many as there are wake ports; their published ports end below those. */
const MOST_PROCESSES = 65_535 - WAKE_PORT_BASE;

/** IPv4 CIDR as its first address and prefix length; undefined if it is none. */
export function parseCidr(cidr: string): { readonly base: number; readonly prefix: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (!match) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const prefix = Number(match[5]);
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(address / size) * size, prefix };
}

/** Writes a 32-bit number as dotted quad. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => String(Math.floor(address / 2 ** shift) % 256)).join('.');
}

/** How many processes a subnet has room for: without network, gateway and broadcast address, and within the port ranges. */
export function processCapacity(cidr: string): number {
  const parsed = parseCidr(cidr);
  if (!parsed) return 0;
  return Math.max(0, Math.min(2 ** (32 - parsed.prefix) - 3, MOST_PROCESSES));
}

/** The VM's own address on its bridge: the first of the subnet. */
export function gatewayAddress(cidr: string): string {
  return formatAddress((parseCidr(cidr)?.base ?? 0) + 1);
}

/** Address of process `index` (from 1). */
export function processAddress(cidr: string, index: number): string {
  return formatAddress((parseCidr(cidr)?.base ?? 0) + 1 + index);
}

/** Fixed, locally administered MAC of process `index`: `02:53` followed by its IPv4 address. */
export function processMac(cidr: string, index: number): string {
  const octets = processAddress(cidr, index)
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '53', ...octets].join(':');
}

/** Port of the VM that reaches the `n`th port (from 0, in the cartridge's order) of process `index`. */
export function publishedPort(index: number, n: number): number {
  return PORT_BASE + (index - 1) * PORTS_PER_PROCESS + n;
}

/** Port of the VM, at its own address on the bridge and for its partition's VMs, where a connection wakes process `index`. */
export function wakePort(index: number): number {
  return WAKE_PORT_BASE + index - 1;
}

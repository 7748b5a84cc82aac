/** Addresses of local VMs. Pure; who has which is kept by `reservations.ts`. */
import { formatAddress, parseCidr } from '../../lxc/network.ts';

/** The bridge's own address, the first, and the prefix length of the subnet. */
export function bridgeAddress(subnet: string): { readonly address: string; readonly prefix: number } {
  const { base, prefix } = cidr(subnet);
  return { address: formatAddress(base + 1), prefix };
}

/** How many VMs a subnet has room for: without the network, the bridge and the broadcast address. */
export function vmCapacity(subnet: string): number {
  return Math.max(0, 2 ** (32 - cidr(subnet).prefix) - 3);
}

/** The lowest address nobody has; undefined when the subnet is full. */
export function lowestFreeAddress(subnet: string, taken: ReadonlySet<string>): string | undefined {
  const { base } = cidr(subnet);
  const capacity = vmCapacity(subnet);
  for (let index = 0; index < capacity; index++) {
    const address = formatAddress(base + 2 + index);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** Whether two subnets, or a subnet and the network of an address, have an address in common. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [parseCidr(one), parseCidr(other)];
  if (!a || !b) return false;
  const size = 2 ** (32 - Math.min(a.prefix, b.prefix));
  return Math.floor(a.base / size) === Math.floor(b.base / size);
}

/** Fixed, locally administered MAC of an IPv4 address: `02:53` followed by its four bytes. */
export function macOf(address: string): string {
  const hex = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '53', ...hex].join(':');
}

function cidr(subnet: string): { readonly base: number; readonly prefix: number } {
  // The spec's schema has checked it; an impossible one has no room for anything.
  return parseCidr(subnet) ?? { base: 0, prefix: 32 };
}

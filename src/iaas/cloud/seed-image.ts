/**
 * First-boot data on a disk, for hypervisors that have no service for it: cloud-init's source "NoCloud", a volume that is called
 * `cidata`. Other systems' counterparts of cloud-init (cloudbase-init on Windows) read the same.
 */
import { isoImage } from './iso-image.ts';

export interface Seed {
  /** Tells this machine from an earlier one, so that cloud-init begins anew. */
  readonly instanceId: string;
  readonly hostname: string;
  /** As {@link renderUserData} gives it, or a cartridge's own; a secret. */
  readonly userData: string;
  /** Undefined: the network is asked (DHCP). */
  readonly network?: StaticNetwork;
}

/** How the machine's first network interface is set. */
export interface StaticNetwork {
  /** With its prefix: `10.0.0.11/24`. */
  readonly address: string;
  readonly gateway?: string;
  readonly nameservers: readonly string[];
}

/** The image, an ISO of some dozens of kB; a secret, as its user data are one. */
export function seedImage({ instanceId, hostname, userData, network }: Seed): Buffer {
  return isoImage('cidata', {
    'meta-data': asText({ 'instance-id': instanceId, 'local-hostname': hostname }),
    'user-data': userData,
    ...(network && { 'network-config': asText(networkConfig(network)) }),
  });
}

/** Version 2 of cloud-init's network configuration. */
function networkConfig({ address, gateway, nameservers }: StaticNetwork): object {
  const everywhere = address.includes(':') ? '::/0' : '0.0.0.0/0';
  return {
    version: 2,
    ethernets: {
      main: {
        // The first of its kind, whatever the kernel calls it: eth0, ens18, enp1s0.
        match: { name: 'e*' },
        addresses: [address],
        ...(gateway !== undefined && { routes: [{ to: everywhere, via: gateway }] }),
        ...(nameservers.length > 0 && { nameservers: { addresses: nameservers } }),
      },
    },
  };
}

/** JSON is YAML: no value can leave its place. */
function asText(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

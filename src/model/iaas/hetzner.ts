/** `iaas:` of kind `hetzner`. */
import type { SecretRef } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** Hetzner Cloud, one project of it: its token says which. */
export interface HetznerIaasSpec extends CloudSpec {
  readonly kind: 'hetzner';
  readonly token: SecretRef;
  /** Default `https://api.hetzner.cloud/v1`. */
  readonly url: string;
  /** Tried in this order where no zone is asked for: `fsn1`. Empty: Hetzner's choice. */
  readonly locations: readonly string[];
  /** Name or id. Default `debian-12`. */
  readonly image: string;
  /** Of sizes that the spec does not name. Default `x86`. */
  readonly architecture: 'x86' | 'arm';
  /** Names or ids. */
  readonly networks: readonly string[];
  /** Names or ids. */
  readonly firewalls: readonly string[];
  /** Name or id. */
  readonly placementGroup?: string;
  /** Public addresses that a machine gets. */
  readonly publicAddresses: readonly ('ipv4' | 'ipv6')[];
  /** Which address is connected to. */
  readonly address: 'ipv4' | 'ipv6' | 'private';
}

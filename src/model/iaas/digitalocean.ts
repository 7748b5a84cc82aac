/** `iaas:` of kind `digitalocean`. */
import type { SecretRef } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** DigitalOcean, one team of it: its token says which. */
export interface DigitalOceanIaasSpec extends CloudSpec {
  readonly kind: 'digitalocean';
  /** Undefined: the variable `DIGITALOCEAN_TOKEN`, else `DIGITALOCEAN_ACCESS_TOKEN`. */
  readonly token?: SecretRef;
  /** Default `https://api.digitalocean.com`. */
  readonly url: string;
  /** Tried in this order where no zone is asked for: `fra1`. Empty: DigitalOcean's choice. */
  readonly regions: readonly string[];
  /** Slug, or id of a snapshot. Default `debian-12-x64`. */
  readonly image: string;
  /** Names or ids; a machine is in the one of its region. Empty: the region's default. */
  readonly vpcs: readonly string[];
  /** Beside those that Stratos needs: firewalls and load balancers go by them. */
  readonly tags: readonly string[];
  /** Public addresses that a machine gets. */
  readonly publicAddresses: readonly ('ipv4' | 'ipv6')[];
  /** Which address is connected to. */
  readonly address: 'ipv4' | 'ipv6' | 'private';
}

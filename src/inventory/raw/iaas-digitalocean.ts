/** `iaas:` of kind `digitalocean`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawSecret } from './terms.ts';

export interface RawDigitalOceanIaas extends RawCloud {
  readonly kind: 'digitalocean';
  readonly token?: RawSecret;
  readonly url?: string;
  readonly regions?: readonly string[];
  readonly image?: string | number;
  readonly vpcs?: readonly (string | number)[];
  readonly tags?: readonly string[];
  readonly publicAddresses?: readonly ('ipv4' | 'ipv6')[];
  readonly address?: 'ipv4' | 'ipv6' | 'private';
}

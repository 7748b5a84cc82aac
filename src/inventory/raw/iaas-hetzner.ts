/** `iaas:` of kind `hetzner`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawSecret } from './terms.ts';

export interface RawHetznerIaas extends RawCloud {
  readonly kind: 'hetzner';
  readonly token?: RawSecret;
  readonly url?: string;
  readonly locations?: readonly string[];
  readonly image?: string | number;
  readonly architecture?: 'x86' | 'arm';
  readonly networks?: readonly (string | number)[];
  readonly firewalls?: readonly (string | number)[];
  readonly placementGroup?: string | number;
  readonly publicAddresses?: readonly ('ipv4' | 'ipv6')[];
  readonly address?: 'ipv4' | 'ipv6' | 'private';
}

/** `iaas:` of kind `proxmox`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawMap, RawSecret } from './terms.ts';

export interface RawProxmoxIaas extends RawCloud {
  readonly kind: 'proxmox';
  readonly url: string;
  readonly token?: RawSecret;
  readonly ca?: string;
  readonly fingerprint?: string;
  readonly nodes?: readonly string[];
  readonly image: string | number;
  readonly clone?: 'linked' | 'full';
  readonly storage?: string;
  readonly seedStorage?: string;
  readonly seedDrive?: string;
  readonly bridge?: string;
  readonly pool?: string;
  readonly tags?: readonly string[];
  readonly disk?: number | string;
  readonly addresses?: RawMap<string>;
  readonly gateway?: string;
  readonly nameservers?: readonly string[];
  readonly address?: 'ipv4' | 'ipv6';
}

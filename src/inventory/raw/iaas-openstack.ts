/** `iaas:` of kind `openstack`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawMap, RawSecret } from './terms.ts';

export interface RawOpenstackIaas extends RawCloud {
  readonly kind: 'openstack';
  readonly cloud?: string;
  readonly region?: string;
  readonly ca?: string;
  readonly secret?: RawSecret;
  readonly image: string;
  readonly network: string;
  readonly addresses?: RawMap<string>;
  readonly floating?: string;
  readonly securityGroups?: readonly string[];
  readonly zones?: readonly string[];
  readonly volume?: number | string;
  readonly keyName?: string;
  readonly serverGroup?: string;
  readonly configDrive?: boolean;
}

/** `iaas:` of kind `azure`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawMap, RawSecret } from './terms.ts';

export interface RawAzureIaas extends RawCloud {
  readonly kind: 'azure';
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly zones?: readonly string[];
  readonly image?: string;
  readonly family?: string;
  readonly spot?: boolean;
  readonly network: string;
  readonly subnet?: string;
  readonly securityGroup?: string;
  readonly publicAddress?: boolean;
  readonly disk?: { readonly type?: string; readonly size?: string | number };
  readonly tags?: RawMap<string>;
  readonly credentials?: { readonly tenant: string; readonly client: string; readonly secret: RawSecret };
  readonly endpoint?: string;
  readonly authority?: string;
  readonly ca?: string;
}

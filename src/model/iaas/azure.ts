/** `iaas:` of kind `azure`. */
import type { Bytes } from '../quantity.ts';
import type { SecretRef } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** Microsoft Azure. */
export interface AzureIaasSpec extends CloudSpec {
  readonly kind: 'azure';
  readonly subscription: string;
  readonly resourceGroup: string;
  /** `westeurope`. */
  readonly location: string;
  /** Availability zones; where a VM names none, the first that has room is taken. Empty: none is asked for. */
  readonly zones: readonly string[];
  /** Must have cloud-init: `publisher:offer:sku:version`, or the id of an image. */
  readonly image: string;
  /** Family that sizes without a name are looked for in: `D`. */
  readonly family: string;
  readonly spot: boolean;
  /** A name in the resource group, or an id. */
  readonly network: string;
  readonly subnet: string;
  /** A name in the resource group, or an id. Undefined: the subnet's own. */
  readonly securityGroup?: string;
  /** Whether machines get an address of the internet, and are reached by that. */
  readonly publicAddress: boolean;
  readonly disk: { readonly type: string; readonly size?: Bytes };
  /** Tags beside our own. */
  readonly tags: Readonly<Record<string, string>>;
  /** A service principal. Undefined: Azure's standard places. */
  readonly credentials?: { readonly tenant: string; readonly client: string; readonly secret: SecretRef };
  /** Default `https://management.azure.com`. */
  readonly endpoint: string;
  /** Who gives tokens. Undefined: Microsoft, or what the environment says. */
  readonly authority?: string;
  /** Absolute path of a file of authorities' certificates. */
  readonly ca?: string;
}

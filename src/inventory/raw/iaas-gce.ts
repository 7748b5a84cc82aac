/** `iaas:` of kind `gce`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawMap, RawSecret } from './terms.ts';

export interface RawGceIaas extends RawCloud {
  readonly kind: 'gce';
  readonly project: string;
  readonly zones: readonly string[];
  readonly image?: string;
  readonly imageFamily?: string;
  readonly imageProject?: string;
  readonly family?: string;
  readonly custom?: boolean;
  readonly spot?: boolean;
  readonly network?: string;
  readonly subnetwork?: string;
  readonly externalAddress?: boolean;
  readonly networkTags?: readonly string[];
  readonly serviceAccount?: string;
  readonly scopes?: readonly string[];
  readonly disk?: { readonly type?: string; readonly size?: string | number };
  readonly labels?: RawMap<string>;
  readonly credentials?: RawSecret;
  readonly endpoint?: string;
}

/** `iaas:` of kind `gce`. */
import type { Bytes } from '../quantity.ts';
import type { SecretRef } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** Google Compute Engine. */
export interface GceIaasSpec extends CloudSpec {
  readonly kind: 'gce';
  readonly project: string;
  /** Never empty; where a VM names none, the first that has room is taken. */
  readonly zones: readonly string[];
  /** Must have cloud-init. A name without `/` is of our own project. */
  readonly image:
    | { readonly kind: 'image'; readonly name: string }
    | { readonly kind: 'family'; readonly project: string; readonly family: string };
  /** Machine family that sizes without a name are looked for in: `e2`. */
  readonly family: string;
  /** Whether such a size is made to measure. */
  readonly custom: boolean;
  readonly spot: boolean;
  /** A name of our own project, or a path of another: `projects/host/global/networks/shared`. */
  readonly network: string;
  /** Its name in each zone's region, or a path. Undefined: the network's own in that region. */
  readonly subnetwork?: string;
  /** Whether machines get an address of the internet, and are reached by that. */
  readonly externalAddress: boolean;
  /** What firewall rules know machines by. */
  readonly networkTags: readonly string[];
  /** E-mail address. Undefined: the machines have none. */
  readonly serviceAccount?: string;
  readonly scopes: readonly string[];
  readonly disk: { readonly type: string; readonly size?: Bytes };
  /** Labels beside our own. */
  readonly labels: Readonly<Record<string, string>>;
  /** A key of a service account, as JSON. Undefined: Google's standard places. */
  readonly credentials?: SecretRef;
  /** Default `https://compute.googleapis.com/compute/v1`. */
  readonly endpoint: string;
}

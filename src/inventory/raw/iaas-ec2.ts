/** `iaas:` of kind `ec2`, as the schema leaves it. */
import type { RawCloud } from './cloud.ts';
import type { RawMap, RawSecret } from './terms.ts';

export interface RawEc2Iaas extends RawCloud {
  readonly kind: 'ec2';
  readonly region?: string;
  readonly profile?: string;
  readonly accessKey?: { readonly id: RawSecret; readonly secret: RawSecret; readonly session?: RawSecret };
  readonly endpoint?: string;
  readonly quotasEndpoint?: string;
  readonly market?: 'on-demand' | 'spot';
  readonly maxPrice?: number;
  readonly image?: string | { readonly name: string; readonly owner: string };
  readonly launchTemplate?: string | { readonly template: string; readonly version?: string | number };
  readonly subnets?: readonly string[];
  readonly securityGroups?: readonly string[];
  readonly address?: 'public' | 'private';
  readonly publicAddress?: boolean;
  readonly disk?: {
    readonly size?: number | string;
    readonly type?: string;
    readonly encrypted?: boolean;
    readonly kmsKey?: string;
    readonly iops?: number;
    readonly throughput?: number;
  };
  readonly instanceProfile?: string;
  readonly tags?: RawMap<string>;
}

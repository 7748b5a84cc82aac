/** `iaas:` of kind `ec2`. */
import type { Bytes } from '../quantity.ts';
import type { SecretRef } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** Amazon EC2, or what speaks its API. */
export interface Ec2IaasSpec extends CloudSpec {
  readonly kind: 'ec2';
  /** Undefined, like `profile` and `accessKey`: as AWS's own tools find it. */
  readonly region?: string;
  /** Profile of AWS's configuration files. */
  readonly profile?: string;
  readonly accessKey?: { readonly id: SecretRef; readonly secret: SecretRef; readonly session?: SecretRef };
  /** Address of another than Amazon's own. */
  readonly endpoint?: string;
  /** Where Service Quotas is asked. Undefined: at Amazon's, or nowhere where `endpoint` is elsewhere. */
  readonly quotasEndpoint?: string;
  readonly market: 'on-demand' | 'spot';
  /** Most that is paid for an hour of a spot machine. Undefined: the price on demand. */
  readonly maxPrice?: number;
  /** By id, or the newest of an owner whose name matches. Undefined: the launch template's. */
  readonly image?: { readonly id: string } | { readonly name: string; readonly owner: string };
  /** What the spec does not say is the template's; by name or id. */
  readonly launchTemplate?: { readonly template: string; readonly version: string };
  /** Where machines may be, one zone or more. Empty: the launch template's, else the default subnets of the region. */
  readonly subnets: readonly string[];
  /** Ids or names. Empty: the launch template's, else the default group of the network. */
  readonly securityGroups: readonly string[];
  /** Which address is connected to. */
  readonly address: 'public' | 'private';
  /** Whether a machine gets a public address. Undefined: yes where it is connected to, else as its subnet says. */
  readonly publicAddress?: boolean;
  readonly disk: Ec2Disk;
  /** Name or ARN of the instance profile: what programs on the machine may ask of AWS. */
  readonly instanceProfile?: string;
  /** Beside Stratos's own. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The root volume; what is undefined is the image's or the launch template's. */
export interface Ec2Disk {
  /** Where the size of the VM says none. */
  readonly size?: Bytes;
  readonly type?: string;
  /** Default: yes, where there is no launch template. */
  readonly encrypted?: boolean;
  readonly kmsKey?: string;
  readonly iops?: number;
  /** MiB per second. */
  readonly throughput?: number;
}

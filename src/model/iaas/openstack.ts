/** `iaas:` of kind `openstack`. */
import type { Bytes } from '../quantity.ts';
import type { SecretRef } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** A cloud by OpenStack: of `clouds.yaml`, or the one that the variables `OS_*` describe. */
export interface OpenstackIaasSpec extends CloudSpec {
  readonly kind: 'openstack';
  /** Name in `clouds.yaml`. */
  readonly cloud?: string;
  /** Absolute path of the project, which may have a `clouds.yaml`. */
  readonly directory: string;
  /** In place of the one that the cloud's description names. */
  readonly region?: string;
  /** Absolute path of certificates that are trusted beside the system's. */
  readonly ca?: string;
  /** The password, or the secret of the application credential, where the cloud's description has none. */
  readonly secret?: SecretRef;
  /** Name or id; of several with the name the newest. */
  readonly image: string;
  /** Name or id of the network that machines are in. */
  readonly network: string;
  /** Addresses in that network by VM: `web-1`. Of others the network decides. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** Name or id of the network of floating addresses, by which machines are reached. Undefined: by their own address. */
  readonly floating?: string;
  /** Names or ids. Undefined: the project's default group. */
  readonly securityGroups?: readonly string[];
  /** Availability zones; VMs whose placement names none are spread over them. Undefined: the cloud's choice. */
  readonly zones?: readonly string[];
  /** Machines boot from a volume of this size. Undefined: from the flavor's own disk. */
  readonly volume?: Bytes;
  /** A key pair of the cloud that is put on machines besides. */
  readonly keyName?: string;
  /** Name or id of a server group. */
  readonly serverGroup?: string;
  /** User data come by a disk, where there is no metadata service. */
  readonly configDrive: boolean;
}

/** `iaas:` of kind `proxmox`. */
import type { Bytes } from '../quantity.ts';
import type { SecretRef } from '../secret-ref.ts';
import type { CloudSpec } from './cloud.ts';

/** A cluster of Proxmox VE, or one node of it. */
export interface ProxmoxIaasSpec extends CloudSpec {
  readonly kind: 'proxmox';
  /** Of any node, without a path: `https://pve1.example.org:8006`. */
  readonly url: string;
  /** `USER@REALM!TOKENID=UUID`. */
  readonly token: SecretRef;
  /** Absolute path of a file of authorities' certificates. */
  readonly ca?: string;
  /** SHA-256 of the API's own certificate, in place of authorities: `AB:CD:…`. */
  readonly fingerprint?: string;
  /** Tried in this order where no zone is asked for. Empty: where the template is, else the node with the most free memory. */
  readonly nodes: readonly string[];
  /** With cloud-init: a template by name or id, or a volume that is imported: `local:import/debian-12.qcow2`. */
  readonly image: string;
  /** Whether a template's disks are copied, or shared and written over. */
  readonly clone: 'linked' | 'full';
  /** Where disks go: of full clones and imports. Undefined: where the template's are. */
  readonly storage?: string;
  /** Where first-boot data go; takes ISO images. */
  readonly seedStorage: string;
  /** Drive that they are in: `ide2`. */
  readonly seedDrive: string;
  /** Bridge of the network interface. Undefined: the template's. */
  readonly bridge?: string;
  readonly pool?: string;
  /** Beside Stratos's own. */
  readonly tags: readonly string[];
  /** Of a boot disk, where the size of the VM says none. Undefined: the template's. */
  readonly disk?: Bytes;
  /** Addresses with their prefix by VM: `10.0.0.11/24`. Others ask the network, and the guest agent tells what they got. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Of those addresses. */
  readonly gateway?: string;
  readonly nameservers: readonly string[];
  /** Which address the guest agent is asked for. */
  readonly address: 'ipv4' | 'ipv6';
}

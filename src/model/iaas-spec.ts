/** `iaas:`: where machines come from, one interface for each kind. */
import type { Bytes, Millis } from './quantity.ts';
import type { EnvValue, SecretRef } from './secret-ref.ts';

export type IaasSpec =
  | LocalIaasSpec
  | StaticIaasSpec
  | ExecIaasSpec
  | Ec2IaasSpec
  | GceIaasSpec
  | HetznerIaasSpec
  | OpenstackIaasSpec
  | DigitalOceanIaasSpec
  | ProxmoxIaasSpec
  | AzureIaasSpec
  | LibvirtIaasSpec;

/** What every cloud has: how its machines are logged in to, and what its API bears. */
export interface CloudSpec {
  readonly name: string;
  /** Made at the first boot, with sudo without a password; `root` where the image lets root in. Default `stratos`. */
  readonly user: string;
  /** Longest time from asking for a machine to its having an address. Default 10 min. */
  readonly timeout: Millis;
  /** Most machines that are asked for, or ended, at one time. Default 32. */
  readonly concurrency: number;
  /** Most calls in one second. Undefined: no such bound. */
  readonly ratePerSecond?: number;
  /** Of an hour, by the name of a size: for sizes of placements that have no price of their own. Undefined: none is known. */
  readonly prices?: Readonly<Record<string, number>>;
  /** Host that its machines are reached through. Undefined: none. */
  readonly jump?: JumpSpec;
}

/** Any cloud, by an executable of the user's. */
export interface ExecIaasSpec extends CloudSpec {
  readonly kind: 'exec';
  /** Program and arguments; a verb follows. */
  readonly command: readonly string[];
  /** Working directory: the project's. */
  readonly cwd: string;
  /** What it calls the image that machines are made of, such as one that it baked. Undefined: its own choice. */
  readonly image?: string;
  /** Variables that it gets besides `PATH`, `HOME`, `USER`, `LANG` and `TZ`. */
  readonly env: Readonly<Record<string, EnvValue>>;
}

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

/** Hetzner Cloud, one project of it: its token says which. */
export interface HetznerIaasSpec extends CloudSpec {
  readonly kind: 'hetzner';
  readonly token: SecretRef;
  /** Default `https://api.hetzner.cloud/v1`. */
  readonly url: string;
  /** Tried in this order where no zone is asked for: `fsn1`. Empty: Hetzner's choice. */
  readonly locations: readonly string[];
  /** Name or id. Default `debian-12`. */
  readonly image: string;
  /** Of sizes that the spec does not name. Default `x86`. */
  readonly architecture: 'x86' | 'arm';
  /** Names or ids. */
  readonly networks: readonly string[];
  /** Names or ids. */
  readonly firewalls: readonly string[];
  /** Name or id. */
  readonly placementGroup?: string;
  /** Public addresses that a machine gets. */
  readonly publicAddresses: readonly ('ipv4' | 'ipv6')[];
  /** Which address is connected to. */
  readonly address: 'ipv4' | 'ipv6' | 'private';
}

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

/** DigitalOcean, one team of it: its token says which. */
export interface DigitalOceanIaasSpec extends CloudSpec {
  readonly kind: 'digitalocean';
  /** Undefined: the variable `DIGITALOCEAN_TOKEN`, else `DIGITALOCEAN_ACCESS_TOKEN`. */
  readonly token?: SecretRef;
  /** Default `https://api.digitalocean.com`. */
  readonly url: string;
  /** Tried in this order where no zone is asked for: `fra1`. Empty: DigitalOcean's choice. */
  readonly regions: readonly string[];
  /** Slug, or id of a snapshot. Default `debian-12-x64`. */
  readonly image: string;
  /** Names or ids; a machine is in the one of its region. Empty: the region's default. */
  readonly vpcs: readonly string[];
  /** Beside those that Stratos needs: firewalls and load balancers go by them. */
  readonly tags: readonly string[];
  /** Public addresses that a machine gets. */
  readonly publicAddresses: readonly ('ipv4' | 'ipv6')[];
  /** Which address is connected to. */
  readonly address: 'ipv4' | 'ipv6' | 'private';
}

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

/** VMs of one host, by libvirt. */
export interface LibvirtIaasSpec extends CloudSpec {
  readonly kind: 'libvirt';
  /** Default `qemu:///system`. Where there is a `host`, what is asked of the libvirt over there. */
  readonly uri: string;
  /** Machine that libvirt is on. Undefined: this one, or the one that `uri` names. */
  readonly host?: JumpSpec;
  /** Storage pool of its disks: a directory, or what is mounted as one. Default `default`. */
  readonly pool: string;
  /** Volume in the pool that disks are overlays of; must have cloud-init. */
  readonly image: string;
  /** Network of libvirt's that machines are in. Default `default`. */
  readonly network: string;
  /** Who knows a machine's address: the network's DHCP server, the guest's agent, or the host's neighbour table. */
  readonly address: 'lease' | 'agent' | 'arp';
  /** Default `kvm`; `qemu` is emulation, of hosts whose processor cannot do that. */
  readonly hypervisor: 'kvm' | 'qemu';
  readonly firmware: 'bios' | 'efi';
}

/** Nested-LXC VMs on the operator's own Linux machine. */
export interface LocalIaasSpec {
  readonly kind: 'local';
  readonly name: string;
  /** Bridge the VMs are on; made when missing. Default `stratos0`. */
  readonly bridge: string;
  /** IPv4 CIDR of the bridge; the first address is the machine's own. Default `10.209.0.0/16`. */
  readonly subnet: string;
  /** Directory of VM states and overlays. Default `/var/lib/stratos/local`. */
  readonly root: string;
  /** Debian or Ubuntu suite of the VMs; default: the machine's own. */
  readonly suite?: string;
  /** Absolute path of the root file system that VMs are made of, such as `vm bake` gives. Undefined: the base of `suite`. */
  readonly image?: string;
}

/** Machines that exist already. */
export interface StaticIaasSpec {
  readonly kind: 'static';
  readonly name: string;
  readonly hosts: readonly StaticHost[];
}

export interface StaticHost {
  readonly name: string;
  readonly address: string;
  /** Default 22. */
  readonly port: number;
  /** Default `root`; any other user needs sudo without a password. */
  readonly user: string;
  /** Absolute path of a private key file. */
  readonly key?: string;
  /** OpenSSH public host keys; from `hostKey:` or the `knownHosts:` file. Never empty. */
  readonly hostKeys: readonly string[];
  readonly jump?: JumpSpec;
}

/** A host that is connected to first. */
export type JumpSpec = Omit<StaticHost, 'name' | 'jump'>;

/**
 * The spec as the program sees it: `stratos.yaml` with includes read, units parsed, defaults filled in and policy names
 * replaced by the policies. Every name in here resolves.
 */
import { millis, type Bytes, type Cores, type Millis } from './quantity.ts';
import type { GuardsSpec, IdlePolicy, PartitionPolicy, RolloutPolicy, ScalingPolicy } from './policy.ts';
import type { RuntimeName } from './runtime.ts';
import type { PricedSize } from './vm-size.ts';

export interface Spec {
  /** Path of the main file, for messages. */
  readonly file: string;
  readonly iaas: Readonly<Record<string, IaasSpec>>;
  readonly partitions: Readonly<Record<string, PartitionSpec>>;
  readonly cartridges: Readonly<Record<string, CartridgeSpec>>;
  readonly subscriptions: Readonly<Record<string, SubscriptionSpec>>;
  /** Where images are kept on this machine: built, imported, pulled. */
  readonly store: LocalStoreSpec;
  /** All stores by name. */
  readonly stores: Readonly<Record<string, StoreSpec>>;
  /** The store that names without one mean where the local store has no such image; a name of `stores`. */
  readonly defaultStore?: string;
  /** Whose signatures count. Undefined: whatever the store has may run. */
  readonly trust?: TrustSpec;
  readonly guards: GuardsSpec;
  /** How images travel to VMs. Undefined: as its parts say. */
  readonly distribution?: DistributionSpec;
  /** How hooks are run. Undefined: as {@link DEFAULT_HOOK_TIMEOUT} says. */
  readonly hooks?: { readonly timeout: Millis };
}

/** How images travel to many VMs. */
export interface DistributionSpec {
  /** How many VMs get an image from this machine, and from each VM that has it, at one time. Default {@link DEFAULT_FAN_OUT}. */
  readonly fanOut?: number;
  /** Most that leaves this machine, in bytes per second. Undefined: as fast as it goes. */
  readonly bandwidthLimit?: Bytes;
  /** VMs keep layers compressed as well, so that later VMs take them from there. Default false: it costs their disks. */
  readonly neighbours?: boolean;
}

/** Where a spec says nothing. */
export const DEFAULT_FAN_OUT = 4;

/** Longest time of a hook where the spec says nothing: 1 min. */
export const DEFAULT_HOOK_TIMEOUT = millis(60_000);

/** `path` is absolute. */
export interface LocalStoreSpec {
  readonly kind: 'directory';
  readonly path: string;
}

/** Whom to believe that an image is good; files of OpenSSH, paths are absolute. */
export interface TrustSpec {
  /** An image without a signature that counts is neither copied to a VM nor started. */
  readonly requireSignature: boolean;
  readonly allowedSigners: string;
  readonly revokedKeys?: string;
}

/** A registry of images. */
export type StoreSpec = DirectoryStoreSpec | OciStoreSpec | GlanceStoreSpec;

/** An OCI image layout in a directory of this machine, or one that is mounted here. */
export interface DirectoryStoreSpec extends LocalStoreSpec {
  readonly name: string;
}

/** A registry that speaks the OCI distribution protocol. */
export interface OciStoreSpec {
  readonly kind: 'oci';
  readonly name: string;
  /** `https://registry.example:5000`; http only on this machine or where the spec says `insecure`. */
  readonly url: string;
  /** Absolute path of certificates that are trusted beside the system's. */
  readonly ca?: string;
}

/** OpenStack's image service: at `url`, or of a cloud of `clouds.yaml`, or of the one that the variables `OS_*` describe. */
export interface GlanceStoreSpec {
  readonly kind: 'glance';
  readonly name: string;
  /** Where nobody asks who it is: no Keystone. */
  readonly url?: string;
  readonly cloud?: string;
  /** Absolute path of the project, which may have a `clouds.yaml`. */
  readonly directory: string;
  /** Absolute path of certificates that are trusted beside the system's. */
  readonly ca?: string;
  /** Id of the project whose images count; default: the one that is entered. */
  readonly project?: string;
  /** Who may see what is stored. Default `private`. */
  readonly visibility?: 'private' | 'shared' | 'community' | 'public';
  /** What is stored cannot be removed before somebody takes that back. */
  readonly protect?: boolean;
}

export type IaasSpec =
  | LocalIaasSpec
  | StaticIaasSpec
  | ExecIaasSpec
  | Ec2IaasSpec
  | GceIaasSpec
  | HetznerIaasSpec
  | OpenstackIaasSpec
  | DigitalOceanIaasSpec
  | AzureIaasSpec;

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

/** One entry of a partition's ordered placement, a network partition in Apache Stratos' words; later entries take the overflow. */
export interface PlacementSpec {
  readonly iaas: string;
  /** Fewest VMs in this IaaS. Undefined: 0. */
  readonly min?: number;
  /** Most VMs in this IaaS; default: no bound of its own. */
  readonly max: number;
  /** Share of new VMs among the entries that have a weight. Undefined: entries are filled in their order. */
  readonly weight?: number;
  /** Zones that its VMs are spread over evenly, as the IaaS names them. Undefined: the IaaS chooses. */
  readonly zones?: readonly string[];
  /** Sizes that may be had here; the cheapest that fits is taken. Undefined: the policy's `vm`. */
  readonly sizes?: readonly PricedSize[];
  /** Price of an hour of a VM of the policy's size. Undefined: not known, counts as nothing. */
  readonly price?: number;
}

/** A pool of VMs. */
export interface PartitionSpec {
  readonly name: string;
  readonly placement: readonly PlacementSpec[];
  readonly policy: PartitionPolicy;
  /** IPv4 CIDR inside each VM for its processes; default `10.66.0.0/22`. Not routed outside the VM. */
  readonly network: string;
  /** Its VMs are processes: each is made for one, and goes with it. Undefined: they hold containers. */
  readonly runtime?: 'vm';
  /** Partition on whose VMs the gateways of its subscriptions are; only with runtime `vm`. Undefined: its own VMs. */
  readonly gateway?: string;
}

/** The partition on whose VMs the gateways of a partition's subscriptions are. */
export function gatewayHome(partitions: Spec['partitions'], partition: string): string {
  return partitions[partition]?.gateway ?? partition;
}

/** An image and how to run it. */
export interface CartridgeSpec {
  readonly name: string;
  /** `name:tag`, or `sha256:…` as a pin. */
  readonly image: string;
  readonly partition: string;
  readonly ports: readonly PortSpec[];
  readonly health: HealthSpec;
  readonly resources: ResourceSpec;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly volumes: readonly VolumeSpec[];
  /** Replaces the image's entry point and command. */
  readonly command?: readonly string[];
  readonly security: { readonly privileged: boolean };
  readonly runtime: RuntimeName;
  /** What it tells those that need it, by name. Undefined: nothing but its address. */
  readonly outputs?: Readonly<Record<string, OutputSpec>>;
  /** Each process serves all tenants of its subscription, and is told of them so. Undefined: it knows none. */
  readonly tenants?: TenantsSpec;
}

/** How processes are told who their tenants are. */
export interface TenantsSpec {
  /** Absolute path of a JSON file inside the process. Default `/etc/stratos/tenants.json`. */
  readonly file: string;
  /** Run in the process when the file has changed. Undefined: nothing is. */
  readonly command?: readonly string[];
}

/** Who signed up with a subscription. */
export interface TenantSpec {
  readonly name: string;
  /** In lower case; the subscription's `hosts` have them too. */
  readonly hosts: readonly string[];
}

/** A value, where a secret is kept, or the variable of its own environment that has it. */
export type OutputSpec = EnvValue | { readonly kind: 'own'; readonly variable: string };

export interface PortSpec {
  readonly name: string;
  /** Port inside the process. */
  readonly port: number;
  /** A port named `http` speaks http by default, any other tcp. */
  readonly protocol: 'http' | 'tcp';
}

/** When a process counts as ready and as healthy. Without a path: the port accepts connections. */
export interface HealthSpec {
  /** Name of the port that is asked; default the first. Undefined only where a cartridge has no port. */
  readonly port?: string;
  /** HTTP path that must answer 2xx or 3xx; only for http ports. */
  readonly path?: string;
  /** Interval of the gateway’s checks. Default 1 s. */
  readonly interval: Millis;
  /** How long one check may take. Default 1 s. */
  readonly timeout: Millis;
  /** How long a process may take from start to ready. Default 60 s. */
  readonly startup: Millis;
}

/** Limits of one process, and what it takes of a VM's capacity. */
export interface ResourceSpec {
  readonly memory: Bytes;
  readonly cpu: Cores;
  /** Most tasks. Default 512. */
  readonly pids: number;
}

/** A directory of the VM that outlives the process. */
export interface VolumeSpec {
  readonly name: string;
  /** Absolute path inside the process. */
  readonly path: string;
}

/** A value in clear, or where to read a secret on the operator's machine when it is needed. */
export type EnvValue = { readonly kind: 'value'; readonly value: string } | SecretRef;

/** Where a secret is kept: read when it is needed, never written down. */
export type SecretRef =
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A program (`pass show cloud/token`) that prints it; started without a shell, in the project directory `cwd`. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly cwd: string }
  /** The desktop's keyring, by the attributes that `secret-tool store` was given. */
  | { readonly kind: 'keyring'; readonly attributes: Readonly<Record<string, string>> };

/** A running cartridge under a unique alias. */
export interface SubscriptionSpec {
  readonly alias: string;
  readonly cartridge: string;
  /** Image it runs instead of its cartridge's. */
  readonly image?: string;
  /** Revision of the inventory that it is pinned to: what that was made of runs, whatever the cartridge says. */
  readonly revision?: number;
  readonly scaling: ScalingPolicy;
  readonly rollout: RolloutPolicy;
  /** When its processes may sleep. Undefined: never. */
  readonly idle?: IdlePolicy;
  /** Keeps this subscription's processes on different VMs. */
  readonly spread: boolean;
  /** Aliases whose VMs its processes prefer. */
  readonly near: readonly string[];
  /** Aliases whose VMs its processes never share. Holds both ways. */
  readonly apart: readonly string[];
  /** Port on each VM of the partition where the gateway listens. Undefined: reached by `hosts` only, or not at all. */
  readonly port?: number;
  /** Host names served on port 80 of each VM of the partition, those of tenants among them. */
  readonly hosts: readonly string[];
  /** Added to, and wins over, the cartridge's. */
  readonly env: Readonly<Record<string, EnvValue>>;
  /** What must be ready before its processes start. Undefined: nothing. */
  readonly needs?: readonly NeedSpec[];
  /** By name. Undefined: none. */
  readonly tenants?: readonly TenantSpec[];
}

/** That one subscription needs another. */
export interface NeedSpec {
  readonly subscription: string;
  /** What the variables that are handed over begin with: `DB` for `DB_HOST`. */
  readonly as: string;
  /** Outputs that are handed over. Undefined: all. */
  readonly outputs?: readonly string[];
  /** Processes for each one of what is needed. Undefined: it does not follow. */
  readonly ratio?: number;
  /** What happens when nothing of it is ready any more. Default `keep`. */
  readonly whenLost: WhenLost;
}

/**
 * `keep`: nothing. `stop`: the processes go, and start again in order. `stop-all`: so do those of all subscriptions that are tied to it
 * by needs, in either direction.
 */
export type WhenLost = 'keep' | 'stop' | 'stop-all';

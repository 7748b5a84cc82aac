/**
 * The spec as the program sees it: `stratos.yaml` with includes read, units parsed, defaults filled in and policy names
 * replaced by the policies. Every name in here resolves.
 */
import { millis, type BitRate, type Bytes, type Cores, type Millis } from './quantity.ts';
import type { GuardsSpec, IdlePolicy, PartitionPolicy, RolloutPolicy, ScalingPolicy } from './policy.ts';
import type { IaasSpec } from './iaas-spec.ts';
import type { RuntimeName } from './runtime.ts';
import type { EnvValue } from './secret-ref.ts';
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
  /** How many VMs get an image from this machine, and from each VM that has it, at one time. Default {@link DEFAULT_FAN_OUT}, and one from this machine where it is large. */
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
  /** Absolute paths of the certificate that says who we are, and of its key. */
  readonly client?: { readonly cert: string; readonly key: string };
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

/** The partition that a subscription runs in; undefined where either is not in the spec. */
export function partitionOf(
  { subscriptions, cartridges }: Pick<Spec, 'subscriptions' | 'cartridges'>,
  alias: string,
): string | undefined {
  return cartridges[subscriptions[alias]?.cartridge ?? '']?.partition;
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
  /** How one logs in to a VM of runtime `vm`. Undefined: nobody does. */
  readonly ssh?: GuestLogin;
}

/** What is inside of a VM that is a process, for whoever logs in to it: Stratos itself does for people alone. */
export interface GuestLogin {
  readonly user: string;
  /** Default 22. */
  readonly port: number;
  /** OpenSSH public host keys: the image's own, or those that its user data bring. Undefined: each machine gets one that is made for it. */
  readonly hostKeys?: readonly string[];
  /** Absolute path of a private key file. Undefined: the agent, and the project's own key. */
  readonly key?: string;
  readonly shell: 'sh' | 'powershell';
  /** Files with what it logs. Empty: the system's own log. */
  readonly logs: readonly string[];
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

/** Limits of one process, and what it takes of a VM's capacity. They change while it runs: see `limits.ts`. */
export interface ResourceSpec {
  readonly memory: Bytes;
  readonly cpu: Cores;
  /** Most tasks. Default 512. */
  readonly pids: number;
  /** Most bytes on its own file system, where it has what it changes; a process with one has a file system of its own. Undefined: no limit. */
  readonly disk?: Bytes;
  /** Of its network traffic. Undefined: none. */
  readonly bandwidth?: BandwidthSpec;
  /**
   * Where it may connect to beyond its VM: `10.0.0.0/8`, `10.1.2.3:5432`, `0.0.0.0/0:8000-8999`, sorted; none: nowhere. Answers, and what it
   * needs of other subscriptions, are not meant. Undefined: anywhere.
   */
  readonly egress?: readonly string[];
}

/** Most traffic of one process in a second, as it sees it. */
export interface BandwidthSpec {
  /** What it receives. Undefined: no limit. */
  readonly in?: BitRate;
  /** What it sends. Undefined: no limit. */
  readonly out?: BitRate;
}

/** A directory of the VM that outlives the process. */
export interface VolumeSpec {
  readonly name: string;
  /** Absolute path inside the process. */
  readonly path: string;
}

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

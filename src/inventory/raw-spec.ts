/** What stratos.yaml holds after the schema accepted it: quantities are still text, names are not resolved, defaults not filled in. */
import type { RuntimeName } from '../model/runtime.ts';

import type { PlacementAlgorithm } from '../model/policy.ts';

import type { WhenLost } from '../model/spec.ts';

type RawMap<T> = Readonly<Record<string, T>>;
export type RawBounds = number | { readonly min?: number; readonly max?: number };
export interface RawSecret {
  readonly fromEnv?: string;
  readonly fromFile?: string;
  readonly fromCommand?: readonly string[];
  readonly fromKeyring?: RawMap<string>;
}
export type RawEnv = RawMap<string | number | boolean | RawSecret>;

export interface RawAccess {
  readonly user?: string;
  readonly port?: number;
  readonly key?: string;
  readonly knownHosts?: string;
}
export interface RawJump extends RawAccess {
  readonly address: string;
  readonly hostKey?: string | readonly string[];
}
interface RawHost extends RawJump {
  readonly jump?: RawJump;
}
export interface RawLocalIaas {
  readonly kind: 'local';
  readonly bridge?: string;
  readonly subnet?: string;
  readonly root?: string;
  readonly suite?: string;
  readonly image?: string;
}
export interface RawStaticIaas extends RawAccess {
  readonly kind: 'static';
  readonly jump?: RawJump;
  readonly hosts: RawMap<RawHost>;
}
export interface RawCloud {
  readonly user?: string;
  readonly timeout?: string;
  readonly concurrency?: number;
  readonly ratePerSecond?: number;
  readonly prices?: RawMap<number>;
  readonly jump?: RawJump;
}
export interface RawExecIaas extends RawCloud {
  readonly kind: 'exec';
  readonly command: readonly string[];
  readonly image?: string;
  readonly env?: RawEnv;
}
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
export interface RawHetznerIaas extends RawCloud {
  readonly kind: 'hetzner';
  readonly token?: RawSecret;
  readonly url?: string;
  readonly locations?: readonly string[];
  readonly image?: string | number;
  readonly architecture?: 'x86' | 'arm';
  readonly networks?: readonly (string | number)[];
  readonly firewalls?: readonly (string | number)[];
  readonly placementGroup?: string | number;
  readonly publicAddresses?: readonly ('ipv4' | 'ipv6')[];
  readonly address?: 'ipv4' | 'ipv6' | 'private';
}
export interface RawProxmoxIaas extends RawCloud {
  readonly kind: 'proxmox';
  readonly url: string;
  readonly token?: RawSecret;
  readonly ca?: string;
  readonly fingerprint?: string;
  readonly nodes?: readonly string[];
  readonly image: string | number;
  readonly clone?: 'linked' | 'full';
  readonly storage?: string;
  readonly seedStorage?: string;
  readonly seedDrive?: string;
  readonly bridge?: string;
  readonly pool?: string;
  readonly tags?: readonly string[];
  readonly disk?: number | string;
  readonly addresses?: RawMap<string>;
  readonly gateway?: string;
  readonly nameservers?: readonly string[];
  readonly address?: 'ipv4' | 'ipv6';
}
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
export interface RawOpenstackIaas extends RawCloud {
  readonly kind: 'openstack';
  readonly cloud?: string;
  readonly region?: string;
  readonly ca?: string;
  readonly secret?: RawSecret;
  readonly image: string;
  readonly network: string;
  readonly addresses?: RawMap<string>;
  readonly floating?: string;
  readonly securityGroups?: readonly string[];
  readonly zones?: readonly string[];
  readonly volume?: number | string;
  readonly keyName?: string;
  readonly serverGroup?: string;
  readonly configDrive?: boolean;
}
export interface RawDigitalOceanIaas extends RawCloud {
  readonly kind: 'digitalocean';
  readonly token?: RawSecret;
  readonly url?: string;
  readonly regions?: readonly string[];
  readonly image?: string | number;
  readonly vpcs?: readonly (string | number)[];
  readonly tags?: readonly string[];
  readonly publicAddresses?: readonly ('ipv4' | 'ipv6')[];
  readonly address?: 'ipv4' | 'ipv6' | 'private';
}
export interface RawLibvirtIaas extends RawCloud {
  readonly kind: 'libvirt';
  readonly uri?: string;
  readonly host?: RawJump;
  readonly pool?: string;
  readonly image: string;
  readonly network?: string;
  readonly address?: 'lease' | 'agent' | 'arp';
  readonly hypervisor?: 'kvm' | 'qemu';
  readonly firmware?: 'bios' | 'efi';
}
export interface RawAzureIaas extends RawCloud {
  readonly kind: 'azure';
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly zones?: readonly string[];
  readonly image?: string;
  readonly family?: string;
  readonly spot?: boolean;
  readonly network: string;
  readonly subnet?: string;
  readonly securityGroup?: string;
  readonly publicAddress?: boolean;
  readonly disk?: { readonly type?: string; readonly size?: string | number };
  readonly tags?: RawMap<string>;
  readonly credentials?: { readonly tenant: string; readonly client: string; readonly secret: RawSecret };
  readonly endpoint?: string;
  readonly authority?: string;
  readonly ca?: string;
}
export type RawIaas =
  | RawLocalIaas
  | RawStaticIaas
  | RawExecIaas
  | RawEc2Iaas
  | RawGceIaas
  | RawHetznerIaas
  | RawOpenstackIaas
  | RawDigitalOceanIaas
  | RawProxmoxIaas
  | RawAzureIaas
  | RawLibvirtIaas;

export interface RawDirectoryStore {
  readonly kind: 'directory';
  readonly path: string;
}
export interface RawOciStore {
  readonly kind: 'oci';
  readonly url: string;
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}
export interface RawGlanceStore {
  readonly kind: 'glance';
  readonly url?: string;
  readonly cloud?: string;
  readonly ca?: string;
  readonly project?: string;
  readonly visibility?: 'private' | 'shared' | 'community' | 'public';
  readonly protect?: boolean;
}
export type RawNamedStore = RawDirectoryStore | RawOciStore | RawGlanceStore;

export interface RawSize {
  readonly cpu?: number | string;
  readonly memory?: number | string;
  readonly disk?: number | string;
}
export interface RawPartitionPolicy {
  readonly vms?: RawBounds;
  readonly vm?: RawSize;
  readonly processesPerVm?: number;
  readonly strategy?: 'pack' | 'spread';
  readonly algorithm?: PlacementAlgorithm;
  readonly spare?: { readonly processes?: number; readonly vms?: number };
  readonly scaleDown?: { readonly after?: string; readonly below?: string; readonly afterGrowth?: string };
}
export interface RawSignal {
  readonly command: readonly string[];
  readonly on?: 'process' | 'vm';
  readonly timeout?: string;
}
export interface RawSchedule {
  readonly cron: string;
  readonly timezone?: string;
  readonly duration: string;
  readonly processes: RawBounds;
}
export interface RawScalingPolicy {
  readonly processes?: RawBounds;
  readonly target?: RawMap<number | string>;
  readonly signals?: RawMap<RawSignal>;
  readonly window?: string;
  readonly panic?: { readonly window?: string; readonly threshold?: number };
  readonly tolerance?: string;
  readonly cooldown?: { readonly up?: string; readonly down?: string };
  readonly downWindow?: string;
  readonly step?: { readonly up?: number; readonly down?: number };
  readonly predict?: string;
  readonly schedules?: readonly RawSchedule[];
}
export interface RawIdlePolicy {
  readonly freezeAfter?: string;
  readonly stopAfter?: string;
  readonly wake?: 'on-request' | 'never';
  readonly cpuBelow?: string;
  readonly sessions?: boolean;
  readonly busy?: readonly string[];
  readonly coldStart?: boolean;
}
export interface RawRolloutPolicy {
  readonly strategy?: 'rolling' | 'canary' | 'blueGreen';
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly batch?: number | string;
  readonly pause?: string;
  readonly minHealthy?: string;
  readonly progressDeadline?: string;
  readonly drain?: string;
  readonly canary?: {
    readonly share?: string;
    readonly processes?: number;
    readonly for?: string;
    readonly promote?: 'manual' | 'auto';
    readonly maxErrorRate?: string;
    readonly maxLatency?: string;
  };
  readonly keep?: string;
  readonly onFailure?: 'hold' | 'rollback';
}

export interface RawStore {
  readonly default?: string;
  readonly kind?: 'directory';
  readonly path?: string;
  readonly requireSignature?: boolean;
  readonly allowedSigners?: string;
  readonly revokedKeys?: string;
}
export interface RawDistribution {
  readonly fanOut?: number;
  readonly bandwidthLimit?: number | string;
  readonly neighbours?: boolean;
}
export interface RawHooks {
  readonly timeout?: string;
}
export interface RawGuards {
  readonly maxVms?: number;
  readonly maxCostPerHour?: number;
  readonly maxChangesPerRun?: number;
  readonly disruption?: string;
  readonly breaker?: { readonly bootFailures?: number; readonly unreachable?: string };
}
export interface RawPlacement {
  readonly iaas: string;
  readonly min?: number;
  readonly max?: number;
  readonly weight?: number;
  readonly zones?: readonly string[];
  readonly price?: number;
  readonly sizes?: readonly (RawSize & { readonly name?: string; readonly price?: number })[];
}
export interface RawPartition {
  readonly placement: readonly RawPlacement[];
  readonly policy?: string | RawPartitionPolicy;
  readonly network?: string;
  readonly gateway?: string;
}
export interface RawCartridge {
  readonly image: string;
  readonly partition: string;
  readonly ports?: RawMap<number | { readonly port: number; readonly protocol?: 'http' | 'tcp' }> | null;
  readonly health?: {
    readonly path?: string;
    readonly port?: string;
    readonly interval?: string;
    readonly timeout?: string;
    readonly startup?: string;
  };
  readonly resources?: {
    readonly memory?: number | string;
    readonly cpu?: number | string;
    readonly pids?: number;
    readonly disk?: number | string;
    readonly bandwidth?: string | { readonly in?: string; readonly out?: string };
  };
  readonly network?: { readonly egress?: 'none' | readonly string[] };
  readonly env?: RawEnv;
  readonly volumes?: RawMap<string> | null;
  readonly command?: readonly string[];
  readonly security?: { readonly privileged?: boolean };
  readonly runtime?: RuntimeName;
  readonly outputs?: RawMap<RawOutput> | null;
  readonly userData?: string;
  readonly ssh?: {
    readonly user: string;
    readonly port?: number;
    readonly hostKey: string | readonly string[];
    readonly key?: string;
    readonly shell?: 'sh' | 'powershell';
    readonly logs?: readonly string[];
  };
  readonly multiTenant?: boolean;
  readonly tenants?: { readonly file?: string; readonly command?: readonly string[] };
}
/** The schema has seen that a mapping has exactly one key. */
export type RawOutput = RawEnv[string] | { readonly env: string };
export type RawNeed = string | RawLongNeed;
export interface RawLongNeed {
  readonly subscription: string;
  readonly as?: string;
  readonly outputs?: readonly string[];
  readonly scale?: { readonly ratio: number };
  readonly whenLost?: WhenLost;
}
export interface RawSubscription {
  readonly cartridge: string;
  readonly image?: string;
  readonly revision?: number;
  readonly scaling?: string | RawScalingPolicy;
  readonly processes?: RawBounds;
  readonly idle?: string | RawIdlePolicy;
  readonly rollout?: string | RawRolloutPolicy;
  readonly spread?: boolean;
  readonly near?: readonly string[];
  readonly apart?: readonly string[];
  readonly port?: number;
  readonly hosts?: readonly string[];
  readonly env?: RawEnv;
  readonly needs?: readonly RawNeed[];
  readonly tenants?: RawMap<{ readonly hosts?: readonly string[] } | null> | null;
}

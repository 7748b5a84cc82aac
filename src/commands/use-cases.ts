/**
 * The functions that commands call, each loaded when it is called. A command that only reads the inventory thus never loads
 * SSH, and a test of a command hands in functions of its own.
 */
import type { processCopyIn, processCopyOut } from '../reconcile/copy-operations.ts';
import type { applyPlan } from '../reconcile/apply-plan.ts';
import type { vmBake } from '../reconcile/bake.ts';
import type { destroy } from '../reconcile/destroy.ts';
import type { doctor } from '../reconcile/doctor.ts';
import type { explain } from '../reconcile/explain.ts';
import type { PartitionCost, Presence } from '../reconcile/machine-costs.ts';
import type { planRun } from '../reconcile/plan-run.ts';
import type { processExec, processLogs, processShell } from '../reconcile/process-inside.ts';
import type {
  processRestart,
  processRestore,
  processSnapshot,
  processSnapshotRemove,
  processSnapshots,
} from '../reconcile/process-operations.ts';
import type { reconcile } from '../reconcile/reconcile.ts';
import type {
  rollbackTarget,
  rolloutHistory,
  rolloutMark,
  rolloutRun,
  rolloutStatus,
  rolloutStopped,
} from '../reconcile/rollout-operations.ts';
import type { iaasCheck, iaasList } from '../reconcile/iaas-operations.ts';
import type { adoptOrphans, deleteOrphans, findOrphans } from '../reconcile/orphans.ts';
import type { runSimulation } from '../reconcile/simulation.ts';
import type { preload } from '../reconcile/preload.ts';
import type { processSleep, processWake } from '../reconcile/sleep-operations.ts';
import type { top, topOnce } from '../reconcile/top.ts';
import type { status } from '../reconcile/status.ts';
import type { vmCordon, vmDrain, vmPrepare, vmPrune, vmSsh, vmUncordon } from '../reconcile/vm-operations.ts';
import type { watch } from '../reconcile/watch.ts';
import type { LoggedEvent } from '../model/event.ts';
import type { Image } from '../model/image.ts';
import type { Plan } from '../model/plan.ts';
import type { Bytes, Instant, Millis } from '../model/quantity.ts';
import type { History } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import type { ImageDiff } from '../store/image-diff.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { Provenance } from '../store/provenance.ts';
import type { PrunedBuilds } from '../store/build/prune-builds.ts';
import type { PackageList } from '../store/sbom/list-packages.ts';
import type { Verdict } from '../store/trust/verify-text.ts';
import type { EditedSpec } from './edited-spec.ts';
import type { EnvSetting } from './parse-option.ts';
import type { RegistryUseCases } from './registry-use-cases.ts';

export interface UseCases extends ProjectUseCases, RegistryUseCases, CartridgeUseCases, TrustUseCases {
  readonly planRun: typeof planRun;
  readonly reconcile: typeof reconcile;
  readonly applyPlan: typeof applyPlan;
  readonly watch: typeof watch;
  readonly rolloutStatus: typeof rolloutStatus;
  readonly rolloutHistory: typeof rolloutHistory;
  readonly rolloutMark: typeof rolloutMark;
  readonly rolloutStopped: typeof rolloutStopped;
  readonly rolloutRun: typeof rolloutRun;
  readonly rollbackTarget: typeof rollbackTarget;
  readonly status: typeof status;
  readonly explain: typeof explain;
  readonly top: typeof top;
  readonly topOnce: typeof topOnce;
  readonly simulate: typeof runSimulation;
  readonly processExec: typeof processExec;
  readonly processShell: typeof processShell;
  readonly processLogs: typeof processLogs;
  readonly processCopyIn: typeof processCopyIn;
  readonly processCopyOut: typeof processCopyOut;
  readonly processSnapshot: typeof processSnapshot;
  readonly processSnapshots: typeof processSnapshots;
  readonly processSnapshotRemove: typeof processSnapshotRemove;
  readonly processRestore: typeof processRestore;
  readonly processRestart: typeof processRestart;
  readonly processSleep: typeof processSleep;
  readonly processWake: typeof processWake;
  readonly vmCordon: typeof vmCordon;
  readonly vmUncordon: typeof vmUncordon;
  readonly vmDrain: typeof vmDrain;
  readonly vmPrepare: typeof vmPrepare;
  readonly vmPrune: typeof vmPrune;
  readonly vmSsh: typeof vmSsh;
  readonly vmBake: typeof vmBake;
  readonly findOrphans: typeof findOrphans;
  readonly adoptOrphans: typeof adoptOrphans;
  readonly deleteOrphans: typeof deleteOrphans;
  readonly iaasList: typeof iaasList;
  readonly iaasCheck: typeof iaasCheck;
  readonly preload: typeof preload;
  readonly destroy: typeof destroy;
  readonly doctor: typeof doctor;
}

/** A subscription as `stratos subscribe` writes it; what is undefined is left to the spec's defaults. */
export interface SubscriptionSettings {
  readonly cartridge: string;
  readonly port?: number;
  readonly hosts: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly env: readonly EnvSetting[];
  /** Names of policies of the spec. */
  readonly scaling?: string;
  readonly idle?: string;
  readonly rollout?: string;
  readonly spread?: boolean;
  /** Aliases that must be ready before it starts. */
  readonly needs?: readonly string[];
}

/** Who signed up with a subscription. */
export interface TenantInfo {
  readonly alias: string;
  readonly tenant: string;
  readonly hosts: readonly string[];
}

/** What a subscription shall be made of; what is null is taken out of the spec, what is undefined stays. */
export interface MakingSettings {
  readonly cartridge?: string;
  readonly image?: string | null;
  readonly revision?: number | null;
}

export interface EventQuery {
  readonly since?: Instant;
  /** Id of a run, or its beginning. */
  readonly run?: string;
  /** At most so many, the newest. */
  readonly limit?: number;
}

/** Where the VMs of a new project come from. */
export type StarterIaas = 'local' | 'static';

/** What a purge did to this machine, for people. */
export interface Purged {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** Work on the files of a project. All edits keep comments and order, and are refused when the spec would not be valid. */
export interface ProjectUseCases {
  /** Makes a project; returns the files it wrote. @throws UsageError when there is one already */
  readonly initProject: (directory: string, options: { readonly iaas: StarterIaas }) => Promise<readonly string[]>;
  readonly subscribe: (deps: Deps, alias: string, settings: SubscriptionSettings) => Promise<EditedSpec>;
  /** With `force` whoever needs it no longer does. @throws UsageError when something needs it */
  readonly unsubscribe: (deps: Deps, alias: string, options?: { readonly force?: boolean }) => Promise<EditedSpec>;
  /** @throws NotFoundError; UsageError when there is one of this name */
  readonly addTenant: (deps: Deps, alias: string, tenant: string, hosts: readonly string[]) => Promise<EditedSpec>;
  /** @throws NotFoundError */
  readonly removeTenant: (deps: Deps, alias: string, tenant: string) => Promise<EditedSpec>;
  /** Of one subscription, or of all. @throws NotFoundError */
  readonly listTenants: (deps: Deps, alias: string | undefined) => Promise<readonly TenantInfo[]>;
  readonly scale: (
    deps: Deps,
    alias: string,
    bounds: { readonly min?: number; readonly max?: number },
  ) => Promise<EditedSpec>;
  /** Says what a subscription is made of; with `dryRun` nothing is written. `spec`: as it is after the edit. */
  readonly setMaking: (
    deps: Deps,
    alias: string,
    making: MakingSettings,
    options: { readonly dryRun: boolean },
  ) => Promise<EditedSpec & { readonly spec: Spec }>;
  /** Takes away what is kept on this machine for the next time: bridges, base systems, build results. */
  readonly purge: (deps: Deps) => Promise<Purged>;
  /** Reads a saved plan. @throws ProjectFileError */
  readonly readPlan: (path: string) => Promise<Plan>;
  /** Saves a plan. @throws ProjectFileError */
  readonly savePlan: (path: string, plan: Plan) => Promise<void>;
  /** What runs measured from `since` until now, by alias. @throws ProjectFileError */
  readonly readHistory: (deps: Deps, since: Instant) => Promise<History>;
  /** What machines cost from `since` until now, by partition, shared among subscriptions by `presence`. @throws ProjectFileError */
  readonly readCosts: (
    deps: Deps,
    since: Instant,
    presence: Presence,
  ) => Promise<Readonly<Record<string, PartitionCost>>>;
  /** Writes a page, whole or not at all. @throws ProjectFileError */
  readonly writeReport: (path: string, html: string) => Promise<void>;
  /** The events of the project, oldest first. */
  readonly readEvents: (directory: string, query: EventQuery) => Promise<readonly LoggedEvent[]>;
}

/** An image with the names that point at it. */
export interface NamedImage {
  readonly references: readonly string[];
  readonly image: Image;
}

export interface BuildSettings {
  readonly tag?: string;
  /** Name of the VM that builds; default this machine. */
  readonly on?: string;
  /** Builds again what is there already, base included. */
  readonly noCache: boolean;
  readonly signal: AbortSignal;
  /** Asked for a shell in the container of a command that failed; called before the terminal is given to it. */
  readonly beforeShell?: () => void;
}

/** Forms of files that images are written to. */
export type ArchiveFormat = 'oci' | 'docker' | 'rootfs';

export interface ExportSettings {
  readonly format: ArchiveFormat;
  /** Layers by gzip, in the format oci. */
  readonly gzip: boolean;
  readonly signal: AbortSignal;
}

/** How a store is cleaned. */
export interface PruneSettings {
  /** Newest images of each name that stay in any case. */
  readonly keep: number;
  /** How long no build has used what goes of earlier builds. */
  readonly unused: Millis;
  /** Name of a VM: what builds there left, instead of what is here. */
  readonly on?: string;
  /** Tells what would be removed, and removes nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface PrunedStore {
  /** Names, and digests of images without one. */
  readonly removed: readonly string[];
  readonly kept: readonly { readonly reference: string; readonly why: string }[];
  /** Bytes; 0 in a dry run. */
  readonly freed: Bytes;
  /** What earlier builds left: how much of it goes. */
  readonly builds: PrunedBuilds;
}

/** How an imported image runs; what is empty or undefined is left as the file says. */
export interface ImportSettings {
  /** Undefined: the images of an archive get the names they have there. */
  readonly tag?: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly ports: readonly number[];
  readonly signal: AbortSignal;
}

export interface AddedCartridge extends EditedSpec {
  /** What was written, as it stands in the file. */
  readonly values: object;
}

/** Work on the cartridge store of a project. */
export interface CartridgeUseCases {
  /** Writes a cartridge into the spec as its image wants to be run. @throws NotFoundError, UsageError, InvalidSpecError */
  readonly addCartridge: (
    deps: Deps,
    name: string,
    settings: { readonly image: string; readonly partition: string },
  ) => Promise<AddedCartridge>;
  readonly buildCartridge: (deps: Deps, directory: string, options: BuildSettings) => Promise<NamedImage>;
  /** Makes an image of a process, or of the first ready one of an alias. @throws NotFoundError, RemoteCommandError */
  readonly commitCartridge: (
    deps: Deps,
    target: string,
    settings: { readonly tag?: string; readonly signal: AbortSignal },
  ) => Promise<NamedImage & { readonly process: string; readonly frozenMs: number }>;
  /** @throws NotFoundError, StoreError */
  readonly importCartridge: (deps: Deps, file: string, options: ImportSettings) => Promise<readonly NamedImage[]>;
  /** Writes images into one file, each blob once; with `spec` also those that the spec's cartridges need. @throws NotFoundError, StoreError */
  readonly exportCartridges: (
    deps: Deps,
    references: readonly string[],
    file: string,
    settings: ExportSettings & { readonly spec: boolean },
  ) => Promise<{ readonly images: readonly NamedImage[]; readonly size: Bytes }>;
  /** @throws NotFoundError, StoreError */
  readonly diffCartridges: (deps: Deps, a: string, b: string) => Promise<ImageDiff>;
  /** Removes from the store what nothing needs. @throws StoreError */
  readonly pruneCartridges: (deps: Deps, settings: PruneSettings) => Promise<PrunedStore>;
  readonly listCartridges: (deps: Deps) => Promise<readonly NamedImage[]>;
  /** @throws NotFoundError */
  readonly tagCartridge: (deps: Deps, reference: string, name: string, signal: AbortSignal) => Promise<NamedImage>;
  /** Returns the bytes freed. @throws NotFoundError; StoreError for what the spec needs, unless forced: nothing is removed then */
  readonly removeCartridges: (
    deps: Deps,
    references: readonly string[],
    options: { readonly force: boolean; readonly remote: boolean; readonly signal: AbortSignal },
  ) => Promise<Bytes>;
}

/** An image, of this machine or of a store. */
export interface LocatedImage extends NamedImage {
  /** The store that was asked: its name or its host; undefined: it is on this machine. */
  readonly store?: string;
}

/** Which of the images that may have a name. */
export interface WhichImage {
  /** The one of the store, also when this machine has a copy. */
  readonly remote: boolean;
  readonly signal: AbortSignal;
}

/** An image that was signed, and the fingerprint of the key: `SHA256:…`. */
export interface SignedImage extends LocatedImage {
  readonly key: string;
}

/** An image that is whole, and what its signatures are worth; none where nobody says whose count. */
export interface VerifiedImage extends LocatedImage {
  readonly signatures: readonly Verdict[];
}

/** The packages of an image, and the same as a bill of materials. */
export interface ListedPackages extends LocatedImage, PackageList {
  /** CycloneDX, as JSON. */
  readonly document: string;
}

/** An image and what hangs on it. */
export interface DescribedImage extends LocatedImage {
  /** Signatures, bills of materials, provenance, and what others attached. */
  readonly attached: readonly { readonly artifactType: string; readonly digest: string; readonly size: number }[];
  /** Undefined where nobody said where it comes from. */
  readonly provenance?: Provenance;
  /** Images it was made from, by what its provenance says, and what the store knows of them. */
  readonly bases: readonly BaseImage[];
}

export interface BaseImage {
  readonly name: string;
  readonly digest: string;
  /** Undefined where the store does not have it, or nobody said where it comes from. */
  readonly provenance?: Provenance;
  /** Kinds of what hangs on it; undefined where the store does not have it. */
  readonly attached?: readonly string[];
}

/** What is known of images, and who vouches for them. All look on this machine first, then at the store that the name is in. */
export interface TrustUseCases {
  /** An image with what hangs on it. @throws NotFoundError, RegistryError */
  readonly showCartridge: (deps: Deps, reference: string, which: WhichImage) => Promise<DescribedImage>;
  /**
   * Lists packages, and with `attach` hangs the list on the image. Layers of a store are read while they arrive; none is kept.
   * @throws NotFoundError, StoreError, RegistryError
   */
  readonly listPackages: (
    deps: Deps,
    reference: string,
    options: WhichImage & { readonly attach: boolean },
  ) => Promise<ListedPackages>;
  /** Signs an image with a key of the operator's. @throws NotFoundError, UsageError when there is no key, StoreError, RegistryError */
  readonly signCartridge: (
    deps: Deps,
    reference: string,
    options: WhichImage & { readonly key: string | undefined },
  ) => Promise<SignedImage>;
  /**
   * Reads every blob and compares it with its digest, then checks the signatures against the spec's allowed signers, or those given.
   * At a store: the manifest and the configuration, and that the layers are there.
   * @throws NotFoundError, RegistryError; StoreError naming the first blob that is damaged, or when no signature counts and one must
   */
  readonly verifyCartridge: (
    deps: Deps,
    reference: string,
    options: WhichImage & { readonly allowedSigners: string | undefined },
  ) => Promise<VerifiedImage>;
}

/**
 * A plan is plain JSON: `stratos plan -o json` prints exactly what `stratos apply` takes. It is a list of stages for each
 * partition; stages of a partition run in order, partitions side by side, and within a stage every VM gets one batch.
 */
import type { SleepDepth } from './inventory.ts';
import type { Instant, Millis } from './quantity.ts';
import type { RevisionRecord } from './revision.ts';
import type { ResourceSpec } from './spec.ts';
import type { VmSize } from './vm-size.ts';

export interface Plan {
  readonly version: 1;
  readonly lineage: string;
  /** Serial of the inventory the plan was made from; `apply` refuses another. */
  readonly serial: number;
  /** sha256 of the resolved spec the plan was made from. */
  readonly specDigest: string;
  readonly observedAt: Instant;
  readonly stages: readonly Stage[];
  /** Revisions that begin or whose rollout comes further: recorded before anything is done. Undefined: none. */
  readonly revisions?: readonly RevisionRecord[];
  /** What was considered and deliberately not done, with the reason. */
  readonly holds: readonly Hold[];
  /** What is on our machines but is not ours, or cannot be handled: reported, never touched. */
  readonly notices: readonly Notice[];
}

export type StageKind = 'machines' | 'prepare' | 'images' | 'processes' | 'gateway' | 'removals' | 'release';

export interface Stage {
  /** `<partition>/<n>`; n grows in order of execution. */
  readonly id: string;
  readonly partition: string;
  readonly kind: StageKind;
  readonly actions: readonly Action[];
  /** For a gateway stage: processes of the partition that leave the rotation with it. Absent: none. */
  readonly withdraw?: readonly string[];
  /**
   * For a gateway stage: processes of `withdraw` that stay in rotation unless these actions succeeded, by name. Without it a new version
   * that does not start would take the old one down with it.
   */
  readonly withdrawAfter?: Readonly<Record<string, readonly string[]>>;
  /** Stages of other partitions that must be over before, whatever came of them. Absent: none. */
  readonly after?: readonly string[];
}

interface ActionBase {
  /** Unique in the plan: `<kind>:<target>`, with `#n` where a target is acted upon more than once. */
  readonly id: string;
  /** VM the action is about; the executor groups by it. */
  readonly vm: string;
  /** Ids of actions, or of whole stages, that must have succeeded. */
  readonly dependsOn: readonly string[];
  readonly reason: string;
}

/** Asks the IaaS for a machine. Idempotent by VM name. */
export interface VmCreate extends ActionBase {
  readonly kind: 'vm.create';
  readonly iaas: string;
  readonly size: VmSize;
  /** Zone of the IaaS. Undefined: it chooses. */
  readonly zone?: string;
  /** The process that it is to be (runtime `vm`). Undefined: it is to hold containers. */
  readonly guest?: GuestProcess;
}
/** A process that is a VM, as its machine is labelled. */
export interface GuestProcess {
  readonly name: string;
  readonly subscription: string;
  readonly image: string;
  readonly fingerprint: string;
  /** Made of this revision of its subscription. Undefined: of what the spec says. */
  readonly revision?: number;
}
/** Starts a stopped machine. */
export interface VmStart extends ActionBase {
  readonly kind: 'vm.start';
}
/** Takes up a machine that carries our label and is not in the inventory. */
export interface VmAdopt extends ActionBase {
  readonly kind: 'vm.adopt';
  readonly iaas: string;
  readonly machine: string;
}
/** Runs the preparation script. */
export interface VmPrepare extends ActionBase {
  readonly kind: 'vm.prepare';
}
/** Releases a machine after verifying that it holds no process. */
export interface VmDelete extends ActionBase {
  readonly kind: 'vm.delete';
}
/** Drops the record of a machine that no longer exists, and of the processes that were on it. */
export interface VmForget extends ActionBase {
  readonly kind: 'vm.forget';
}
/** Copies an image to a VM and unpacks it there. */
export interface ImageCopy extends ActionBase {
  readonly kind: 'image.copy';
  readonly image: string;
  /** Unpacks it for privileged processes, with ownership that is not shifted. Undefined: for all others. */
  readonly privileged?: true;
}
/** Creates a container, starts it and waits until it is ready. Completes a half-made one. */
export interface ProcessCreate extends ActionBase {
  readonly kind: 'process.create';
  readonly process: string;
  readonly subscription: string;
  readonly ordinal: number;
  readonly index: number;
  readonly image: string;
  readonly fingerprint: string;
  /** Made of this revision of its subscription. Undefined: of what the spec says. */
  readonly revision?: number;
  /** Aliases that its subscription needs. Undefined: none. */
  readonly needs?: readonly string[];
}
/** Starts a container that exists, and waits until it is ready. */
export interface ProcessStart extends ActionBase {
  readonly kind: 'process.start';
  readonly process: string;
}
/** Changes what a process may take, whether it runs, sleeps or is stopped: nothing is restarted. */
export interface ProcessLimit extends ActionBase {
  readonly kind: 'process.limit';
  readonly process: string;
  /** All of its limits, as they shall be. */
  readonly resources: ResourceSpec;
}
/**
 * Puts a process to sleep: frozen (memory kept, no CPU) or stopped (its changes kept on disk); a frozen one may be stopped. One that is
 * in use by then stays awake, which is no failure.
 */
export interface ProcessSleep extends ActionBase {
  readonly kind: 'process.sleep';
  readonly process: string;
  readonly depth: SleepDepth;
}
/** Wakes a process that sleeps, and waits until it is ready. */
export interface ProcessWake extends ActionBase {
  readonly kind: 'process.wake';
  readonly process: string;
}
/** Takes up a container that carries our label, matches the spec and is not in the inventory. */
export interface ProcessAdopt extends ActionBase {
  readonly kind: 'process.adopt';
  readonly process: string;
  readonly subscription: string;
  readonly ordinal: number;
  readonly index: number;
  readonly image: string;
  readonly fingerprint: string;
  /** Aliases that its subscription needs. Undefined: none. */
  readonly needs?: readonly string[];
}
/** Waits until the process has no connection left or `drain` has passed, stops it and removes it. Volumes stay. */
export interface ProcessRemove extends ActionBase {
  readonly kind: 'process.remove';
  readonly process: string;
  readonly drain: Millis;
  /** A snapshot of what it changed stays on the VM, or it is not removed. */
  readonly snapshot?: true;
}
/** Drops the record of a process whose container no longer exists. */
export interface ProcessForget extends ActionBase {
  readonly kind: 'process.forget';
  readonly process: string;
}
/**
 * Writes the gateway's configuration for the processes that are ready at that moment, without those that its stage withdraws,
 * and reloads it without losing a request.
 */
export interface GatewayConfigure extends ActionBase {
  readonly kind: 'gateway.configure';
}

export type Action =
  | VmCreate
  | VmStart
  | VmAdopt
  | VmPrepare
  | VmDelete
  | VmForget
  | ImageCopy
  | ProcessCreate
  | ProcessStart
  | ProcessLimit
  | ProcessSleep
  | ProcessWake
  | ProcessAdopt
  | ProcessRemove
  | ProcessForget
  | GatewayConfigure;

export type ActionKind = Action['kind'];

/** Something that would have been done and was not. */
export interface Hold {
  readonly target: string;
  readonly reason: string;
  /**
   * The spec asks for it and it cannot be had as things are: no room, no image, no secret. A run that ends so is no success.
   * Undefined: it is put off, or stays on purpose.
   */
  readonly unmet?: true;
}

export interface Notice {
  readonly target: string;
  readonly message: string;
}

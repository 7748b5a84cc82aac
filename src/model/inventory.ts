/**
 * The inventory: what exists as far as Stratos knows. Only stratos writes it. All of it can be rebuilt from the labels on
 * machines and containers; the world is right where the two disagree.
 */
import type { Endpoint } from './endpoint.ts';
import type { RevisionRecord } from './revision.ts';
import type { VmSize } from './vm-size.ts';

export interface Inventory {
  /** Identity of the fleet; stamped on everything created. A UUID. */
  readonly lineage: string;
  /** Grows by one with each write. */
  readonly serial: number;
  readonly vms: readonly VmRecord[];
  readonly processes: readonly ProcessRecord[];
  /** What the names of images from registries mean, sorted by name; undefined where there are none. */
  readonly images?: readonly ImagePin[];
  /** Of all subscriptions. Undefined: none yet. They alone cannot be rebuilt from labels. */
  readonly revisions?: readonly RevisionRecord[];
}

/** The digest that a name had when it was pulled: a tag that moves is followed by `cartridge pull` alone. */
export interface ImagePin {
  /** As the spec writes it. */
  readonly name: string;
  /** Of the manifest for our architecture. */
  readonly digest: string;
}

/**
 * `creating`: asked of the IaaS, may or may not exist. `created`: exists, not prepared. `ready`: prepared.
 * `deleting`: being released.
 */
export type VmState = 'creating' | 'created' | 'ready' | 'deleting';

export interface VmRecord {
  /** `<partition>-<n>`; unique in the inventory. */
  readonly name: string;
  readonly partition: string;
  readonly iaas: string;
  readonly state: VmState;
  /** The IaaS's own id; undefined while `creating`. */
  readonly machine?: string;
  /** How it is reached; undefined while `creating`. */
  readonly endpoint?: Endpoint;
  readonly size: VmSize;
  /** Where in the IaaS it is. Undefined: it has no zones, or none was asked for. */
  readonly zone?: string;
  /** It is a process itself: nobody logs in to it. Undefined: it holds containers. */
  readonly runtime?: 'vm';
  /** Takes no new processes (`vm cordon`). */
  readonly cordoned: boolean;
  /** Its processes are to be moved away (`vm drain`). Implies cordoned. */
  readonly draining: boolean;
  /** Fingerprint of the preparation it has got. */
  readonly prepared?: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/**
 * `creating`: asked for, may or may not exist. `ready`: passed its health check once. `leaving`: out of the gateways'
 * configuration, finishing its requests. `failed`: did not get ready in time.
 */
export type ProcessState = 'creating' | 'ready' | 'leaving' | 'failed';

/** How deep a process sleeps: its memory kept and without CPU, or stopped with its changes on disk. */
export type SleepDepth = 'frozen' | 'stopped';

export interface ProcessRecord {
  /** `<alias>-<ordinal>`; unique in the inventory, and the name of the container. */
  readonly name: string;
  readonly subscription: string;
  readonly ordinal: number;
  readonly vm: string;
  /** Number on its VM, from 1; address, MAC and published ports derive from it (`lxc/network.ts`). */
  readonly index: number;
  /** Manifest digest `sha256:…`. */
  readonly image: string;
  /** Hash of everything that makes it what it is; another fingerprint means it must be replaced. */
  readonly fingerprint: string;
  readonly state: ProcessState;
  /** ISO 8601. */
  readonly createdAt: string;
  /** How deep we put it to sleep. A request may have woken it since: what is observed counts. */
  readonly asleep?: SleepDepth;
  /** Aliases that it needed when it was made: it goes before their processes do. Undefined: none. */
  readonly needs?: readonly string[];
  /** Why it failed, in one line. */
  readonly failure?: string;
}

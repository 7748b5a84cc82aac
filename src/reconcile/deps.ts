/** What the use cases are given by the composition root. Commands never construct any of it. */
import type { CartridgeStore } from '../store/cartridge-store.ts';
import type { OpenStore } from '../store/find-place.ts';
import type { IaasProvider } from '../iaas/provider.ts';
import type { HookOutcome } from '../host/run-hook.ts';
import type { InventoryStore } from '../inventory/inventory-store.ts';
import type { PriceTables } from '../inventory/price-file.ts';
import type { RunMemory } from '../inventory/run-memory.ts';
import type { StateFile } from '../inventory/state-file.ts';
import type { EventSink } from '../model/event.ts';
import type { Instant, Millis } from '../model/quantity.ts';
import type { IaasSpec } from '../model/iaas-spec.ts';
import type { Spec } from '../model/spec.ts';
import type { Verdict } from '../store/trust/verify-text.ts';
import type { Transport } from '../ssh/transport.ts';

export interface Deps {
  /** Project directory, absolute. */
  readonly directory: string;
  readonly loadSpec: () => Promise<Spec>;
  readonly inventory: InventoryStore;
  /** What runs leave for the next one. */
  readonly memory: RunMemory;
  /** What IaaS said that their sizes cost. */
  readonly prices: Pick<StateFile<PriceTables>, 'read' | 'write'>;
  readonly transport: Transport;
  readonly storeOf: (spec: Spec) => Promise<CartridgeStore>;
  /** Opens a registry the first time it is asked for. @throws HostError */
  readonly openStore: OpenStore;
  /** What the signatures of an image are worth to the spec's allowed signers; `reference` says where it is, if not in the local store. @throws RegistryError, HostError */
  readonly signaturesOf: (spec: Spec, digest: string, reference?: string) => Promise<readonly Verdict[]>;
  /** Loads the adapter the first time it is asked for. */
  readonly providerOf: (spec: IaasSpec, lineage: string) => Promise<IaasProvider>;
  /** The project's own key pair; made the first time. */
  readonly identity: () => Promise<{ readonly privateKeyFile: string; readonly publicKey: string }>;
  /** The project's own key for fingerprints of secrets, kept apart from the inventory; made the first time. Never shown. */
  readonly fingerprintKey: () => Promise<string>;
  /** Values of secrets on the operator's machine. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs an executable in `hooks/` of the project; undefined when there is none of this name. */
  readonly runHook: (
    hook: string,
    facts: Readonly<Record<string, string>>,
    timeout: Millis,
    signal: AbortSignal,
  ) => Promise<HookOutcome | undefined>;
  /** Who runs stratos: `user@host`. */
  readonly who: () => string;
  readonly now: () => Instant;
  readonly emit: EventSink;
  /** Begins a run: the id it returns stands on all events from now on. */
  readonly beginRun: () => string;
}

/** What bounds one run. */
export interface RunLimits {
  /** Measures also what no policy needs, for somebody who looks. */
  readonly everything?: boolean;
  /** Counts what each process has on disk, which takes its time. */
  readonly disks?: boolean;
  /** Why a rollout that begins with this run was asked for, in somebody's words. */
  readonly message?: string;
  /** Aliases and partitions to act on; empty: all. */
  readonly only: readonly string[];
  readonly lockTimeout: Millis;
  /** VMs worked on side by side. Default 64. */
  readonly parallel: number;
  readonly signal: AbortSignal;
}

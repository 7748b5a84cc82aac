/**
 * What Stratos asks of an IaaS: six verbs, and three that a cloud has besides. An adapter translates its vendor's errors to {@link IaasError} at its edge, labels all
 * it creates with the lineage, and never lists or touches anything else.
 */
import type { Machine, MachineProcess } from '../model/observation.ts';
import type { Secret } from '../model/secret.ts';
import type { PricedSize, VmSize } from '../model/vm-size.ts';

export interface MachineRequest {
  /** Name of the VM; the idempotency key. */
  readonly vm: string;
  readonly partition: string;
  /** Tells this VM from an earlier one of its name; the same in each attempt to make it. */
  readonly generation?: string;
  readonly size: VmSize;
  /** One of the zones that the spec gives this IaaS. Undefined: the adapter's choice. */
  readonly zone?: string;
  /** Host key pair we generated: injected, so that the first connection is already verified. */
  readonly hostKey: { readonly privateKey: Secret; readonly publicKey: string };
  /** The machine is a process itself (runtime `vm`). Undefined: it is prepared by SSH, and holds processes. */
  readonly guest?: Guest;
  /** OpenSSH public key that shall be able to log in. */
  readonly authorizedKey: string;
  /** Ids of machines that VMs of the inventory have already; a static pool gives none of them again. */
  readonly taken: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * A machine that is a process: made of the cartridge's own image, told what the cartridge says and nothing of ours: no user, no key but one
 * that it asks for. Stratos does not log in to it. `firstFacts` (cloud/first-facts.ts) makes of it what a cloud is told.
 */
export interface Guest {
  /** What the IaaS calls the image; takes the place of the spec's. */
  readonly image: string;
  readonly process: MachineProcess;
  /** The cartridge's own user data, as it is. Undefined: none. */
  readonly userData?: Secret;
  /** OpenSSH public host key that the user data bring: labelled, so that a listing tells it. Undefined: none that is known. */
  readonly hostKey?: string;
}

export interface IaasProvider {
  readonly name: string;
  readonly kind: string;
  /** Whether `delete` ends the machine (a cloud) or only gives it back (a static pool), and whether it makes host keys its own. */
  readonly capabilities: {
    readonly ephemeral: boolean;
    readonly injectsHostKey: boolean;
    readonly stop: boolean;
    /** Whether `create` honours `guest`. Undefined: it does not, and is never asked to. */
    readonly guests?: boolean;
    /** Whether the IaaS itself says in `sizes` what they cost. Undefined: it does not. */
    readonly prices?: boolean;
  };
  /** All machines that carry our lineage, in any state, of all pages of the answer; for a static pool, its hosts. */
  list(): Promise<readonly Machine[]>;
  /**
   * Makes a machine, or returns the one that already carries this VM's name, also when the answer to an earlier call was lost.
   * Resolves when it has an address; SSH may take a while longer.
   * @throws IaasError no-capacity, quota, unauthorized, rate-limited, unavailable, invalid
   */
  create(request: MachineRequest): Promise<Machine>;
  /** Starts a stopped machine; no effect on a running one. @throws IaasError not-found */
  start(id: string): Promise<Machine>;
  /** Stops a machine and keeps its disk; no effect on a stopped one. @throws IaasError not-found */
  stop(id: string): Promise<void>;
  /** Ends a machine and all that was made for it; no effect when it is gone already. */
  delete(id: string): Promise<void>;
  /** Whether this adapter can work here: credentials, tools, rights. Changes nothing. @throws IaasError with a hint */
  check(): Promise<void>;
  /**
   * What `iaas check` shows before anything is bought: whether these sizes, the image, the network and the quota are there, and
   * what a size costs. Changes nothing, throws nothing: what fails is a finding.
   */
  readonly survey?: (sizes: readonly VmSize[]) => Promise<readonly Finding[]>;
  /** The sizes that can be had, with prices (per hour) where the IaaS tells them. @throws IaasError */
  readonly sizes?: () => Promise<readonly PricedSize[]>;
  /**
   * Makes an image of a stopped or running machine, so that later VMs boot prepared. Resolves when it can be used.
   * @returns what the spec's `image` takes @throws IaasError not-found, quota
   */
  readonly bake?: (id: string, name: string, signal?: AbortSignal) => Promise<string>;
}

/** One thing that was looked at. */
export interface Finding {
  readonly subject: 'credentials' | 'quota' | 'image' | 'network' | 'size' | 'price';
  readonly status: 'ok' | 'warning' | 'failed';
  /** `12 of 20 vCPUs are left in eu-west-1`. */
  readonly detail: string;
  /** For a size or a price: which of those that were asked for. */
  readonly of?: VmSize;
  /** What to do about it; can be run or is an address in the spec. */
  readonly hint?: string;
}

/** What every adapter is told about the project it works for. */
export interface IaasContext {
  readonly lineage: string;
  /** Variables of the operator's environment: where clouds keep credentials by custom. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reports slow steps: `building the base root file system`. */
  readonly onStep: (message: string) => void;
}

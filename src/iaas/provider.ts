/**
 * What Stratos asks of an IaaS: six verbs. An adapter translates its vendor's errors to {@link IaasError} at its edge, labels all
 * it creates with the lineage, and never lists or touches anything else.
 */
import type { Machine } from '../model/observation.ts';
import type { Secret } from '../model/secret.ts';
import type { VmSize } from '../model/vm-size.ts';

export interface MachineRequest {
  /** Name of the VM; the idempotency key. */
  readonly vm: string;
  readonly partition: string;
  readonly size: VmSize;
  /** Host key pair we generated: injected, so that the first connection is already verified. */
  readonly hostKey: { readonly privateKey: Secret; readonly publicKey: string };
  /** OpenSSH public key that shall be able to log in. */
  readonly authorizedKey: string;
  /** Ids of machines that VMs of the inventory have already; a static pool gives none of them again. */
  readonly taken: readonly string[];
  readonly signal?: AbortSignal;
}

export interface IaasProvider {
  readonly name: string;
  readonly kind: string;
  /** Whether `delete` ends the machine (a cloud) or only gives it back (a static pool), and whether it makes host keys its own. */
  readonly capabilities: { readonly ephemeral: boolean; readonly injectsHostKey: boolean; readonly stop: boolean };
  /** All machines that carry our lineage, in any state; for a static pool, its hosts. */
  list(): Promise<readonly Machine[]>;
  /**
   * Makes a machine, or returns the one that already carries this VM's name. Resolves when it has an address; SSH may
   * take a while longer.
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
}

/** What every adapter is told about the project it works for. */
export interface IaasContext {
  readonly lineage: string;
  /** Reports slow steps: `building the base root file system`. */
  readonly onStep: (message: string) => void;
}

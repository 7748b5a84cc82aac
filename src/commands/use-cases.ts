/**
 * The functions that commands call, each loaded when it is called. A command that only reads the inventory thus never loads
 * SSH, and a test of a command hands in functions of its own.
 */
import type { applyPlan } from '../reconcile/apply-plan.ts';
import type { vmBake } from '../reconcile/bake.ts';
import type { processCopyIn, processCopyOut } from '../reconcile/copy-operations.ts';
import type { destroy } from '../reconcile/destroy.ts';
import type { doctor } from '../reconcile/doctor.ts';
import type { explain } from '../reconcile/explain.ts';
import type { iaasCheck, iaasList } from '../reconcile/iaas-operations.ts';
import type { adoptOrphans, deleteOrphans, findOrphans } from '../reconcile/orphans.ts';
import type { planRun } from '../reconcile/plan-run.ts';
import type { preload } from '../reconcile/preload.ts';
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
import type { runSimulation } from '../reconcile/simulation.ts';
import type { processSleep, processWake } from '../reconcile/sleep-operations.ts';
import type { status } from '../reconcile/status.ts';
import type { top, topOnce } from '../reconcile/top.ts';
import type { vmCordon, vmDrain, vmPrepare, vmPrune, vmSsh, vmUncordon } from '../reconcile/vm-operations.ts';
import type { watch } from '../reconcile/watch.ts';
import type { CartridgeUseCases } from './cartridge-use-cases.ts';
import type { ProjectUseCases } from './project-use-cases.ts';
import type { RegistryUseCases } from './registry-use-cases.ts';
import type { TrustUseCases } from './trust-use-cases.ts';

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

/** The real use cases, each loaded when it is called. */
import type { UseCases } from '../commands/use-cases.ts';
import { cartridgeUseCases } from './cartridge-use-cases.ts';
import { projectUseCases } from './project-use-cases.ts';
import { registryUseCases } from './registry-use-cases.ts';
import { trustUseCases } from './trust-use-cases.ts';

const processes = () => import('../reconcile/process-operations.ts');
const inside = () => import('../reconcile/process-inside.ts');
const sleep = () => import('../reconcile/sleep-operations.ts');
const rollouts = () => import('../reconcile/rollout-operations.ts');
const iaas = () => import('../reconcile/iaas-operations.ts');
const orphans = () => import('../reconcile/orphans.ts');
const vms = () => import('../reconcile/vm-operations.ts');

/** What main gives to commands. */
export const USE_CASES: UseCases = {
  ...projectUseCases,
  ...cartridgeUseCases,
  ...registryUseCases,
  ...trustUseCases,
  planRun: async (...args) => (await import('../reconcile/plan-run.ts')).planRun(...args),
  reconcile: async (...args) => (await import('../reconcile/reconcile.ts')).reconcile(...args),
  applyPlan: async (...args) => (await import('../reconcile/apply-plan.ts')).applyPlan(...args),
  watch: async (...args) => (await import('../reconcile/watch.ts')).watch(...args),
  rolloutStatus: async (...args) => (await rollouts()).rolloutStatus(...args),
  rolloutHistory: async (...args) => (await rollouts()).rolloutHistory(...args),
  rolloutMark: async (...args) => (await rollouts()).rolloutMark(...args),
  rolloutStopped: async (...args) => (await rollouts()).rolloutStopped(...args),
  rolloutRun: async (...args) => (await rollouts()).rolloutRun(...args),
  rollbackTarget: async (...args) => (await rollouts()).rollbackTarget(...args),
  status: async (...args) => (await import('../reconcile/status.ts')).status(...args),
  simulate: async (...args) => (await import('../reconcile/simulation.ts')).runSimulation(...args),
  top: async (...args) => (await import('../reconcile/top.ts')).top(...args),
  topOnce: async (...args) => (await import('../reconcile/top.ts')).topOnce(...args),
  explain: async (...args) => (await import('../reconcile/explain.ts')).explain(...args),
  processExec: async (...args) => (await inside()).processExec(...args),
  processShell: async (...args) => (await inside()).processShell(...args),
  processLogs: async (...args) => (await inside()).processLogs(...args),
  processCopyIn: async (...args) => (await import('../reconcile/copy-operations.ts')).processCopyIn(...args),
  processCopyOut: async (...args) => (await import('../reconcile/copy-operations.ts')).processCopyOut(...args),
  processSnapshot: async (...args) => (await processes()).processSnapshot(...args),
  processSnapshots: async (...args) => (await processes()).processSnapshots(...args),
  processSnapshotRemove: async (...args) => (await processes()).processSnapshotRemove(...args),
  processRestore: async (...args) => (await processes()).processRestore(...args),
  processRestart: async (...args) => (await processes()).processRestart(...args),
  processSleep: async (...args) => (await sleep()).processSleep(...args),
  processWake: async (...args) => (await sleep()).processWake(...args),
  vmCordon: async (...args) => (await vms()).vmCordon(...args),
  vmUncordon: async (...args) => (await vms()).vmUncordon(...args),
  vmDrain: async (...args) => (await vms()).vmDrain(...args),
  vmPrepare: async (...args) => (await vms()).vmPrepare(...args),
  vmPrune: async (...args) => (await vms()).vmPrune(...args),
  vmSsh: async (...args) => (await vms()).vmSsh(...args),
  vmBake: async (...args) => (await import('../reconcile/bake.ts')).vmBake(...args),
  findOrphans: async (...args) => (await orphans()).findOrphans(...args),
  adoptOrphans: async (...args) => (await orphans()).adoptOrphans(...args),
  deleteOrphans: async (...args) => (await orphans()).deleteOrphans(...args),
  iaasList: async (...args) => (await iaas()).iaasList(...args),
  iaasCheck: async (...args) => (await iaas()).iaasCheck(...args),
  preload: async (...args) => (await import('../reconcile/preload.ts')).preload(...args),
  destroy: async (...args) => (await import('../reconcile/destroy.ts')).destroy(...args),
  doctor: async (...args) => (await import('../reconcile/doctor.ts')).doctor(...args),
};

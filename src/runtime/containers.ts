/** The verbs that all runtimes of containers share: units, network, logs and sleep of a process are the same, whatever runs in it. */
import { copyInStep, copyOutStep, lookStep } from '../lxc/copy.ts';
import { limitSteps } from '../lxc/limits.ts';
import { execArgv, logsArgv, shellArgv } from '../lxc/process-commands.ts';
import { removeSteps, restartSteps, startSteps } from '../lxc/process-lifecycle.ts';
import { sleepSteps } from '../lxc/sleep.ts';
import { restoreSteps, snapshotListStep, snapshotRemoveStep, snapshotSteps } from '../lxc/snapshots.ts';
import type { ContainerVerbs } from './runtime.ts';

/** For processes that exist; making one is its runtime's. */
export const CONTAINERS: ContainerVerbs = {
  start: startSteps,
  restart: restartSteps,
  limit: limitSteps,
  remove: removeSteps,
  sleep: sleepSteps,
  exec: execArgv,
  shell: shellArgv,
  logs: logsArgv,
  look: lookStep,
  copyOut: copyOutStep,
  copyIn: copyInStep,
  snapshot: snapshotSteps,
  restore: restoreSteps,
  snapshots: snapshotListStep,
  removeSnapshot: snapshotRemoveStep,
};

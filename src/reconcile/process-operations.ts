/** Day-2 work on one process: snapshot, restore, restart. */
import { parseCreate } from '../lxc/process-lifecycle.ts';
import { parseSnapshots, type Snapshot } from '../lxc/snapshots.ts';
import { NotFoundError, RemoteCommandError } from '../model/errors.ts';
import { millis } from '../model/quantity.ts';
import { CONTAINERS } from '../runtime/containers.ts';
import type { Step, StepResult } from '../shell/command.ts';
import type { Deps } from './deps.ts';
import { failureText } from './failure-text.ts';
import { locate, type Located } from './locate.ts';
import { logged } from './logged.ts';
import { withLock } from './reconcile.ts';

export interface SnapshotOptions {
  readonly comment?: string;
  readonly signal?: AbortSignal;
}

/** Stops the process, takes a snapshot and starts it again. @throws NotFoundError, RemoteCommandError */
export async function processSnapshot(
  deps: Deps,
  name: string,
  options: SnapshotOptions = {},
): Promise<{ readonly snapshot: string }> {
  const results = await runLocked(
    deps,
    'process snapshot',
    name,
    () => CONTAINERS.snapshot(name, options.comment),
    options.signal,
  );
  const snapshot = parseSnapshots(results.map((result) => result.stdout).join('\n')).at(-1);
  if (!snapshot) throw new RemoteCommandError(`Cannot find the snapshot of ${name} that was just made`);
  return { snapshot: snapshot.name };
}

/** The snapshots of a process, oldest first. @throws NotFoundError */
export async function processSnapshots(deps: Deps, name: string, signal?: AbortSignal): Promise<readonly Snapshot[]> {
  const [result] = await run(deps, name, () => [CONTAINERS.snapshots(name)], signal);
  return parseSnapshots(result?.stdout ?? '');
}

/** Deletes a snapshot for good. @throws NotFoundError, RemoteCommandError when there is none of this name */
export async function processSnapshotRemove(
  deps: Deps,
  name: string,
  snapshot: string,
  signal?: AbortSignal,
): Promise<void> {
  const hint = `stratos process snapshots ${name}`;
  await runLocked(deps, 'process snapshots', name, () => [CONTAINERS.removeSnapshot(name, snapshot)], signal, hint);
}

/** Puts a process back to a snapshot and starts it. @throws NotFoundError, RemoteCommandError */
export async function processRestore(deps: Deps, name: string, snapshot: string, signal?: AbortSignal): Promise<void> {
  const hint = `stratos process snapshots ${name}`;
  await runLocked(deps, 'process restore', name, () => CONTAINERS.restore(name, snapshot), signal, hint);
}

/** Restarts processes, one VM's together; resolves when all are ready again. @throws NotFoundError, RemoteCommandError */
export async function processRestart(deps: Deps, names: readonly string[], signal?: AbortSignal): Promise<void> {
  const spec = await deps.loadSpec();
  for (const name of names) {
    const results = await runLocked(
      deps,
      'process restart',
      name,
      ({ record }) => {
        const subscription = spec.subscriptions[record.subscription];
        const cartridge = subscription && spec.cartridges[subscription.cartridge];
        const partition = cartridge && spec.partitions[cartridge.partition];
        if (!partition) throw new NotFoundError(`Cannot restart ${name} as its subscription is gone`);
        return CONTAINERS.restart([{ name, index: record.index, network: partition.network, cartridge }]);
      },
      signal,
    );
    const outcome = parseCreate(results).find((candidate) => candidate.name === name);
    if (outcome && !outcome.ready)
      throw new RemoteCommandError(`Cannot restart ${name}: ${outcome.failure ?? 'it did not get ready'}`, {
        hint: `stratos process logs ${name}`,
      });
  }
}

/** How long work on one process waits for a run that is under way. */
const LOCK_TIMEOUT = millis(60_000);

/** Runs steps that stop or change a process, with the inventory's lock: a reconcile must not mend what is meant. */
async function runLocked(
  deps: Deps,
  operation: string,
  name: string,
  steps: (located: Located) => readonly Step[],
  signal: AbortSignal | undefined,
  hint?: string,
): Promise<readonly StepResult[]> {
  const limits = { lockTimeout: LOCK_TIMEOUT, signal: signal ?? new AbortController().signal };
  deps.beginRun();
  return withLock(deps, limits, operation, () =>
    logged(deps, operation, name, () => run(deps, name, steps, signal, hint)),
  );
}

async function run(
  deps: Deps,
  name: string,
  steps: (located: Located) => readonly Step[],
  signal: AbortSignal | undefined,
  hint = `stratos process logs ${name}`,
): Promise<readonly StepResult[]> {
  const located = await locate(deps, name, `work in ${name}`);
  const { vm, endpoint } = located;
  const results = await deps.transport.run(
    vm,
    endpoint,
    { steps: steps(located), stopOnFailure: true, timeout: millis(300_000) },
    signal ? { signal } : {},
  );
  const failed = results.find((result) => result.status !== 0 && result.status !== undefined);
  if (failed) throw new RemoteCommandError(failureText(failed, vm), { hint });
  return results;
}

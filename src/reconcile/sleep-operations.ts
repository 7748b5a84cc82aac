/** Sleep and wake of one process, asked for by an operator: what a plan does, with the same records. */
import { wakesOnRequest } from '../lxc/sleep.ts';
import { RemoteCommandError, UsageError } from '../model/errors.ts';
import type { ProcessRecord, SleepDepth } from '../model/inventory.ts';
import { capabilitiesOf } from '../model/runtime.ts';
import type { Spec } from '../model/spec.ts';
import { millis } from '../model/quantity.ts';
import { HANDLERS } from './actions/handlers.ts';
import type { ApplyContext } from './context.ts';
import type { Deps } from './deps.ts';
import { logged } from './logged.ts';
import { noSuchProcess } from './locate.ts';
import { loadMaterials } from './materials.ts';
import { contextOf, withLock } from './reconcile.ts';

/** How long this waits for a run that is under way. */
const LOCK_TIMEOUT = millis(60_000);

/**
 * Puts a process to sleep, which must be one that something wakes again.
 * @throws NotFoundError, UsageError, RemoteCommandError when it is in use or cannot
 */
export async function processSleep(deps: Deps, name: string, depth: SleepDepth, signal?: AbortSignal): Promise<void> {
  await onProcess(deps, 'process sleep', name, signal, async (context, record) => {
    checkSleeps(context.spec, record, depth);
    const action = { ...actionOf(record, 'process.sleep'), depth };
    let busy: string | undefined;
    const failures = await HANDLERS['process.sleep'](
      context,
      record.vm,
      [action],
      (_action, message) => (busy = message),
    );
    const failure = failures.get(action.id);
    if (failure) throw failure;
    if (busy !== undefined) throw new RemoteCommandError(`Cannot put ${name} to sleep as it ${busy}`);
  });
}

/** Wakes a process and waits until it is ready. @throws NotFoundError, RemoteCommandError */
export async function processWake(deps: Deps, name: string, signal?: AbortSignal): Promise<void> {
  await onProcess(deps, 'process wake', name, signal, async (context, record) => {
    const action = actionOf(record, 'process.wake');
    const failure = (await HANDLERS['process.wake'](context, record.vm, [action], () => undefined)).get(action.id);
    if (failure) throw failure;
  });
}

function onProcess(
  deps: Deps,
  operation: string,
  name: string,
  signal: AbortSignal | undefined,
  work: (context: ApplyContext, record: ProcessRecord) => Promise<void>,
): Promise<void> {
  const limits = { lockTimeout: LOCK_TIMEOUT, signal: signal ?? new AbortController().signal };
  deps.beginRun();
  return withLock(deps, limits, operation, async () => {
    const materials = await loadMaterials(deps, { pull: false, signal: limits.signal });
    const record = materials.inventory.processes.find((process) => process.name === name);
    if (!record) throw noSuchProcess(name, materials.inventory.processes);
    const context = contextOf(deps, materials, limits.signal);
    await logged(deps, operation, name, () => work(context, record));
  });
}

function actionOf<K extends 'process.sleep' | 'process.wake'>({ name, vm }: ProcessRecord, kind: K) {
  return { kind, id: `${kind}:${name}`, vm, process: name, dependsOn: [], reason: 'an operator asked for it' };
}

/** A sleeper that no request wakes would only be one that is down. */
function checkSleeps(spec: Spec, { name, subscription }: ProcessRecord, depth: SleepDepth): void {
  const found = spec.subscriptions[subscription];
  const runtime = spec.cartridges[found?.cartridge ?? '']?.runtime ?? 'lxc';
  if (depth === 'frozen' && !capabilitiesOf(runtime).freeze)
    throw new UsageError(`Cannot freeze ${name} as its runtime cannot: ${runtime}`, {
      hint: `stratos process sleep ${name} --depth stopped`,
    });
  if (!found || wakesOnRequest(found)) return;
  throw new UsageError(
    `Cannot put ${name} to sleep as no request would wake it: ${subscription} has no idle policy that wakes on request`,
    { hint: 'stratos validate' },
  );
}

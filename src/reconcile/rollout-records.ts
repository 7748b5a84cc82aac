/** The records of rollouts in a run: what was decided is written before anything is done, what came of it after. */
import { logsArgv } from '../lxc/process-commands.ts';
import { StratosError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { instant, millis } from '../model/quantity.ts';
import { DEFAULT_HISTORY, isOpen, revisionsOf, type RevisionRecord } from '../model/revision.ts';
import { choiceOf, keptRevisions } from '../policy/rollout/choose-revision.ts';
import { isGated, succeeded } from '../policy/rollout/decide-rollout.ts';
import { failed, unready } from '../policy/rollout/failure.ts';
import { command } from '../shell/command.ts';
import { revisionName } from '../store/revision-name.ts';
import { NO_ANSWER } from './actions/no-answer.ts';
import type { ApplyOutcome } from './apply.ts';
import type { ApplyContext } from './context.ts';

/** Lines of a failed process that are kept. */
const LOG_LINES = 10;

/** Writes the revisions of a plan, and forgets those that are beyond the history. */
export async function recordRevisions(context: ApplyContext, plan: Plan): Promise<void> {
  const { recorder, spec } = context;
  for (const revision of plan.revisions ?? []) {
    const isNew = recorder.revisions().every(({ name }) => name !== revision.name);
    if (isNew) await keepImage(context, revision);
    await record(context, revision);
  }
  const changed = new Set(plan.revisions?.map(({ subscription }) => subscription));
  const gone = recorder
    .revisions()
    .filter(({ subscription: alias }) => !spec.subscriptions[alias] && !hasProcesses(context, alias));
  const dropped = [...[...changed].flatMap((alias) => beyondHistory(context, alias)), ...gone];
  for (const { name } of dropped) recorder.dropRevision(name);
  await recorder.commit();
  for (const revision of dropped) await releaseImage(context, revision);
}

/** The image stays in the store for as long as its revision is in the history, whatever becomes of its tag. */
async function keepImage(context: ApplyContext, { subscription, number, image }: RevisionRecord): Promise<void> {
  const name = revisionName(context.lineage, subscription, number);
  await orWarn(context, () => context.store.tag(name, image));
}

async function releaseImage(context: ApplyContext, { subscription, number }: RevisionRecord): Promise<void> {
  const name = revisionName(context.lineage, subscription, number);
  await orWarn(context, async () => {
    if (await context.store.find(name)) await context.store.remove(name);
  });
}

/** What the history needs of the store stops no rollout. */
async function orWarn({ deps }: ApplyContext, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StratosError)) throw error;
    deps.emit({ type: 'warning', message: error.message });
  }
}

function hasProcesses({ recorder }: ApplyContext, alias: string): boolean {
  return recorder.processes().some(({ subscription }) => subscription === alias);
}

function beyondHistory({ recorder, spec }: ApplyContext, alias: string): readonly RevisionRecord[] {
  const all = revisionsOf({ revisions: recorder.revisions() }, alias);
  const kept = new Set(keptRevisions(all, DEFAULT_HISTORY, spec.subscriptions[alias]?.revision));
  return all.filter((revision) => !kept.has(revision));
}

/** Puts one record, with the last words of a process that failed, and tells of it where its state is another. */
async function record(context: ApplyContext, revision: RevisionRecord): Promise<void> {
  const before = context.recorder.revisions().find(({ name }) => name === revision.name);
  const { failed: who } = revision;
  const log = who?.log.length === 0 ? await lastLines(context, who.process) : (who?.log ?? []);
  const next = who ? { ...revision, failed: { process: who.process, log } } : revision;
  context.recorder.putRevision(next);
  if (before?.state === next.state && before.phase === next.phase) return;
  context.deps.emit({
    type: 'rollout.changed',
    subscription: next.subscription,
    revision: next.number,
    state: next.state,
    message: tellOf(next, before === undefined),
    ...(log.length > 0 ? { log } : {}),
  });
}

function tellOf(revision: RevisionRecord, begins: boolean): string {
  const { state, phase, failure, returnsTo, why, message } = revision;
  switch (state) {
    case 'failed': {
      const back = returnsTo === undefined ? '' : `; back to revision ${String(returnsTo)}`;
      return `failed: ${failure ?? 'not known why'}${back}`;
    }
    case 'rolling':
      if (begins) return `begins: ${why}${message === undefined ? '' : ` (${message})`}`;
      return phase === undefined ? 'goes on' : PHASES[phase];
    default:
      return state;
  }
}

const PHASES = {
  canary: 'begins with its canary',
  staging: 'builds up its processes beside the old ones',
  switched: 'has all requests',
} as const;

/** What a process wrote last; nothing where it cannot be had. */
async function lastLines({ deps, recorder, signal }: ApplyContext, process: string): Promise<readonly string[]> {
  const at = recorder.process(process);
  const vm = at && recorder.vm(at.vm);
  const endpoint = vm?.endpoint;
  if (!at || !endpoint || vm.runtime) return [];
  // As long ago as it was made, and by the VM's own clock: one of the same name may have been there before.
  const age = Math.max(0, Math.ceil((deps.now() - Date.parse(at.createdAt)) / 1000)) + 1;
  const log = logsArgv(process, { lines: LOG_LINES, since: `-${String(age)}s` });
  const step = command(`read the log of ${process}`, log);
  try {
    const batch = { steps: [step], timeout: millis(10_000) };
    const [result] = await deps.transport.run(at.vm, endpoint, batch, { signal });
    return (result?.stdout ?? '').split('\n').filter((line) => line.trim() !== '');
  } catch (error) {
    if (error instanceof StratosError) return [];
    throw error;
  }
}

/** Notes what became of the rollouts that a run went on with: done, or failed as a process did not get ready. */
export async function settleRollouts(context: ApplyContext, plan: Plan, outcome: ApplyOutcome): Promise<void> {
  const { recorder, spec, deps } = context;
  const now = instant(deps.now());
  const held = new Set(plan.holds.map(({ target }) => target));
  for (const revision of recorder.revisions().filter(isOpen)) {
    const { subscription: alias } = revision;
    const policy = spec.subscriptions[alias]?.rollout;
    const all = revisionsOf({ revisions: recorder.revisions() }, alias);
    if (!policy || revision !== all.at(-1) || revision.state !== 'rolling') continue;
    const { before } = choiceOf(revision, all);
    const broken = outcome.failed.flatMap(({ action }) => {
      if (action.kind !== 'process.create' || action.subscription !== alias) return [];
      const found = recorder.process(action.process);
      const isOurs = found?.fingerprint === revision.fingerprint && found.state === 'failed';
      return isOurs && found.failure !== NO_ANSWER ? [found] : [];
    })[0];
    if (broken && before && policy.onFailure === 'rollback') {
      await record(context, failed(revision, unready(broken.name, broken.failure), before, now));
      continue;
    }
    const own = recorder.processes().filter(({ subscription }) => subscription === alias);
    const isDone = own.every(({ state, fingerprint }) => state === 'ready' && fingerprint === revision.fingerprint);
    const isWhole = !held.has(alias) && !outcome.failed.some(({ action }) => isOf(action, alias));
    if (isDone && isWhole && own.length > 0 && (!before || !isGated(policy)))
      await record(context, succeeded(revision, now));
  }
  await recorder.commit();
}

function isOf(action: Plan['stages'][number]['actions'][number], alias: string): boolean {
  return 'process' in action ? action.process.startsWith(`${alias}-`) : action.kind !== 'vm.delete';
}

/**
 * Doing a plan. Partitions run side by side; within a partition the stages run in order, and within a stage every VM gets one
 * batch, VMs side by side up to a limit. One bad VM never stops the others: what depends on its actions is skipped.
 */
import { InterruptedError, RefusedError, StratosError } from '../model/errors.ts';
import type { Action, ActionKind, Plan, Stage, VmCreate } from '../model/plan.ts';
import { gatewayHome } from '../model/spec.ts';
import type { Refused } from '../policy/refusals.ts';
import { HANDLERS } from './actions/handlers.ts';
import type { Failures, Handler } from './actions/handler.ts';
import type { ApplyContext } from './context.ts';
import { limiter, type Limiter } from '../concurrency/limiter.ts';

export interface FailedAction {
  readonly action: Action;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** For a machine that an IaaS refused, where it was asked for. */
  readonly refused?: Refused;
}

export interface ApplyOutcome {
  readonly done: number;
  readonly failed: readonly FailedAction[];
  readonly skipped: number;
}

/** Everything the walk through one plan accumulates. */
interface Walk {
  readonly context: ApplyContext;
  readonly limit: Limiter;
  /** Ids of actions and stages that did not succeed: what depends on one is skipped. */
  readonly broken: Set<string>;
  readonly failed: FailedAction[];
  done: number;
  skipped: number;
}

/**
 * Runs all actions of a plan.
 * @throws InterruptedError when the context's signal aborts; what was done until then is recorded
 */
export async function apply(context: ApplyContext, plan: Plan, parallel: number): Promise<ApplyOutcome> {
  const walk: Walk = { context, limit: limiter(parallel), broken: new Set(), failed: [], done: 0, skipped: 0 };
  // Those whose gateways are another's VMs come after it, one at a time: a gateway is written by one of them at a time.
  const partitions = Map.groupBy(plan.stages, (stage) => gatewayHome(context.spec.partitions, stage.partition));
  for (const action of plan.stages.flatMap(({ actions }) => actions)) {
    if (action.kind === 'image.copy') context.spreader.expect(action.image, action.privileged === true);
  }
  const over = new Map(plan.stages.map(({ id }) => [id, Promise.withResolvers<undefined>()]));
  const outcomes = await Promise.allSettled([...partitions.values()].map((stages) => runPartition(walk, stages, over)));
  await context.spreader.close();
  await context.recorder.commit();
  if (context.signal.aborted) throw new InterruptedError('Interrupted; what was done until now is recorded');
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return { done: walk.done, failed: walk.failed, skipped: walk.skipped };
}

/** One stage after another, each when those of other partitions that it comes after are over. */
async function runPartition(
  walk: Walk,
  stages: readonly Stage[],
  over: ReadonlyMap<string, PromiseWithResolvers<undefined>>,
): Promise<void> {
  try {
    for (const stage of stages) {
      await Promise.all((stage.after ?? []).map(async (id) => over.get(id)?.promise));
      if (walk.context.signal.aborted) return;
      await runStage(walk, stage);
      over.get(stage.id)?.resolve(undefined);
    }
  } finally {
    // Nobody waits for what will not come.
    for (const { id } of stages) over.get(id)?.resolve(undefined);
  }
}

async function runStage(walk: Walk, stage: Stage): Promise<void> {
  const images = imageNames(stage, walk.context.references);
  walk.context.deps.emit({
    type: 'stage.started',
    stage: stage.id,
    kind: stage.kind,
    actions: stage.actions.length,
    ...(Object.keys(images).length > 0 ? { images } : {}),
  });
  const byVm = Map.groupBy(stage.actions, (action) => action.vm);
  await Promise.all([...byVm].map(([vm, actions]) => walk.limit(() => runOnVm(walk, stage, vm, actions))));
}

/** What the spec calls the images of a stage, by digest. */
function imageNames(stage: Stage, references: ApplyContext['references']): Readonly<Record<string, string>> {
  const wanted = new Set(stage.actions.flatMap((action) => ('image' in action ? [action.image] : [])));
  const known = Object.entries(references).flatMap(([reference, image]) =>
    image && wanted.has(image.digest) ? [[image.digest, reference] as const] : [],
  );
  return Object.fromEntries(known);
}

/** One VM's share of a stage: its actions of one kind are one batch. */
async function runOnVm(walk: Walk, stage: Stage, vm: string, actions: readonly Action[]): Promise<void> {
  const runnable = actions.filter((action) => !skipIfBroken(walk, stage, action));
  if (runnable.length > 0) withdraw(walk, stage);
  for (const [kind, group] of Map.groupBy(runnable, (action) => action.kind)) {
    if (walk.context.signal.aborted) {
      for (const action of group) setBroken(walk, stage, action);
      continue;
    }
    await runGroup(walk, stage, vm, kind, group);
  }
}

function skipIfBroken(walk: Walk, stage: Stage, action: Action): boolean {
  const blocker = action.dependsOn.find((id) => walk.broken.has(id));
  if (blocker === undefined) return false;
  setBroken(walk, stage, action);
  walk.skipped += 1;
  walk.context.deps.emit({ type: 'action.skipped', action, message: `${blocker} was not done` });
  return true;
}

/**
 * Takes out of the rotation what leaves it with a gateway stage. A process whose replacement did not come up stays: what is bad about
 * an image must not take a service down.
 */
function withdraw({ context: { recorder }, broken }: Walk, stage: Stage): void {
  for (const name of stage.withdraw ?? []) {
    if (stage.withdrawAfter?.[name]?.some((id) => broken.has(id))) continue;
    const process = recorder.process(name);
    if (process && process.state !== 'leaving') recorder.putProcess({ ...process, state: 'leaving' });
  }
}

function setBroken(walk: Walk, stage: Stage, action: Action): void {
  walk.broken.add(action.id).add(stage.id);
}

async function runGroup(
  walk: Walk,
  stage: Stage,
  vm: string,
  kind: ActionKind,
  actions: readonly Action[],
): Promise<void> {
  const { context } = walk;
  const { emit, now } = context.deps;
  const started = now();
  for (const action of actions) emit({ type: 'action.started', action });
  // The table is keyed by kind, and the actions were grouped by kind: the handler takes exactly these.
  const handler = HANDLERS[kind] as unknown as Handler<ActionKind>;
  const failures = await attempt(() =>
    handler(context, vm, actions, (action, message, done, total) => {
      emit({
        type: 'action.progress',
        action,
        message,
        ...(done === undefined ? {} : { done }),
        ...(total === undefined ? {} : { total }),
      });
    }),
  );
  const ms = Math.max(0, now() - started);
  for (const action of actions) {
    const error = failures instanceof StratosError ? failures : failures.get(action.id);
    if (!error) {
      walk.done += 1;
      emit({ type: 'action.finished', action, ms });
      continue;
    }
    setBroken(walk, stage, action);
    walk.failed.push({
      action,
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error instanceof RefusedError && action.kind === 'vm.create'
        ? { refused: refusedAt(action, stage.partition, error) }
        : {}),
    });
    emit({ type: 'action.failed', action, ms, code: error.code, message: error.message });
  }
}

function refusedAt({ iaas, zone }: VmCreate, partition: string, { refusal, retryAfter }: RefusedError): Refused {
  return {
    iaas,
    ...(zone === undefined ? {} : { zone }),
    partition,
    failure: refusal,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** Expected failures are values; anything else is a bug and ends the run. */
async function attempt(work: () => Promise<Failures>): Promise<Failures | StratosError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StratosError && error.code !== 'STALE_INVENTORY' && error.code !== 'PROJECT_FILE')
      return error;
    throw error;
  }
}

/** What somebody asks of a rollout: to begin, to be looked at, to stop, to go on, to go back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NotFoundError, RolloutError } from '../model/errors.ts';
import { instant, type Millis } from '../model/quantity.ts';
import { isOpen, revisionsOf, type RevisionRecord } from '../model/revision.ts';
import { choiceOf } from '../policy/rollout/choose-revision.ts';
import { shortDigest } from '../policy/rollout/what-changed.ts';
import { markRevision, type RolloutVerb } from '../policy/rollout/mark.ts';
import { availabilityOf } from '../store/availability.ts';
import type { Deps, RunLimits } from './deps.ts';
import { fetchImage } from './fetch-image.ts';
import { planRun } from './plan-run.ts';
import { reconcile, withLock, type RunOutcome } from './reconcile.ts';
import { recorder } from './recorder.ts';
import { rolloutHistoryOf, rolloutStatusOf, type RevisionEntry, type RolloutStatus } from './rollout-status.ts';

/** Looks, and tells how the rollout of a subscription stands. Changes nothing. @throws NotFoundError */
export async function rolloutStatus(deps: Deps, alias: string, limits: RunLimits): Promise<RolloutStatus> {
  const { inventory, decisions } = await planRun(deps, { ...limits, only: [alias] });
  const status = rolloutStatusOf(inventory, alias, decisions.rollouts?.[alias]);
  if (!status) throw noRollout(alias);
  return status;
}

/** What a subscription was, newest first; from the inventory alone. @throws NotFoundError */
export async function rolloutHistory(deps: Deps, alias: string): Promise<readonly RevisionEntry[]> {
  const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
  const entries = rolloutHistoryOf(inventory, alias);
  if (entries.length === 0 && !spec.subscriptions[alias]) throw noSubscription(alias);
  return entries;
}

/** Marks the rollout of a subscription; what follows is done by the next run. @throws NotFoundError, RolloutError, LockHeldError */
export async function rolloutMark(
  deps: Deps,
  alias: string,
  verb: RolloutVerb,
  limits: Pick<RunLimits, 'lockTimeout' | 'signal'>,
): Promise<RolloutStatus> {
  const run = deps.beginRun();
  return withLock(deps, limits, `rollout ${verb}`, async () => {
    const inventory = await deps.inventory.read();
    const all = revisionsOf(inventory, alias);
    const newest = all.at(-1);
    if (!newest) throw noRollout(alias);
    const marked = markRevision(newest, verb, choiceOf(newest, all).before, instant(deps.now()));
    if (typeof marked === 'string')
      throw new RolloutError(`Cannot ${verb} the rollout of ${alias} as ${marked}`, {
        hint: `stratos rollout status ${alias}`,
      });
    const records = recorder(deps.inventory, inventory);
    records.putRevision(marked);
    await records.commit();
    const { subscription, number: revision, state } = marked;
    deps.emit({ type: 'rollout.changed', subscription, revision, state, message: `${PAST[verb]} by ${deps.who()}` });
    const status = rolloutStatusOf(records.current(), alias);
    if (!status) throw new TypeError(`the revision that run ${run} wrote is not there`);
    return status;
  });
}

const PAST: Readonly<Record<RolloutVerb, string>> = {
  pause: 'paused',
  resume: 'resumed',
  promote: 'promoted',
  abort: 'aborted',
  retry: 'tried again',
};

/** Whether the newest rollout of a subscription failed or was aborted: what is asked for once more is then tried again. */
export async function rolloutStopped(deps: Deps, alias: string): Promise<boolean> {
  const newest = revisionsOf(await deps.inventory.read(), alias).at(-1);
  return newest?.state === 'failed' || newest?.state === 'aborted';
}

/** How long to wait from one run to the next while a rollout is waited for. */
const EVERY = 1_000 as Millis;

/**
 * Reconciles one subscription; with `wait` again and again until its rollout is over, or waits for somebody.
 * @throws InterruptedError, LockHeldError, InvalidSpecError
 */
export async function rolloutRun(
  deps: Deps,
  alias: string,
  limits: RunLimits,
  wait: boolean,
): Promise<{ readonly outcome: RunOutcome; readonly status: RolloutStatus | undefined }> {
  for (;;) {
    const outcome = await reconcile(deps, { ...limits, only: [alias] });
    const newest = revisionsOf(await deps.inventory.read(), alias).at(-1);
    const waits = outcome.plan.holds.findLast(({ target }) => target === alias)?.reason;
    if (!wait || !newest || !(await mustGoOn(deps, newest, outcome))) {
      const status = rolloutStatusOf(await deps.inventory.read(), alias);
      const open = newest !== undefined && isOpen(newest);
      return { outcome, status: status && open && waits !== undefined ? { ...status, waits } : status };
    }
    await sleep(EVERY, undefined, { signal: limits.signal }).catch(() => undefined);
  }
}

/** A rollout that nobody but time and health holds up, or one that is still going back. */
async function mustGoOn(deps: Deps, newest: RevisionRecord, outcome: RunOutcome): Promise<boolean> {
  if (newest.returnsTo !== undefined) return outcome.done > 0 || outcome.plan.stages.length > 0;
  if (newest.state !== 'rolling') return false;
  const policy = (await deps.loadSpec()).subscriptions[newest.subscription]?.rollout;
  return !(newest.phase === 'canary' && newest.phaseAt !== undefined && policy?.canary.promote === 'manual');
}

/**
 * The revision that a subscription shall go back to: the one that is named, else the last that succeeded before what is wanted now. It is
 * sure to be there with all its layers: what this machine has lost is pulled from where it came, and in a dry run looked for there.
 * @throws NotFoundError, RolloutError, InterruptedError
 */
export async function rollbackTarget(
  deps: Deps,
  alias: string,
  { to, dryRun, signal }: RollbackRequest,
): Promise<RevisionRecord> {
  const [spec, inventory] = await Promise.all([deps.loadSpec(), deps.inventory.read()]);
  if (!spec.subscriptions[alias]) throw noSubscription(alias);
  const all = revisionsOf(inventory, alias);
  const newest = all.at(-1);
  if (!newest) throw noRollout(alias);
  const hint = `stratos rollout history ${alias}`;
  const target = to === undefined ? choiceOf(newest, all).before : all.find(({ number }) => number === to);
  if (!target)
    throw to === undefined
      ? new RolloutError(`Cannot roll ${alias} back as no other revision of it succeeded`, { hint })
      : new NotFoundError(`Cannot roll ${alias} back as its history has no revision ${String(to)}`, { hint });
  const refuse = (reason: string): never => {
    throw new RolloutError(`Cannot roll ${alias} back to revision ${String(target.number)} as ${reason}`, { hint });
  };
  if (!spec.partitions[target.cartridge.partition]) refuse(`its partition is gone: ${target.cartridge.partition}`);
  const store = await deps.storeOf(spec);
  const found = await availabilityOf(store, target.image);
  if (found.status === 'present') return target;
  const fetched = await fetchImage(deps, spec, inventory, target.image, { pull: !dryRun, signal });
  if (fetched.status === 'fetched') return target;
  const image = `${target.cartridge.image} (${shortDigest(target.image)})`;
  const lost =
    found.status === 'unknown'
      ? `the store has no image ${image}`
      : `layers of image ${image} are missing: ${found.missing.map(shortDigest).join(', ')}`;
  return refuse(fetched.status === 'refused' ? `${lost}; nor can it be pulled: ${fetched.reason}` : lost);
}

/** What is asked of a rollback. */
export interface RollbackRequest {
  /** Number of the revision; undefined: the last that succeeded before the present one. */
  readonly to: number | undefined;
  /** Nothing is pulled. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

function noSubscription(alias: string): NotFoundError {
  return new NotFoundError(`Cannot find the subscription: ${JSON.stringify(alias)}`, { hint: 'stratos status' });
}

function noRollout(alias: string): NotFoundError {
  return new NotFoundError(`Cannot find a rollout of ${JSON.stringify(alias)} as nothing of it was ever made`, {
    hint: 'stratos reconcile',
  });
}

/** How far one rollout may go in this run: a function of its record, its policy, its processes and the time. */
import type { RolloutDecision } from '../../model/decision.ts';
import type { RolloutMemory } from '../../model/memory.ts';
import { surgeOf } from '../../model/amount.ts';
import type { RolloutPolicy } from '../../model/policy.ts';
import { formatDuration, type Instant } from '../../model/quantity.ts';
import type { RevisionRecord } from '../../model/revision.ts';
import { nextBatch } from './batches.ts';
import { showShare } from '../show-number.ts';
import { watchCanary } from './canary.ts';
import { failureOf, failed } from './failure.ts';
import type { RolloutInput } from './rollout-input.ts';
import { trackHealth, type Health } from './health.ts';

export interface RolloutOutcome {
  /** Undefined: nothing holds it back. */
  readonly decision?: RolloutDecision;
  /** The revision as it is from now on. */
  readonly revision: RevisionRecord;
  readonly memory?: RolloutMemory;
  /** What an operator must see. */
  readonly alarm?: string;
}

/** Whether a policy asks for anything beyond what one run can do by itself. */
export function isGated({ strategy, batch, minHealthy }: RolloutPolicy): boolean {
  return strategy !== 'rolling' || batch !== undefined || minHealthy > 0;
}

/** Decides. The same input gives the same answer, and what it changes is in the answer. */
export function decideRollout(input: RolloutInput): RolloutOutcome {
  const { choice } = input;
  const { revision, before } = choice;
  if (choice.returning && before) return returning(input, before);
  switch (revision.state) {
    case 'succeeded':
    case 'superseded':
      return { revision };
    case 'failed':
    case 'aborted': {
      const waits = `revision ${String(revision.number)} ${revision.state}: ${revision.failure ?? 'by hand'}`;
      const alarm = `${revision.subscription}: ${waits}`;
      return { revision, decision: frozen(input, waits), ...(revision.state === 'failed' ? { alarm } : {}) };
    }
    case 'paused': {
      const since = revision.changedAt ?? revision.createdAt;
      return { revision, decision: frozen(input, `the rollout is paused since ${since}`) };
    }
    case 'rolling':
      return rolling(input);
  }
}

/** The revision before is wanted again: nothing holds that back. */
function returning({ choice: { revision } }: RolloutInput, before: RevisionRecord): RolloutOutcome {
  const { subscription, number } = revision;
  return { revision, decision: { subscription, revision: number, fingerprint: before.fingerprint, surplus: 0 } };
}

function rolling(input: RolloutInput): RolloutOutcome {
  const { choice, policy, fellows, desired, now } = input;
  const { before } = choice;
  const gated = isGated(policy) && before !== undefined;
  const health = gated
    ? trackHealth(choice.revision, policy, fellows, now)
    : {
        revision: choice.revision,
        counted: fellows.filter(({ isNew, state }) => isNew && state === 'ready'),
        fell: [],
      };
  const { revision } = health;
  const memory: RolloutMemory = { revision: revision.number, at: now, requests: 0, errors: 0 };
  if (health.counted.length >= desired && fellows.every(({ isNew }) => isNew))
    return { revision: succeeded(revision, now) };
  const failure = failureOf({ ...input, health });
  if (failure) {
    const next = failed(revision, failure, policy.onFailure === 'rollback' ? before : undefined, now);
    const alarm = `${revision.subscription}: revision ${String(revision.number)} failed: ${failure.reason}`;
    return { revision: next, decision: frozen(input, alarm), alarm };
  }
  if (!gated) return { revision, memory };
  if (policy.strategy === 'canary' && !revision.promoted) return canary(input, health);
  if (policy.strategy === 'blueGreen' && !input.inPlace) return blueGreen(input, health);
  const { phase: _phase, phaseAt: _at, ...plain } = revision;
  const { upTo, waits } = nextBatch({ ...input, health });
  return { revision: plain, memory, decision: decisionOf(input, health, { upTo, surplus: 0, waits }) };
}

/** The record of a rollout that came to its end; what it needed on the way is dropped. */
export function succeeded(revision: RevisionRecord, now: Instant): RevisionRecord {
  const { phase: _phase, phaseAt: _at, healthy: _healthy, promoted: _promoted, ...rest } = revision;
  return { ...rest, state: 'succeeded', changedAt: new Date(now).toISOString() };
}

/** A few beside all the old ones, until they are promoted. */
function canary(input: RolloutInput, health: Health): RolloutOutcome {
  const { policy, desired, now, choice } = input;
  const many = Math.max(1, Math.min(policy.canary.processes, desired));
  const surplus = input.inPlace ? 0 : many;
  const at = new Date(now).toISOString();
  const allHealthy = health.counted.length >= many;
  const begun: RevisionRecord = {
    ...health.revision,
    phase: 'canary',
    ...(allHealthy && health.revision.phaseAt === undefined ? { phaseAt: at } : {}),
  };
  const memory: RolloutMemory = { revision: begun.number, at: now, requests: 0, errors: 0 };
  const held = (revision: RevisionRecord, waits: string, kept = memory): RolloutOutcome => ({
    revision,
    memory: kept,
    decision: decisionOf(input, health, { upTo: many, surplus, waits }),
  });
  if (begun.phaseAt === undefined || !allHealthy) return held(begun, waitsForHealth(policy, many));
  const view = watchCanary({ ...input, policy: policy.canary, revision: begun.number, memory: input.memory });
  if (view.problem !== undefined) {
    const failure = { reason: view.problem };
    const back = policy.onFailure === 'rollback' ? choice.before : undefined;
    const alarm = `${begun.subscription}: revision ${String(begun.number)} failed: ${view.problem}`;
    return { revision: failed(begun, failure, back, now), decision: frozen(input, alarm), alarm };
  }
  const share = `its canary gets ${showShare(policy.canary.share)} of the requests`;
  if (policy.canary.promote === 'manual')
    return held(begun, `${share} and waits to be promoted: stratos rollout promote ${begun.subscription}`, view.memory);
  const over = Date.parse(begun.phaseAt) + policy.canary.for;
  if (now < over) return held(begun, `${share} until ${new Date(over).toISOString()}`, view.memory);
  if (view.lacks !== undefined) return held(begun, `${share}: ${view.lacks}`, view.memory);
  const { phase: _phase, phaseAt: _at, ...rest } = begun;
  const promoted: RevisionRecord = { ...rest, promoted: true };
  const { upTo, waits } = nextBatch({ ...input, health: { ...health, revision: promoted } });
  return { revision: promoted, memory, decision: decisionOf(input, health, { upTo, surplus: 0, waits }) };
}

/** The whole new set beside the old one, then one switch, then the old one is kept for a while. */
function blueGreen(input: RolloutInput, health: Health): RolloutOutcome {
  const { policy, desired, fellows, now } = input;
  const { revision, counted } = health;
  const memory: RolloutMemory = { revision: revision.number, at: now, requests: 0, errors: 0 };
  const others = fellows.filter(({ isNew }) => !isNew).length;
  const step = (next: RevisionRecord, surplus: number, waits?: string): RolloutOutcome => ({
    revision: next,
    memory,
    decision: decisionOf(input, health, { upTo: desired, surplus, waits }),
  });
  if (revision.phase !== 'switched') {
    if (counted.length < desired)
      return step({ ...revision, phase: 'staging' }, desired, waitsForHealth(policy, desired));
    const at = new Date(now).toISOString();
    const switched: RevisionRecord = { ...revision, phase: 'switched', phaseAt: at };
    return policy.keep > 0 ? step(switched, others, keptText(policy.keep, now)) : step(switched, 0);
  }
  const since = Date.parse(revision.phaseAt ?? revision.createdAt);
  return now < since + policy.keep && !revision.promoted
    ? step(revision, others, keptText(policy.keep, since))
    : step(revision, 0);
}

function keptText(keep: number, since: number): string {
  return `the new processes serve; the old ones are kept until ${new Date(since + keep).toISOString()}`;
}

function waitsForHealth({ minHealthy }: RolloutPolicy, many: number): string {
  const what = many === 1 ? '1 new process' : `${String(many)} new processes`;
  return `waits until ${what} ${many === 1 ? 'is' : 'are'} healthy${minHealthy > 0 ? ` for ${formatDuration(minHealthy)}` : ''}`;
}

/** Everything stays as it is; what is lost of either revision comes back as it was. */
function frozen({ choice, policy, desired, fellows, hasFallback }: RolloutInput, waits: string): RolloutDecision {
  const { revision, before } = choice;
  const fresh = fellows.filter(({ isNew }) => isNew);
  const { surge } = surgeOf(policy, desired);
  const beside =
    revision.phase === 'canary'
      ? policy.canary.processes
      : revision.phase === undefined
        ? surge
        : fellows.length - fresh.length;
  return {
    subscription: revision.subscription,
    revision: revision.number,
    upTo: fresh.length,
    surplus: Math.max(0, Math.min(fellows.length - desired, Math.max(surge, beside))),
    counted: fresh.filter(({ state }) => state === 'ready').map(({ name }) => name),
    ...fallbackOf(before, hasFallback),
    frozen: true,
    waits,
  };
}

interface Limits {
  readonly upTo: number;
  readonly surplus: number;
  readonly waits: string | undefined;
}

function decisionOf({ choice, hasFallback }: RolloutInput, { counted }: Health, limits: Limits): RolloutDecision {
  const { upTo, surplus, waits } = limits;
  return {
    subscription: choice.revision.subscription,
    revision: choice.revision.number,
    upTo,
    surplus,
    counted: counted.map(({ name }) => name),
    ...fallbackOf(choice.before, hasFallback),
    ...(waits === undefined ? {} : { waits }),
  };
}

function fallbackOf(before: RevisionRecord | undefined, has: boolean): Pick<RolloutDecision, 'fallback'> {
  if (!before || !has) return {};
  return { fallback: { revision: before.number, image: before.image, fingerprint: before.fingerprint } };
}

/** All rollouts of a run. */
import type { RolloutDecision } from '../../model/decision.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { RolloutMemory } from '../../model/memory.ts';
import type { Observation } from '../../model/observation.ts';
import { instant, type Instant } from '../../model/quantity.ts';
import { isOpen, type RevisionRecord } from '../../model/revision.ts';
import type { Measurement } from '../../model/signal.ts';
import type { Spec } from '../../model/spec.ts';
import type { Choice } from './choose-revision.ts';
import { decideRollout, isGated, type RolloutOutcome } from './decide-rollout.ts';
import { fellowsOf } from './fellow.ts';

export interface RolloutsInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly measurement: Measurement;
  /** By alias. */
  readonly choices: Readonly<Record<string, Choice>>;
  readonly memory: Readonly<Record<string, RolloutMemory>>;
  readonly desired: (alias: string) => number;
  /** Whether a revision can be made again: its image and its environment are to be had. */
  readonly canMake: (revision: RevisionRecord) => boolean;
  /** Aliases and partitions to act on; empty: all. */
  readonly only: readonly string[];
  readonly now: Instant;
}

export interface DecidedRollouts {
  /** By alias. */
  readonly decisions: Readonly<Record<string, RolloutDecision>>;
  /** Revisions that are new or changed: to be recorded before anything is done. */
  readonly revisions: readonly RevisionRecord[];
  readonly alarms: readonly string[];
  /** What to remember of the aliases in `seen`. */
  readonly memory: {
    readonly seen: ReadonlySet<string>;
    readonly rollouts: Readonly<Record<string, RolloutMemory>>;
  };
}

/** Decides every rollout in scope. A function of its input; the order of anything in it does not matter. */
export function decideRollouts(input: RolloutsInput): DecidedRollouts {
  const { spec, inventory, observation, measurement, choices, now } = input;
  const fellows = fellowsOf(inventory, observation);
  const stored = new Map(inventory.revisions?.map((revision) => [revision.name, revision]));
  const decisions: Record<string, RolloutDecision> = {};
  const revisions: RevisionRecord[] = [];
  const alarms: string[] = [];
  const rollouts: Record<string, RolloutMemory> = {};
  const seen = new Set<string>();
  for (const alias of Object.keys(choices).toSorted()) {
    const choice = choices[alias];
    const subscription = spec.subscriptions[alias];
    const cartridge = subscription && spec.cartridges[subscription.cartridge];
    if (!choice || !cartridge || !inScope(input.only, alias, cartridge.partition)) continue;
    seen.add(alias);
    const remembered = input.memory[alias];
    const outcome: RolloutOutcome = decideRollout({
      choice,
      policy: subscription.rollout,
      desired: input.desired(alias),
      inPlace: choice.revision.cartridge.volumes.length > 0,
      fellows: fellows(alias, choice.revision.fingerprint),
      measurement,
      // A clock that was set back: what is yet to come is now.
      memory: remembered && { ...remembered, at: instant(Math.min(remembered.at, now)) },
      hasFallback: choice.before !== undefined && input.canMake(choice.before),
      now,
    });
    if (choice.superseded) revisions.push(choice.superseded);
    if (!isSame(outcome.revision, stored.get(outcome.revision.name))) revisions.push(outcome.revision);
    if (outcome.decision) decisions[alias] = outcome.decision;
    if (outcome.alarm !== undefined) alarms.push(outcome.alarm);
    if (outcome.memory) rollouts[alias] = outcome.memory;
  }
  return { decisions, revisions, alarms, memory: { seen, rollouts } };
}

function inScope(only: readonly string[], alias: string, partition: string): boolean {
  return only.length === 0 || only.includes(alias) || only.includes(partition);
}

function isSame(a: RevisionRecord, b: RevisionRecord | undefined): boolean {
  return a === b || JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}

function sorted(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The choices with those turned round that what was decided returns from; undefined: none does. */
export function returnedChoices(
  choices: Readonly<Record<string, Choice>>,
  { revisions }: Pick<DecidedRollouts, 'revisions'>,
): Readonly<Record<string, Choice>> | undefined {
  const turned = revisions.flatMap((revision): readonly (readonly [string, Choice])[] => {
    const choice = choices[revision.subscription];
    if (!choice?.before || choice.returning || revision.returnsTo !== choice.before.number) return [];
    return [[revision.subscription, { ...choice, revision, returning: true }]];
  });
  return turned.length === 0 ? undefined : { ...choices, ...Object.fromEntries(turned) };
}

/** The inventory with these revisions in place of what it has under their names. */
export function withRevisions(inventory: Inventory, revisions: readonly RevisionRecord[]): Inventory {
  if (revisions.length === 0) return inventory;
  const all = new Map(inventory.revisions?.map((revision) => [revision.name, revision]));
  for (const revision of revisions) all.set(revision.name, revision);
  return { ...inventory, revisions: [...all.values()] };
}

/** Aliases whose rollout depends on what gateways see of its processes. */
export function watchedRollouts(spec: Spec, { revisions = [] }: Inventory): ReadonlySet<string> {
  const open = revisions.filter(isOpen).map(({ subscription }) => subscription);
  return new Set(
    open.filter((alias) => {
      const policy = spec.subscriptions[alias]?.rollout;
      return policy !== undefined && isGated(policy);
    }),
  );
}

/** What the count of a subscription takes from those that it needs: it follows how many they are, and may not outlive them. */
import { inOrderOfNeeds, needsOf } from '../model/needs.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Spec, SubscriptionSpec } from '../model/spec.ts';
import { onceFor } from './once-for.ts';
import { fellowsOf } from './rollout/fellow.ts';
import { counted } from './show-number.ts';

/** A count that another's count asks for. */
export interface Follow {
  readonly count: number;
  readonly reason: string;
}

/** The most that any of what it needs asks for; undefined where it follows nothing. */
export function followOf({ needs }: SubscriptionSpec, desired: (alias: string) => number): Follow | undefined {
  let most: Follow | undefined;
  for (const { subscription, ratio } of needs ?? []) {
    if (ratio === undefined) continue;
    const lead = desired(subscription);
    // What is a whole number but for the last bit is one.
    const count = Math.max(0, Math.ceil(ratio * lead - 1e-9));
    if (count <= (most?.count ?? -1)) continue;
    most = { count, reason: `follows ${subscription}: ${ratio} for each of ${lead} makes ${count}` };
  }
  return most;
}

export interface LossInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly desired: (alias: string) => number;
}

/**
 * Why subscriptions end for now, by alias: what they need has no process that answers, though it should, or ends as well. Only those
 * that had it: one that is told to need something new goes on until that is there. What cannot be seen is not lost.
 */
export function endings({ spec, inventory, observation, desired }: LossInput): ReadonlyMap<string, string> {
  const ends = new Map<string, string>();
  if (!endsWithOthers(spec.subscriptions)) return ends;
  const had = neededByProcesses(inventory);
  const fellows = fellowsOf(inventory, observation);
  const isLost = (alias: string): boolean =>
    desired(alias) > 0 && fellows(alias, '').every(({ state, health }) => state !== 'ready' || health === 'down');
  const all: string[] = [];
  for (const alias of inOrderOfNeeds(spec)) {
    for (const { subscription, whenLost } of needsOf(spec, alias)) {
      if (whenLost === 'keep' || !had.get(alias)?.has(subscription)) continue;
      if (!ends.has(subscription) && !isLost(subscription)) continue;
      ends.set(
        alias,
        `it ends as ${subscription}, which it needs, is lost: ${fellowText(fellows(subscription, '').length)}`,
      );
      if (whenLost === 'stop-all') all.push(alias);
    }
  }
  for (const alias of all)
    for (const other of tiedTo(spec, alias))
      if (!ends.has(other) && had.has(other) && !isLost(other))
        ends.set(other, `it ends together with ${alias}, which lost what it needs`);
  return ends;
}

function fellowText(count: number): string {
  return count === 0 ? 'it has no process' : `none of its ${counted(count, 'process', 'processes')} answers`;
}

const endsWithOthers = onceFor((subscriptions: Spec['subscriptions']) =>
  Object.values(subscriptions).some(({ needs }) => needs?.some(({ whenLost }) => whenLost !== 'keep')),
);

/** By alias that has processes, what these needed when they were made. */
function neededByProcesses({ processes }: Inventory): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { subscription, state, needs } of processes) {
    if (state === 'leaving') continue;
    const known = found.get(subscription) ?? new Set<string>();
    found.set(subscription, known);
    for (const need of needs ?? []) known.add(need);
  }
  return found;
}

/** All that is tied to an alias by needs, in either direction. */
function tiedTo({ subscriptions }: Spec, alias: string): ReadonlySet<string> {
  const found = new Set([alias]);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const { alias: one, needs = [] } of Object.values(subscriptions))
      for (const { subscription: other } of needs) if (found.has(one) || found.has(other)) found.add(one).add(other);
  }
  return found;
}

/** From what is measured to how many: numbers with reasons. Where processes go is `plan/`'s business. */
import type { Decisions, ProcessDecision } from '../model/decision.ts';
import type { Inventory } from '../model/inventory.ts';
import type { PolicyMemory, RefusalMemory, SubscriptionMemory } from '../model/memory.ts';
import { inOrderOfNeeds } from '../model/needs.ts';
import type { Observation } from '../model/observation.ts';
import type { Instant } from '../model/quantity.ts';
import type { History, Measurement } from '../model/signal.ts';
import { NO_BOUND } from '../model/bounds.ts';
import { type Spec } from '../model/spec.ts';
import { unreachableHold } from './breaker.ts';
import { crewsOf } from './crews.ts';
import { decideProcesses } from './decide-processes.ts';
import { decideVms } from './decide-vms.ts';
import { endings, followOf } from './needs.ts';
import { onceFor } from './once-for.ts';
import { closedPlacements, keepRefusals } from './refusals.ts';
import { withoutFuture } from './without-future.ts';

export interface DecideInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly measurement: Measurement;
  /** Samples of before and of this run. */
  readonly history: History;
  readonly memory: PolicyMemory;
  readonly now: Instant;
  /** Numbers without reasons: for a simulation, which decides millions of times and reads none. */
  readonly quiet?: boolean;
}

/**
 * Decides the number of processes of every subscription and who of them sleeps, the bounds of every partition and which of its VMs may
 * go. A function of its input: a dry run decides the same, and what it would remember is not written. The order of anything in the
 * input does not matter.
 */
export function decide(input: DecideInput): Decisions {
  const { spec, inventory, observation, now } = input;
  const memory = withoutFuture(input.memory, now);
  const hold = unreachableHold(observation, spec.guards);
  const crewOf = crewsOf(inventory, observation);
  const processes: Record<string, ProcessDecision> = {};
  const subscriptions: Record<string, SubscriptionMemory> = {};
  const idleSince: Record<string, Instant> = {};
  const context = { ...input, memory, hold };
  const desired = (alias: string): number => processes[alias]?.desired ?? 0;
  // Each after what it needs, as it may follow how many these are.
  for (const alias of aliasesOf(spec.subscriptions)) {
    const subscription = spec.subscriptions[alias];
    if (!subscription) continue;
    const follow = followOf(subscription, desired);
    const decided = decideProcesses({ ...context, follow }, subscription, crewOf(alias));
    processes[alias] = decided.decision;
    if (decided.memory) subscriptions[alias] = decided.memory;
    for (const [process, since] of decided.idleSince) idleSince[process] = since;
  }
  if (hold === undefined)
    for (const [alias, reason] of endings({ spec, inventory, observation, desired })) {
      const decision = processes[alias];
      if (decision) processes[alias] = ended(decision, reason);
    }
  const machines = decideVms({ spec, inventory, observation, memory, desired, hold, now });
  const { maxChangesPerRun } = spec.guards;
  const closed = closedPlacements(memory.refusals, now);
  return {
    processes,
    vms: machines.vms,
    ...(closed.length > 0 ? { closed } : {}),
    ...(maxChangesPerRun < NO_BOUND ? { maxChanges: maxChangesPerRun } : {}),
    alarms: hold === undefined ? machines.alarms : [hold, ...machines.alarms],
    memory: { ...forPartitions(memory, spec, now), subscriptions, vms: machines.memory, idleSince },
  };
}

const aliasesOf = onceFor((subscriptions: Spec['subscriptions']) => inOrderOfNeeds({ subscriptions }));

/** Nothing runs, whatever its bounds and the load say. */
function ended(decision: ProcessDecision, reason: string): ProcessDecision {
  const reasons = [...decision.reasons, reason];
  return { ...decision, desired: 0, needed: 0, reasons, sleep: {}, wake: {}, ends: true };
}

/** Boot failures of partitions that are still there, refusals of IaaS that are. */
function forPartitions(
  { bootFailures, bootFailedAt, refusals }: PolicyMemory,
  { partitions, iaas }: Spec,
  now: Instant,
): Pick<PolicyMemory, 'bootFailures' | 'bootFailedAt' | 'refusals'> {
  const known = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => partitions[name] !== undefined));
  const isThere = (refusal: RefusalMemory): boolean =>
    iaas[refusal.iaas] !== undefined &&
    (refusal.partition === undefined || partitions[refusal.partition] !== undefined);
  return {
    bootFailures: known(bootFailures),
    ...(bootFailedAt ? { bootFailedAt: known(bootFailedAt) } : {}),
    ...(refusals ? { refusals: keepRefusals(refusals, isThere, now) } : {}),
  };
}

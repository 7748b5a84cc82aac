/** From what is measured to how many: numbers with reasons. Where processes go is `plan/`'s business. */
import type { Decisions, ProcessDecision, VmDecision } from '../model/decision.ts';
import type { PolicyMemory } from '../model/memory.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Instant } from '../model/quantity.ts';
import type { History, Measurement } from '../model/signal.ts';
import type { PartitionSpec, Spec, SubscriptionSpec } from '../model/spec.ts';

export interface DecideInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly measurement: Measurement;
  /** Samples of before and of this run. */
  readonly history: History;
  readonly memory: PolicyMemory;
  readonly now: Instant;
}

/** Decides the number of processes of every subscription and the bounds of every partition of the spec. */
export function decide(input: DecideInput): Decisions {
  const current = countProcesses(input.inventory);
  const processes: Record<string, ProcessDecision> = {};
  for (const [alias, subscription] of Object.entries(input.spec.subscriptions)) {
    processes[alias] = decideProcesses(subscription, current.get(alias) ?? 0);
  }
  const vms: Record<string, VmDecision> = {};
  for (const [name, partition] of Object.entries(input.spec.partitions)) vms[name] = decideVms(partition);
  return { processes, vms, alarms: [], memory: input.memory };
}

/** Processes by subscription, without those that are leaving already. */
function countProcesses(inventory: Inventory): ReadonlyMap<string, number> {
  const count = new Map<string, number>();
  for (const { subscription, state } of inventory.processes) {
    if (state !== 'leaving') count.set(subscription, (count.get(subscription) ?? 0) + 1);
  }
  return count;
}

/** Without a target the minimum runs. With one, and nothing measured, the count holds: no data never means no load. */
function decideProcesses(subscription: SubscriptionSpec, current: number): ProcessDecision {
  const { alias, scaling } = subscription;
  const { min, max } = scaling.processes;
  const signals = Object.keys(scaling.target).toSorted();
  if (signals.length === 0) {
    const reasons = [`policy ${scaling.name} has no target: its minimum of ${min} runs`];
    return { subscription: alias, current, desired: min, reasons, needs: [], sleep: {}, wake: {} };
  }
  const reasons = signals.map((signal) => `no data for ${signal}: the count holds`);
  const desired = Math.min(max, Math.max(min, current));
  if (desired > current) reasons.push(`raised from ${current} to ${desired} by policy ${scaling.name}: min ${min}`);
  if (desired < current) reasons.push(`lowered from ${current} to ${desired} by policy ${scaling.name}: max ${max}`);
  return { subscription: alias, current, desired, reasons, needs: [], sleep: {}, wake: {} };
}

function decideVms(partition: PartitionSpec): VmDecision {
  const { name, vms } = partition.policy;
  const reasons = [`policy ${name} wants ${vms.min} to ${vms.max} VMs`];
  return { partition: partition.name, min: vms.min, max: vms.max, reasons, removable: {} };
}

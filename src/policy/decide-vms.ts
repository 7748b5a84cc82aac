/** The bounds of every partition, which of its VMs may go, and what holds it. */
import type { VmDecision } from '../model/decision.ts';
import type { Inventory } from '../model/inventory.ts';
import { leastVms } from '../model/least-vms.ts';
import type { PolicyMemory, VmMemory } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { cheapestOf } from '../model/prices.ts';
import type { Instant } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import { bootHold } from './breaker.ts';
import { dealBudget, type Grant } from './budget.ts';
import { ourMachines } from './our-machines.ts';
import { closedFor, closedPlacements } from './refusals.ts';
import { unneededVms, type Unneeded } from './unneeded-vms.ts';
import { vmDemand } from './vm-demand.ts';

export interface VmsInput {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  /** With no time in it that is yet to come. */
  readonly memory: PolicyMemory;
  /** How many processes each subscription shall have. */
  readonly desired: (alias: string) => number;
  /** Why the whole fleet holds still. */
  readonly hold: string | undefined;
  readonly now: Instant;
}

export interface VmsDecided {
  readonly vms: Readonly<Record<string, VmDecision>>;
  readonly alarms: readonly string[];
  readonly memory: Readonly<Record<string, VmMemory>>;
}

export function decideVms(input: VmsInput): VmsDecided {
  const { spec, inventory, observation, memory, now } = input;
  const partitions = Object.values(spec.partitions).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const ours = ourMachines(spec, inventory, observation);
  const demand = vmDemand(spec, input.desired);
  const budget = dealBudget(
    partitions.map((partition) => ({
      partition: partition.name,
      have: ours.byPartition.get(partition.name) ?? 0,
      min: leastVms(partition),
      max: partition.policy.vms.max,
      demand: demand.get(partition.name) ?? 0,
      price: cheapestOf(partition),
    })),
    ours,
    spec.guards,
  );
  const unneeded = unneededVms({ ...input, memory: memory.vms });
  const alarms: string[] = [];
  if (budget.spent !== undefined) alarms.push(budget.spent);
  const vms: Record<string, VmDecision> = {};
  for (const partition of partitions) {
    const { name, policy } = partition;
    const grant = budget.grants.get(name) ?? { max: policy.vms.max, unmet: 0 };
    const boot = bootHold(name, memory, spec.guards, now);
    if (boot) alarms.push(boot.reason);
    const retry = boot?.retry === true ? (ours.byPartition.get(name) ?? 0) + 1 : Infinity;
    const hold = input.hold ?? (boot?.retry === false ? boot.reason : undefined);
    const max = Math.min(grant.max, retry);
    vms[name] = {
      partition: name,
      min: Math.min(leastVms(partition), max),
      max,
      reasons: [
        ...reasonsOf(name, policy, grant, boot?.reason, unneeded),
        ...closedFor(partition, closedPlacements(memory.refusals, now)),
      ],
      removable: hold === undefined ? (unneeded.removable.get(name) ?? {}) : {},
      ...(hold === undefined ? {} : { hold }),
      ...(grant.spend === undefined ? {} : { spend: grant.spend }),
    };
  }
  return { vms, alarms, memory: unneeded.memory };
}

function reasonsOf(
  name: string,
  policy: Spec['partitions'][string]['policy'],
  grant: Grant,
  boot: string | undefined,
  unneeded: Unneeded,
): readonly string[] {
  const { min, max } = policy.vms;
  const reasons = [`policy ${policy.name} wants ${min} to ${max} VMs`];
  if (grant.max < max) reasons.push(`the budget of the fleet leaves it ${grant.max}`);
  if (boot !== undefined) reasons.push(boot);
  const held = unneeded.held.get(name);
  if (held !== undefined) reasons.push(held);
  return reasons;
}

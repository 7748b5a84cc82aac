/** What a run teaches policy for the next one: which machines came up, and which did not. */
import type { PolicyMemory } from '../model/memory.ts';
import type { Plan } from '../model/plan.ts';
import type { Instant } from '../model/quantity.ts';
import { rememberRefusals, type Asked, type Refused } from '../policy/refusals.ts';
import type { ApplyOutcome } from './apply.ts';

/**
 * The memory with the machines of this run counted: failures in a row by partition, a success clears them; and with the places that
 * refused one. What was refused is no machine that did not come up.
 */
export function rememberBoots(memory: PolicyMemory, plan: Plan, outcome: ApplyOutcome, now: Instant): PolicyMemory {
  const refused = new Set(outcome.failed.flatMap((failure) => (failure.refused ? [failure.action.vm] : [])));
  const failed = new Set(outcome.failed.flatMap(({ action }) => (BOOT.has(action.kind) ? [action.vm] : [])));
  const counts = new Map(Object.entries(memory.bootFailures));
  const times = new Map(Object.entries(memory.bootFailedAt ?? {}));
  for (const [partition, all] of bootsOf(plan)) {
    const vms = new Set([...all].filter((vm) => !refused.has(vm)));
    if (vms.size === 0) continue;
    const failures = [...vms].filter((vm) => failed.has(vm)).length;
    if (failures < vms.size) {
      counts.delete(partition);
      times.delete(partition);
    } else {
      counts.set(partition, (counts.get(partition) ?? 0) + failures);
      times.set(partition, now);
    }
  }
  const refusals = rememberRefusals(
    memory.refusals,
    { refused: refusedBy(outcome), given: givenBy(plan, outcome) },
    now,
  );
  return {
    ...memory,
    bootFailures: Object.fromEntries(counts),
    bootFailedAt: Object.fromEntries(times),
    ...(memory.refusals || Object.keys(refusals).length > 0 ? { refusals } : {}),
  };
}

function refusedBy({ failed }: ApplyOutcome): readonly Refused[] {
  return failed.flatMap(({ refused }) => refused ?? []);
}

/** Places that gave a machine: what was neither refused nor skipped. */
function givenBy(plan: Plan, { failed }: ApplyOutcome): readonly Asked[] {
  const undone = new Set(failed.map(({ action }) => action.id));
  return plan.stages.flatMap(({ partition, actions }) =>
    actions.flatMap((action) => {
      if (action.kind !== 'vm.create' || [action.id, ...action.dependsOn].some((id) => undone.has(id))) return [];
      const { iaas, zone } = action;
      return [{ iaas, partition, ...(zone === undefined ? {} : { zone }) }];
    }),
  );
}

/** What stands between a machine that is asked for and one that can hold processes. */
const BOOT: ReadonlySet<string> = new Set(['vm.create', 'vm.start', 'vm.prepare']);

/** The VMs that a plan makes or starts, by partition. */
function bootsOf(plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const boots = new Map<string, Set<string>>();
  for (const { partition, actions } of plan.stages)
    for (const { kind, vm } of actions) {
      if (kind !== 'vm.create' && kind !== 'vm.start') continue;
      const vms = boots.get(partition);
      if (vms) vms.add(vm);
      else boots.set(partition, new Set([vm]));
    }
  return boots;
}

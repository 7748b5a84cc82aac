/** What a run teaches policy for the next one: which machines came up, and which did not. */
import type { PolicyMemory } from '../model/memory.ts';
import type { Plan } from '../model/plan.ts';
import type { Instant } from '../model/quantity.ts';
import type { ApplyOutcome } from './apply.ts';

/** The memory with the machines of this run counted: failures in a row by partition, a success clears them. */
export function rememberBoots(memory: PolicyMemory, plan: Plan, outcome: ApplyOutcome, now: Instant): PolicyMemory {
  const failed = new Set(outcome.failed.flatMap(({ action }) => (BOOT.has(action.kind) ? [action.vm] : [])));
  const counts = new Map(Object.entries(memory.bootFailures));
  const times = new Map(Object.entries(memory.bootFailedAt ?? {}));
  for (const [partition, vms] of bootsOf(plan)) {
    const failures = [...vms].filter((vm) => failed.has(vm)).length;
    if (failures < vms.size) {
      counts.delete(partition);
      times.delete(partition);
    } else {
      counts.set(partition, (counts.get(partition) ?? 0) + failures);
      times.set(partition, now);
    }
  }
  return { ...memory, bootFailures: Object.fromEntries(counts), bootFailedAt: Object.fromEntries(times) };
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

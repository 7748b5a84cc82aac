/** VMs whose gateways serve another partition's processes go after those have left them. */
import type { Stage } from '../model/plan.ts';
import { inOrderOfWaits } from './stage-order.ts';

/**
 * Lets each stage that ends VMs wait for the last stage of other partitions that write to the gateways there: what leaves is taken out of
 * their rotation first, and who is still connected is asked of them.
 */
export function releasedLast(stages: readonly Stage[]): readonly Stage[] {
  const tied = stages.map((stage) => {
    if (stage.kind !== 'release') return stage;
    const gone = deletedIn(stage);
    const users = new Set(
      stages.flatMap((other) =>
        other.partition !== stage.partition && writesTo(other, gone) ? [other.partition] : [],
      ),
    );
    const after = [...users].flatMap((user) => stages.findLast(({ partition }) => partition === user)?.id ?? []);
    return after.length > 0 ? { ...stage, after: [...(stage.after ?? []), ...after] } : stage;
  });
  return inOrderOfWaits(tied);
}

function deletedIn({ actions }: Stage): ReadonlySet<string> {
  return new Set(actions.flatMap(({ kind, vm }) => (kind === 'vm.delete' ? [vm] : [])));
}

function writesTo({ kind, actions }: Stage, vms: ReadonlySet<string>): boolean {
  return kind === 'gateway' && actions.some(({ vm }) => vms.has(vm));
}

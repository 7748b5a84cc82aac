/** The fewest VMs that a partition has. */
import type { PartitionSpec } from './spec.ts';

/** Its policy's minimum, or what the entries of its placement have at least together, where that is more. */
export function leastVms({ policy, placement }: Pick<PartitionSpec, 'policy' | 'placement'>): number {
  return Math.max(
    policy.vms.min,
    placement.reduce((sum, { min = 0 }) => sum + min, 0),
  );
}

/** What one IaaS refuses is asked of the next in the same run: it is looked at, decided and planned again with that place closed. */
import type { PolicyMemory } from '../model/memory.ts';
import { closedPlacements } from '../policy/refusals.ts';
import type { ApplyOutcome } from './apply.ts';
import type { Deps, RunLimits } from './deps.ts';
import { loadMaterials } from './materials.ts';
import { planFrom, type PlannedRun } from './plan-run.ts';

/** Most times that one run plans again: each time at least one more place is closed. */
const MOST = 8;

/** A plan that was carried out, and what policy remembers after it. */
export interface Carried extends ApplyOutcome {
  readonly remembered: PolicyMemory;
}

/**
 * Goes on as long as an IaaS refused machines of the plan before. Only partitions that were refused are planned again; what failed
 * elsewhere stays failed. Measurements are those of the run: nothing is counted twice.
 */
export async function spill<Outcome extends Carried>(
  deps: Deps,
  { planned, outcome }: { readonly planned: PlannedRun; readonly outcome: Outcome },
  limits: RunLimits,
  carryOut: (planned: PlannedRun) => Promise<Outcome>,
): Promise<Outcome> {
  let last = outcome;
  for (let again = 0; again < MOST && !limits.signal.aborted; again += 1) {
    const partitions = refusedIn(last);
    if (partitions.size === 0) return last;
    tell(deps, last.remembered);
    const read = await loadMaterials(deps, { ...limits, pull: false });
    const next = await planFrom(
      deps,
      read,
      { ...limits, only: [...partitions] },
      {
        ...planned,
        record: { ...planned.record, samples: { ...planned.record.samples, samples: {} } },
        memory: { ...planned.recalled, ...bootsOf(last.remembered) },
      },
    );
    const carried = await carryOut(next);
    const elsewhere = last.failed.filter(({ action }) => !partitions.has(partitionOf(action.vm)));
    last = { ...carried, done: last.done + carried.done, failed: [...elsewhere, ...carried.failed] };
  }
  return last;
}

/** Partitions of machines that were refused. */
function refusedIn({ failed }: ApplyOutcome): ReadonlySet<string> {
  return new Set(failed.flatMap(({ action, refused }) => (refused ? [partitionOf(action.vm)] : [])));
}

/** A VM is named `<partition>-<n>`. */
function partitionOf(vm: string): string {
  return vm.slice(0, vm.lastIndexOf('-'));
}

/** What the run learned of machines; all else is decided from what was remembered before it. */
function bootsOf({ bootFailures, bootFailedAt, refusals }: PolicyMemory): Partial<PolicyMemory> {
  return { bootFailures, ...(bootFailedAt && { bootFailedAt }), ...(refusals && { refusals }) };
}

function tell({ emit, now }: Deps, { refusals }: PolicyMemory): void {
  const reasons = closedPlacements(refusals, now()).map(({ reason }) => reason);
  emit({ type: 'warning', message: `${reasons.join('; ')}: what it was asked for is looked for elsewhere` });
}

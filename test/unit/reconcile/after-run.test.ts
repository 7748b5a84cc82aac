import { describe, expect, it } from 'vitest';
import { NO_MEMORY, type PolicyMemory } from '../../../src/model/memory.ts';
import type { Action } from '../../../src/model/plan.ts';
import { instant } from '../../../src/model/quantity.ts';
import { rememberBoots } from '../../../src/reconcile/after-run.ts';
import { anEmptyWorld, aSpec, planFor } from '../../support/builders.ts';

const spec = aSpec({ partitions: { web: { min: 2 } } });
const plan = planFor(spec, anEmptyWorld(spec));
const actions = plan.stages.flatMap((stage) => stage.actions);
const NOW = instant(60_000);
const before: PolicyMemory = { ...NO_MEMORY, bootFailures: { web: 1 }, bootFailedAt: { web: instant(1) } };

function after(...failed: readonly [kind: Action['kind'], vm: string][]) {
  const found = failed.map(([kind, vm]) => {
    const action = actions.find((candidate) => candidate.kind === kind && candidate.vm === vm);
    if (!action) throw new Error(`The plan has no ${kind} of ${vm}`);
    return { action, code: 'IAAS', message: 'no' };
  });
  const { bootFailures, bootFailedAt } = rememberBoots(before, plan, { done: 0, failed: found, skipped: 0 }, NOW);
  return { count: bootFailures.web, at: bootFailedAt?.web };
}

describe('rememberBoots', () => {
  it('forgets failures when machines come up', () => {
    expect(after()).toEqual({ count: undefined, at: undefined });
  });

  it('counts on when none comes up, be it that it is not made or not prepared', () => {
    expect(after(['vm.create', 'web-1'], ['vm.prepare', 'web-2'])).toEqual({ count: 3, at: NOW });
  });

  it('forgets them when one of several comes up', () => {
    expect(after(['vm.create', 'web-1'])).toEqual({ count: undefined, at: undefined });
  });

  it('learns nothing from a run that made no machine', () => {
    const quiet = rememberBoots(before, { ...plan, stages: [] }, { done: 0, failed: [], skipped: 0 }, NOW);
    expect(quiet).toMatchObject({ bootFailures: { web: 1 }, bootFailedAt: { web: 1 } });
  });

  it('takes a machine that was refused for no machine that failed, and remembers who refused it', () => {
    const failed = actions
      .filter((action) => action.kind === 'vm.create')
      .map((action) => ({
        action,
        code: 'IAAS',
        message: 'no',
        refused: { iaas: action.iaas, partition: 'web', failure: 'no-capacity' as const },
      }));
    const memory = rememberBoots(before, plan, { done: 0, failed, skipped: 0 }, NOW);
    expect(memory).toMatchObject({ bootFailures: { web: 1 }, bootFailedAt: { web: 1 } });
    expect(Object.values(memory.refusals ?? {})).toMatchObject([{ iaas: 'lab', partition: 'web', since: NOW }]);
    expect(rememberBoots(memory, plan, { done: 2, failed: [], skipped: 0 }, NOW).refusals).toEqual({});
  });
});

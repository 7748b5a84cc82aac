import { describe, expect, it } from 'vitest';
import type { ObservedProcess } from '../../../src/model/observation.ts';
import { millis } from '../../../src/model/quantity.ts';
import type { PlanRun } from '../../../src/reconcile/plan-run.ts';
import { topOf } from '../../../src/reconcile/top.ts';
import { aSpec, converge, planFor, planInput } from '../../support/builders.ts';

const spec = aSpec({});
const world = converge(spec);
const { decisions, observation, inventory } = planInput(spec, world);

function run(more: Partial<PlanRun>): PlanRun {
  const measurement = { at: observation.at, processes: {}, vms: {}, problems: {} };
  return { spec, inventory, observation, decisions, plan: planFor(spec, world), measurement, ...more } as PlanRun;
}

describe('topOf', () => {
  it('adds up what is counted and takes the mean of what is a share', () => {
    const processes = {
      'shop-1': { disk: 100, requestsInFlight: 3, cpu: 0.2, responseTime: millis(10) },
      'shop-2': { requestsInFlight: 4, cpu: 0.6, responseTime: millis(30) },
    };
    const measurement = { at: observation.at, processes, vms: {}, problems: {} };
    expect(topOf(run({ measurement })).subscriptions).toEqual([
      { alias: 'shop', want: 2, have: 2, asleep: 0, requestsInFlight: 7, disk: 100, cpu: 0.4, responseTime: 20 },
    ]);
  });

  it('tells nothing of what was not measured', () => {
    expect(topOf(run({})).subscriptions).toEqual([{ alias: 'shop', want: 2, have: 2, asleep: 0 }]);
    expect(topOf(run({})).vms).toEqual([{ vm: 'web-1', processes: 2 }]);
  });

  it('counts sleepers, and says which VM is silent', () => {
    const seen = observation.vms['web-1'];
    if (seen?.status !== 'reached') throw new Error('The world has no web-1');
    const asleep = (one: ObservedProcess): ObservedProcess => ({ ...one, state: 'stopped', asleep: 'stopped' });
    const vms = {
      'web-1': { ...seen, processes: seen.processes.map(asleep) },
      'web-2': { status: 'unreachable' as const, reason: 'timeout' as const, message: 'no answer' },
    };
    const report = topOf(run({ observation: { ...observation, vms } }));
    expect(report.subscriptions[0]).toMatchObject({ have: 2, asleep: 2 });
    expect(report.unreachable).toEqual([{ vm: 'web-2', message: 'no answer' }]);
  });
});

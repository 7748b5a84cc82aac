import { describe, expect, it } from 'vitest';
import { explanationOf } from '../../../src/reconcile/explain.ts';
import type { PlanRun } from '../../../src/reconcile/plan-run.ts';
import { explainView } from '../../../src/report/explain-view.ts';
import { PLAIN } from '../../../src/report/paint.ts';
import {
  anEmptyWorld,
  aSpec,
  converge,
  NOTHING_MEASURED,
  planFor,
  planInput,
  type SpecOptions,
} from '../../support/builders.ts';

function run(options: SpecOptions, before?: SpecOptions): PlanRun {
  const spec = aSpec(options);
  const world = before ? converge(aSpec(before)) : anEmptyWorld(spec);
  const { decisions, observation, inventory } = planInput(spec, world);
  return { ...NOTHING_MEASURED, spec, inventory, observation, decisions, plan: planFor(spec, world) };
}

const text = (of: PlanRun, name: string) => explainView(explanationOf(of, name), PLAIN);

describe('explanationOf', () => {
  it('tells where the processes of an alias go', () => {
    const explanation = explanationOf(run({ subscriptions: { shop: { min: 3 } } }, {}), 'shop');
    expect(explanation).toMatchObject({
      alias: 'shop',
      partition: 'web',
      decision: { current: 2, desired: 3 },
      processes: [
        { name: 'shop-1', vm: 'web-1', steps: [] },
        { name: 'shop-2', vm: 'web-1', steps: [] },
        { name: 'shop-3', vm: 'web-1', steps: [{ kind: 'process.create' }] },
      ],
    });
  });

  it('tells which VMs a partition gets', () => {
    const explanation = explanationOf(run({}), 'web');
    expect(explanation).toMatchObject({
      partition: 'web',
      decision: { min: 1, max: 4 },
      vms: [{ name: 'web-1', iaas: 'lab', processes: 0, steps: [{ kind: 'vm.create' }, { kind: 'vm.prepare' }] }],
    });
  });

  it('keeps aliases apart that begin alike', () => {
    const both = { subscriptions: { shop: {}, 'shop-2': { port: 9090 } } };
    const explanation = explanationOf(run(both), 'shop');
    expect('alias' in explanation && explanation.processes.map(({ name }) => name)).toEqual(['shop-1', 'shop-2']);
  });

  it('refuses a name that nothing has', () => {
    expect(() => explanationOf(run({}), 'shoop')).toThrow(/no alias or partition has this name/);
  });
});

describe('explainView', () => {
  it('reads from policy to plan', () => {
    expect(text(run({ subscriptions: { shop: { min: 3 } } }, {}), 'shop')).toMatchInlineSnapshot(`
      "shop wants 3 processes, has 2 in web
        policy    shop-scaling: 3 to 20 processes
        decided   policy shop-scaling has no target: its minimum of 3 runs
        plan      shop-1 on web-1: stays as it is
                  shop-2 on web-1: stays as it is
                  shop-3 on web-1: create: 2 of 3 exist: policy shop-scaling has no target: its minimum of 3 runs
      "
    `);
    expect(text(run({}), 'web')).toMatchInlineSnapshot(`
      "web has 1 VM, may have 1 to 4
        decided   policy web-vms wants 1 to 4 VMs
        plan      web-1 on lab, 0 processes: create: web has at least 1 VM, then prepare: it is not prepared yet
      "
    `);
  });

  it('says that there is no data rather than nothing', () => {
    expect(text(run({ subscriptions: { shop: { min: 1, target: { cpu: 0.7 } } } }, {}), 'shop')).toMatch(/no data/);
  });
});

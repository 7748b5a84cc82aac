import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readPlan, writePlan } from '../../../src/inventory/plan-file.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { millis } from '../../../src/model/quantity.ts';
import { aSpec, anEmptyWorld, applyPlan, converge, planFor } from '../../support/builders.ts';

const TWO = aSpec({
  partitions: { web: {}, data: {} },
  cartridges: { php: {}, sql: { partition: 'data' } },
  subscriptions: {
    db: { cartridge: 'sql', port: 5432, min: 2 },
    app: { port: 8080, min: 1, needs: ['db', 'cache'] },
    cache: { port: 6379, min: 1 },
  },
});
const created = (plan: Plan, process: string) => {
  const stage = plan.stages.find(({ actions }) => actions.some(({ id }) => id === `process.create:${process}`));
  return { stage, action: stage?.actions.find(({ id }) => id === `process.create:${process}`) };
};

describe('makePlan', () => {
  test('brings all up in one plan: each after what it needs, and after the gateway that leads there', () => {
    const plan = planFor(TWO, anEmptyWorld(TWO));
    const { stage, action } = created(plan, 'app-1');
    expect(action?.dependsOn).toEqual(
      expect.arrayContaining(['process.create:db-1', 'process.create:db-2', 'process.create:cache-1']),
    );
    const db = created(plan, 'db-2').stage;
    const gateways = plan.stages.filter(({ partition, kind }) => partition === 'data' && kind === 'gateway');
    expect(stage?.after).toEqual([db, ...gateways].map((each) => each?.id));
    const own = plan.stages.filter(({ partition }) => partition === 'web');
    const at = own.findIndex(({ id }) => id === stage?.id);
    expect(own.slice(0, at).some(({ kind }) => kind === 'gateway')).toBe(true);
    expect(planFor(TWO, applyPlan(TWO, anEmptyWorld(TWO), plan)).stages).toEqual([]);
  });

  test('is a document as it is published, and a file that can be carried out', async () => {
    const plan = planFor(TWO, anEmptyWorld(TWO));
    const schema = JSON.parse(
      await readFile(new URL('../../../schema/plan-v1.schema.json', import.meta.url), 'utf8'),
    ) as object;
    const validate = new Ajv2020({ strict: false }).compile(schema);
    validate({ apiVersion: 'stratos/v1', kind: 'Plan', ...(JSON.parse(JSON.stringify(plan)) as object) });
    expect(validate.errors).toBeNull();
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'plan-')), 'plan.yaml');
    onTestFinished(() => rm(path.dirname(file), { recursive: true }));
    await writePlan(file, plan);
    expect((await readPlan(file)).stages).toEqual(plan.stages);
  });

  test('skips what needs something that does not start, and does it once that is there', () => {
    const plan = planFor(TWO, anEmptyWorld(TWO));
    const world = applyPlan(TWO, anEmptyWorld(TWO), plan, { fails: ({ id }) => id === 'process.create:db-1' });
    expect(world.inventory.processes.map(({ name, state }) => [name, state])).toEqual([
      ['db-1', 'failed'],
      ['db-2', 'ready'],
      ['cache-1', 'ready'],
    ]);
    expect(converge(TWO, world).inventory.processes).toHaveLength(4);
  });

  test('says what something waits for that cannot be had, and ends as no success', () => {
    const images = { 'php:1': 'sha256:php:1', 'sql:1': undefined };
    const plan = planFor(TWO, anEmptyWorld(TWO), { images });
    expect(plan.stages.flatMap(({ actions }) => actions.map(({ id }) => id))).not.toContain('process.create:app-1');
    expect(plan.holds).toContainEqual({
      ...{ target: 'app', unmet: true },
      reason: 'not started: it needs db, of which 2 must get ready',
    });
  });

  test('makes no VM, and moves nothing, for what cannot start as what it needs elsewhere cannot be had', () => {
    const atOnce = { after: millis(0), afterGrowth: millis(0) };
    const spec = aSpec({
      partitions: { web: { strategy: 'spread', spare: { vms: 1 }, scaleDown: atOnce }, data: { min: 0 } },
      cartridges: { php: {}, sql: { partition: 'data', memory: 4096 } },
      subscriptions: { shop: { min: 1 }, app: { min: 1, needs: ['db'] }, db: { cartridge: 'sql', min: 1, port: 5432 } },
    });
    const world = converge(spec);
    expect(world.inventory.processes.map(({ name, vm }) => [name, vm])).toEqual([['shop-1', 'web-1']]);
    expect(world.inventory.vms.map(({ name }) => name)).toEqual(['web-1', 'web-2']);
    expect(planFor(spec, world).holds).toContainEqual({
      ...{ target: 'app', unmet: true },
      reason: 'not started: it needs db, of which 1 must get ready',
    });
  });

  test('acts on nothing but what is named: what that needs must be there', () => {
    const plan = planFor(TWO, anEmptyWorld(TWO), { only: ['app'] });
    expect(plan.holds.map(({ target, reason }) => [target, reason])).toEqual([
      ['app', '1 of 1 not created: it needs cache, of which 1 must get ready, and db, of which 2 must get ready'],
    ]);
  });

  const GUESTS = {
    partitions: { web: {}, data: {}, win: { guestsOf: 'web' } },
    cartridges: { php: {}, sql: { partition: 'data' }, iis: { partition: 'win', runtime: 'vm' } },
  } as const;
  const boots = (plan: Plan) =>
    plan.stages.flatMap((stage) =>
      stage.actions.flatMap((action) => (action.kind === 'vm.create' && action.guest ? [{ stage, action }] : [])),
    );
  const gatewaysOf = (plan: Plan, partition: string) =>
    plan.stages.filter((stage) => stage.partition === partition && stage.kind === 'gateway').map(({ id }) => id);

  test('boots a machine that is a process after what it needs, and after the gateways that it reaches that by', () => {
    const db = { cartridge: 'sql', port: 5432, min: 1 } as const;
    const site = { cartridge: 'iis', port: 8081, min: 1, needs: ['db'] } as const;
    const spec = aSpec({ ...GUESTS, subscriptions: { db, site } });
    const plan = planFor(spec, anEmptyWorld(spec));
    const [boot] = boots(plan);
    expect(boot?.action.dependsOn).toContain('process.create:db-1');
    expect(boot?.stage.after).toEqual(
      expect.arrayContaining([
        created(plan, 'db-1').stage?.id,
        ...gatewaysOf(plan, 'data'),
        ...gatewaysOf(plan, 'web'),
      ]),
    );
    expect(planFor(spec, applyPlan(spec, anEmptyWorld(spec), plan)).stages).toEqual([]);

    // What it needs is there: only the gateways of its home must learn the way.
    const world = converge(aSpec({ ...GUESTS, subscriptions: { db } }));
    const later = planFor(spec, world);
    const [second] = boots(later);
    expect(gatewaysOf(later, 'web')).not.toEqual([]);
    expect(second?.stage.after).toEqual(gatewaysOf(later, 'web'));
  });

  test('boots a machine that is a process after one of its own partition that it needs, and keeps none back that does not', () => {
    const spec = aSpec({
      ...GUESTS,
      subscriptions: {
        first: { cartridge: 'iis', port: 8081, min: 1 },
        second: { cartridge: 'iis', port: 8082, min: 1, needs: ['first'] },
        other: { cartridge: 'iis', port: 8083, min: 1 },
      },
    });
    const plan = planFor(spec, anEmptyWorld(spec));
    const bootOf = (alias: string) => boots(plan).find(({ action }) => action.guest?.subscription === alias);
    const at = (id = '') => plan.stages.findIndex((stage) => stage.id === id);
    const [early, late] = [bootOf('first'), bootOf('second')];
    expect(bootOf('other')?.stage).toBe(early?.stage);
    expect(late?.action.dependsOn).toEqual(['process.create:first-1']);
    // Not before the gateways that it reaches that by.
    const between = plan.stages.slice(at(created(plan, 'first-1').stage?.id) + 1, at(late?.stage.id));
    expect(between.some(({ kind, actions }) => kind === 'gateway' && actions.some(({ vm }) => vm === 'web-1'))).toBe(
      true,
    );
    expect(planFor(spec, applyPlan(spec, anEmptyWorld(spec), plan)).stages).toEqual([]);

    const failing = applyPlan(spec, anEmptyWorld(spec), plan, { fails: ({ id }) => id === 'process.create:first-1' });
    expect(failing.inventory.vms.map(({ name }) => name)).not.toContain(late?.action.vm);
    expect(converge(spec, failing).inventory.processes).toHaveLength(3);
  });

  test('makes no machine of what cannot start in this run, and holds back none that only a neighbour waits for', () => {
    const spec = aSpec({
      ...GUESTS,
      subscriptions: {
        low: { cartridge: 'iis', port: 8081, min: 1 },
        db: { cartridge: 'sql', port: 5432, min: 1, needs: ['low'] },
        top: { cartridge: 'iis', port: 8082, min: 1, needs: ['db'] },
      },
    });
    const plan = planFor(spec, anEmptyWorld(spec));
    expect(plan.holds).toEqual([]);
    expect(boots(plan)).toHaveLength(2);
    expect(planFor(spec, applyPlan(spec, anEmptyWorld(spec), plan)).stages).toEqual([]);
    const images = { 'iis:1': 'windows', 'sql:1': undefined };
    const without = planFor(spec, anEmptyWorld(spec), { images });
    expect(boots(without).map(({ action }) => action.guest?.subscription)).toEqual(['low']);
  });

  test('boots a machine before what needs it on the VMs of its gateways, also where these are there already', () => {
    const spec = aSpec({
      ...GUESTS,
      subscriptions: {
        db: { cartridge: 'sql', port: 5432, min: 1 },
        site: { cartridge: 'iis', port: 8081, min: 1, needs: ['db'] },
        app: { min: 1, needs: ['site'] },
      },
    });
    const first = planFor(spec, anEmptyWorld(spec));
    const world = applyPlan(spec, anEmptyWorld(spec), first, { fails: ({ id }) => id === 'process.create:db-1' });
    expect(world.inventory.processes.map(({ name }) => name)).toEqual(['db-1']);
    const plan = planFor(spec, world);
    expect(plan.holds).toEqual([]);
    const settled = applyPlan(spec, world, plan);
    expect(settled.inventory.processes.map(({ name }) => name)).toEqual(['db-1', 'site-1', 'app-1']);
  });

  test('waits in no circle where two partitions need things of each other', () => {
    const crossed = aSpec({
      partitions: { web: {}, data: {} },
      cartridges: { php: {}, sql: { partition: 'data' } },
      subscriptions: {
        a: { min: 1, needs: ['b'] },
        b: { cartridge: 'sql', port: 5001, min: 1, needs: ['c'] },
        c: { min: 1, port: 5002, needs: ['d'] },
        d: { cartridge: 'sql', port: 5003, min: 1 },
      },
    });
    const plan = planFor(crossed, anEmptyWorld(crossed));
    expect(plan.holds).toEqual([]);
    const order = plan.stages.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.kind === 'process.create' ? [action.process] : [])),
    );
    expect(order).toEqual(['d-1', 'c-1', 'b-1', 'a-1']);
  });
});

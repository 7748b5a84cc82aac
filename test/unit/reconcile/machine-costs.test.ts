import { describe, expect, it } from 'vitest';
import type { LoggedEvent } from '../../../src/model/event.ts';
import type { VmRecord } from '../../../src/model/inventory.ts';
import type { Action } from '../../../src/model/plan.ts';
import { bytes, cores, instant } from '../../../src/model/quantity.ts';
import { machineCosts, machineSpans } from '../../../src/reconcile/machine-costs.ts';
import { aSpec } from '../../support/builders.ts';

const HOUR = 3_600_000;
const NOW = instant(Date.UTC(2026, 4, 2));
const SINCE = instant(NOW - 24 * HOUR);
const ago = (hours: number): string => new Date(NOW - hours * HOUR).toISOString();
const small = { name: 'small', cpu: cores(1), memory: bytes(2 ** 30), price: 0.5 };
const large = { name: 'large', cpu: cores(2), memory: bytes(2 ** 31), price: 1 };
const spec = aSpec({
  partitions: { web: { placement: [{ iaas: 'lab', max: 9, sizes: [small, large] }] } },
  cartridges: { php: { cpu: 0.5, memory: 256 }, big: { cpu: 0.25, memory: 1024 } },
  subscriptions: { shop: {}, blog: { cartridge: 'big' } },
});
const done = (hours: number, action: Pick<Action, 'kind' | 'vm'> & object, ms = 0): LoggedEvent => ({
  version: 1,
  at: ago(hours),
  run: 'r',
  event: { type: 'action.finished', ms, action: { id: '', dependsOn: [], reason: '', ...action } as unknown as Action },
});
const create = (hours: number, vm: string, size = small, ms = 0): LoggedEvent =>
  done(hours, { kind: 'vm.create', vm, iaas: 'lab', size } as Pick<Action, 'kind' | 'vm'>, ms);
const record = (name: string, hours: number): VmRecord => ({
  ...{ name, partition: 'web', iaas: 'lab', state: 'ready', machine: name, size: large },
  ...{ cordoned: false, draining: false, createdAt: ago(hours) },
});
const hours = (events: readonly LoggedEvent[], vms: readonly VmRecord[] = []) =>
  machineSpans({ vms }, events, SINCE, NOW).map(({ vm, from, until }) => [vm, (until - from) / HOUR]);

describe('machineSpans', () => {
  it('counts a machine that is there from when it was asked for, and one that went until then, within the time', () => {
    expect(hours([], [record('web-1', 10), record('web-2', 100)])).toEqual([
      ['web-1', 10],
      ['web-2', 24],
    ]);
    const went = [create(30, 'web-1'), create(10, 'web-2', small, HOUR), done(4, { kind: 'vm.delete', vm: 'web-2' })];
    expect(hours([...went, done(20, { kind: 'vm.forget', vm: 'web-1' })])).toEqual([
      ['web-2', 7],
      ['web-1', 4],
    ]);
  });

  it('counts each life of a name, and none twice that was asked for again', () => {
    const lives = [
      create(10, 'web-1'),
      create(9, 'web-1'),
      done(8, { kind: 'vm.delete', vm: 'web-1' }),
      create(3, 'web-1'),
    ];
    expect(hours(lives, [record('web-1', 3)])).toEqual([
      ['web-1', 2],
      ['web-1', 3],
    ]);
  });

  it('counts what the log has the end of alone from the beginning of the time', () => {
    expect(hours([done(20, { kind: 'vm.delete', vm: 'web-1' })])).toEqual([['web-1', 4]]);
    expect(hours([done(30, { kind: 'vm.delete', vm: 'web-1' })])).toEqual([]);
  });
});

describe('machineCosts', () => {
  it('is hours at the price of the size, hours without a price told apart', () => {
    const events = [
      create(10, 'web-2'),
      done(6, { kind: 'vm.delete', vm: 'web-2' }),
      done(22, { kind: 'vm.delete', vm: 'web-9' }),
    ];
    const spans = machineSpans({ vms: [record('web-1', 10)] }, events, SINCE, NOW);
    expect(machineCosts(spec, spans, {})).toEqual({
      web: { vmHours: 16, unpricedHours: 2, cost: 10 * 1 + 4 * 0.5, subscriptions: {} },
    });
  });

  it('is shared by what processes are promised of a VM, for as long as they were there', () => {
    const spans = machineSpans({ vms: [record('web-1', 12)] }, [], SINCE, NOW);
    // A quarter of a VM each (CPU), and half of one (memory) for half the time.
    const presence = {
      shop: { processes: 2, over: 2 * HOUR },
      blog: { processes: 1, over: HOUR },
      other: { processes: 9, over: HOUR },
    };
    expect(machineCosts(spec, spans, presence).web?.subscriptions).toEqual({
      shop: expect.closeTo((12 * 2) / 3) as number,
      blog: expect.closeTo(12 / 3) as number,
    });
  });
});

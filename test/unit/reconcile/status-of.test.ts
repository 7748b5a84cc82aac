import { describe, expect, it } from 'vitest';
import { cores, bytes, instant } from '../../../src/model/quantity.ts';
import type { ObservedProcess, ReachedVm, VmObservation } from '../../../src/model/observation.ts';
import type { ProcessRecord, VmRecord } from '../../../src/model/inventory.ts';
import { statusOf } from '../../../src/reconcile/status-of.ts';
import { anInventory, aSpec } from '../../support/builders.ts';

const VM: VmRecord = {
  name: 'web-1',
  partition: 'web',
  iaas: 'lab',
  state: 'ready',
  machine: 'm1',
  endpoint: { address: '10.0.0.2', port: 22, user: 'root', hostKeys: [] },
  size: { cpu: cores(2), memory: bytes(2 ** 31) },
  cordoned: false,
  draining: false,
  createdAt: '2026-01-01T00:00:00.000Z',
};
const RECORD: ProcessRecord = {
  name: 'shop-1',
  subscription: 'shop',
  ordinal: 1,
  vm: 'web-1',
  index: 1,
  image: 'sha256:1',
  fingerprint: 'f',
  state: 'ready',
  createdAt: '2026-01-01T00:00:00.000Z',
};
const CONTAINER: ObservedProcess = {
  name: 'shop-1',
  subscription: 'shop',
  ordinal: 1,
  index: 1,
  image: 'sha256:1',
  fingerprint: 'f',
  state: 'running',
};

function reached(processes: readonly ObservedProcess[], servers: Readonly<Record<string, boolean>> = {}): ReachedVm {
  const space = { total: bytes(2 ** 31), available: bytes(2 ** 30) };
  return {
    ...{ status: 'reached', bootId: 'b', cgroup: 'v2', cpus: cores(2), memory: space, disk: space, load: 0 },
    ...{ processes, images: [], foreign: [], gateway: { running: true, servers } },
  };
}

function stateOf(vms: Readonly<Record<string, VmObservation>> | undefined) {
  const inventory = anInventory({ vms: [VM], processes: [RECORD] });
  const seen = vms ? { observation: { at: instant(0), iaas: {}, vms } } : {};
  const report = statusOf({ spec: aSpec(), inventory, ...seen, now: 0 });
  const [shop] = report.subscriptions;
  return { state: shop?.processes[0]?.state, ready: shop?.ready, asleep: shop?.asleep };
}

describe('statusOf', () => {
  it('tells what is recorded when nobody looked', () => {
    expect(stateOf(undefined)).toEqual({ state: 'ready', ready: 1, asleep: 0 });
  });

  it.each<[string, Readonly<Record<string, VmObservation>>, unknown]>([
    ['a process that a gateway gets answers from', { 'web-1': reached([CONTAINER], { 'shop-1': true }) }, 'ready'],
    ['a process that no gateway knows yet', { 'web-1': reached([CONTAINER]) }, 'ready'],
    ['a process that hangs', { 'web-1': reached([CONTAINER], { 'shop-1': false }) }, 'unhealthy'],
    ['a container that is gone', { 'web-1': reached([]) }, 'missing'],
    ['a container that ended', { 'web-1': reached([{ ...CONTAINER, state: 'stopped' }]) }, 'stopped'],
    ['a VM that is stopped', {}, 'stopped'],
    [
      'a VM that is silent',
      { 'web-1': { status: 'unreachable', reason: 'timeout', message: 'no answer' } },
      'unreachable',
    ],
  ])('tells %s', (_what, vms, state) => {
    expect(stateOf(vms)).toEqual({ state, ready: state === 'ready' ? 1 : 0, asleep: 0 });
  });

  it('counts a process as served when one gateway of several gets answers', () => {
    const vms = { 'web-1': reached([CONTAINER], { 'shop-1': false }), 'web-2': reached([], { 'shop-1': true }) };
    expect(stateOf(vms).state).toBe('ready');
  });

  it('says why a sleeper does not wake', () => {
    const sleeper: ObservedProcess = { ...CONTAINER, state: 'stopped', asleep: 'stopped', wakeFailure: 'no memory' };
    const vms = { 'web-1': reached([sleeper]) };
    const inventory = anInventory({ vms: [VM], processes: [RECORD] });
    const report = statusOf({ spec: aSpec(), inventory, observation: { at: instant(0), iaas: {}, vms }, now: 0 });
    expect(report.subscriptions[0]?.processes[0]?.failure).toBe('does not wake: no memory');
  });

  it('counts sleepers apart', () => {
    const sleeper: ObservedProcess = { ...CONTAINER, state: 'stopped', asleep: 'stopped' };
    expect(stateOf({ 'web-1': reached([sleeper], { 'shop-1': false }) })).toEqual({
      state: 'asleep',
      ready: 0,
      asleep: 1,
    });
  });
});

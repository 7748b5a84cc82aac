import { describe, expect, it } from 'vitest';
import type { ProcessRecord, VmRecord } from '../../../src/model/inventory.ts';
import { bytes, cores } from '../../../src/model/quantity.ts';
import { observeGuest } from '../../../src/reconcile/observe-guest.ts';
import { aSpec, anInventory } from '../../support/builders.ts';

const spec = aSpec({
  partitions: { web: {}, own: { guestsOf: 'web' } },
  cartridges: { guest: { partition: 'own', runtime: 'vm', image: 'win' } },
  subscriptions: { 'my-app': { cartridge: 'guest' } },
});
const size = { cpu: cores(2), memory: bytes(4096) };
const machine = { id: 'i-1', vm: 'own-1', partition: 'own', process: { name: 'my-app-12', fingerprint: 'f' } } as const;
const vm: VmRecord = {
  ...{ name: 'own-1', partition: 'own', iaas: 'lab', state: 'ready', machine: 'i-1', size, runtime: 'vm' },
  ...{ cordoned: false, draining: false, createdAt: '' },
};
const record: ProcessRecord = {
  ...{ name: 'my-app-12', subscription: 'my-app', ordinal: 12, vm: 'own-1', index: 1, image: 'win-before' },
  ...{ fingerprint: 'f', state: 'ready', createdAt: '', asleep: 'stopped' },
};
const see = (state: 'running' | 'stopped' | 'pending', of: ProcessRecord | undefined = record) =>
  observeGuest(spec, anInventory(), { ...machine, state }, vm, of).processes[0];

describe('observeGuest', () => {
  it('reads the process off the label, and the image off the record that is of it', () => {
    const named = { name: 'my-app-12', subscription: 'my-app', ordinal: 12, fingerprint: 'f' };
    expect(see('running')).toMatchObject({ ...named, image: 'win-before', state: 'running' });
    expect(see('running', { ...record, fingerprint: 'other' })).toMatchObject({ image: 'win' });
    expect(see('pending')).toMatchObject({ state: 'running' });
  });

  it('takes a machine that stopped for asleep only where it was put to sleep', () => {
    expect(see('stopped')).toMatchObject({ state: 'stopped', asleep: 'stopped' });
    const { asleep: _, ...awake } = record;
    expect(see('stopped', awake)).not.toHaveProperty('asleep');
    expect(see('running')).not.toHaveProperty('asleep');
  });
});

/** One action of every kind, in a plan. */
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { Action, Plan } from '../../src/model/plan.ts';
import { aPlan, DIGEST } from './support.ts';

const at = (vm: string, reason: string) => ({ vm, reason, dependsOn: [] });
const made = { subscription: 'shop', index: 1, image: DIGEST, fingerprint: 'f1' };

export const VM_CREATE: Action = {
  id: 'vm.create:web-3',
  kind: 'vm.create',
  iaas: 'lab',
  size: { cpu: cores(2), memory: bytes(2 ** 31) },
  ...at('web-3', 'shop-5 does not fit on 2 VMs'),
};

export const EVERY_ACTION: readonly Action[] = [
  VM_CREATE,
  { id: 'vm.start:web-2', kind: 'vm.start', ...at('web-2', 'its machine is stopped') },
  { id: 'vm.adopt:web-4', kind: 'vm.adopt', iaas: 'lab', machine: 'm4', ...at('web-4', 'it carries our label') },
  { id: 'vm.prepare:web-3', kind: 'vm.prepare', ...at('web-3', 'not prepared') },
  { id: 'vm.prepare:web-4', kind: 'vm.prepare', ...at('web-4', 'not prepared') },
  { id: 'image.copy:web-3', kind: 'image.copy', image: DIGEST, ...at('web-3', 'shop runs it') },
  { id: 'image.copy:web-4', kind: 'image.copy', image: DIGEST, ...at('web-4', 'shop runs it') },
  {
    id: 'process.create:shop-5',
    kind: 'process.create',
    process: 'shop-5',
    ordinal: 5,
    ...made,
    needs: ['shop-db'],
    ...at('web-3', 'shop wants 5 processes, has 4'),
  },
  { id: 'process.start:shop-2', kind: 'process.start', process: 'shop-2', ...at('web-1', 'it is stopped') },
  {
    id: 'process.adopt:shop-6',
    kind: 'process.adopt',
    process: 'shop-6',
    ordinal: 6,
    ...made,
    ...at('web-4', 'it carries our label'),
  },
  {
    id: 'gateway.configure:web-1',
    kind: 'gateway.configure',
    ...at('web-1', 'processes leave'),
  },
  {
    id: 'gateway.configure:web-2',
    kind: 'gateway.configure',
    ...at('web-2', 'processes leave'),
  },
  {
    id: 'process.remove:shop-1',
    kind: 'process.remove',
    process: 'shop-1',
    drain: millis(10_000),
    ...at('web-1', 'its image changed'),
  },
  {
    id: 'process.create:shop-1',
    kind: 'process.create',
    process: 'shop-1',
    ordinal: 1,
    ...made,
    ...at('web-1', 'its image changed'),
  },
  {
    id: 'process.remove:shop-4',
    kind: 'process.remove',
    process: 'shop-4',
    drain: millis(10_000),
    ...at('web-2', 'web-2 is drained'),
  },
  { id: 'process.forget:shop-3', kind: 'process.forget', process: 'shop-3', ...at('web-2', 'its container is gone') },
  { id: 'vm.delete:web-2', kind: 'vm.delete', ...at('web-2', 'not needed') },
  { id: 'vm.forget:web-5', kind: 'vm.forget', ...at('web-5', 'its machine is gone') },
];

export const SAMPLE_PLAN: Plan = aPlan({
  stages: [{ id: 'web/1', partition: 'web', kind: 'processes', withdraw: ['shop-1', 'shop-4'], actions: EVERY_ACTION }],
  holds: [
    { target: 'vm web-1', reason: 'web keeps at least 1 VM' },
    { target: 'shop', reason: '1 of 6 not created: no VM takes more', unmet: true },
  ],
  notices: [{ target: 'web-1', message: 'container old-db is not ours' }],
});

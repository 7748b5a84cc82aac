/** A status with every field, one VM that is silent and one that is being made. */
import type { StatusReport } from '../../src/reconcile/status-of.ts';
import { DIGEST, LINEAGE } from './support.ts';

export const REPORT: StatusReport = {
  lineage: LINEAGE,
  serial: 7,
  observed: true,
  partitions: [
    {
      name: 'web',
      min: 1,
      max: 4,
      vms: [
        {
          name: 'web-1',
          iaas: 'lab',
          zone: 'north',
          state: 'ready',
          address: '192.0.2.1',
          processes: 2,
          cordoned: false,
          draining: false,
        },
        {
          name: 'web-2',
          iaas: 'lab',
          state: 'unreachable',
          address: '192.0.2.2',
          processes: 1,
          cordoned: true,
          draining: false,
        },
        { name: 'web-3', iaas: 'lab', state: 'creating', processes: 0, cordoned: false, draining: false },
      ],
    },
    {
      name: 'jobs',
      min: 0,
      max: 1,
      vms: [],
      closed: ['cloud has no capacity since 12:03 UTC, and is asked again at 12:13 UTC'],
    },
  ],
  subscriptions: [
    {
      alias: 'shop',
      cartridge: 'php',
      partition: 'web',
      port: 8080,
      hosts: ['shop.example.org'],
      desired: { min: 2, max: 20 },
      ready: 2,
      asleep: 0,
      total: 3,
      want: 4,
      why: 'requestsInFlight needs 4: ceil(61 / 20)',
      urls: ['http://192.0.2.1:8080', 'http://192.0.2.2:8080'],
      processes: [
        { name: 'shop-1', vm: 'web-1', state: 'ready', address: '10.66.0.2', image: DIGEST, age: 3_600_000 },
        { name: 'shop-2', vm: 'web-1', state: 'ready', address: '10.66.0.3', image: DIGEST, age: 61_000 },
        {
          name: 'shop-3',
          vm: 'web-2',
          state: 'failed',
          address: '10.66.0.2',
          image: DIGEST,
          age: 500,
          failure: 'did not answer on port 80\u001b[2J in 60s',
        },
      ],
    },
    {
      alias: 'cron',
      cartridge: 'busy',
      partition: 'jobs',
      hosts: [],
      desired: { min: 0, max: 0 },
      ready: 0,
      asleep: 0,
      total: 0,
      urls: [],
      processes: [],
    },
  ],
  unreachable: [{ vm: 'web-2', message: 'Cannot reach web-2 as the connection timed out: 192.0.2.2:22' }],
};

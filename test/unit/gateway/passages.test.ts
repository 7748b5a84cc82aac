import { expect, test } from 'vitest';
import { renderGateway } from '../../../src/gateway/haproxy-config.ts';
import { passagesOf } from '../../../src/gateway/passages.ts';
import type { VmRecord } from '../../../src/model/inventory.ts';
import { aSpec } from '../../support/builders.ts';
import { aVm } from './gateway-input.ts';

const SPEC = aSpec({
  partitions: { web: { network: '10.70.0.0/24' }, data: {} },
  cartridges: { php: {}, sql: { partition: 'data', ports: [{ name: 'sql', port: 5432, protocol: 'tcp' }] } },
  subscriptions: { db: { cartridge: 'sql', port: 5433 }, shop: { needs: ['db'] } },
});
const there = (n: number, change: Partial<VmRecord> = {}): VmRecord => ({ ...aVm(n), name: `data-${n}`, ...change });

test('passagesOf lead from the own bridge to the gateways of the other partition that have an address', () => {
  const { endpoint: _none, ...unborn } = there(4);
  const vms = [there(2), there(1), there(3, { state: 'deleting' }), unborn];
  expect(passagesOf(SPEC, 'web', (partition) => (partition === 'data' ? vms : []))).toEqual([
    {
      alias: 'db',
      address: '10.70.0.1',
      port: 5433,
      targets: [
        { vm: 'data-1', address: '10.0.0.1' },
        { vm: 'data-2', address: '10.0.0.2' },
      ],
    },
  ]);
  expect(passagesOf(SPEC, 'data', () => vms)).toEqual([]);
});

test('renderGateway serves a passage on the bridge alone, and asks nothing that could wake a sleeper', () => {
  const passages = passagesOf(SPEC, 'web', () => [
    there(1),
    there(2, { endpoint: { address: 'db2.example.org', port: 22, user: 'root' } as never }),
  ]);
  const text = renderGateway({ vm: 'web-1', services: [], passages });
  expect(text.split('\n\n').at(-1)).toBe(`listen passage:db
    mode tcp
    option tcplog
    bind 10.70.0.1:5433
    server via:data-1 10.0.0.1:5433
    server via:data-2 db2.example.org:5433 init-addr libc,none
`);
});

import { expect, test } from 'vitest';
import { gatewayModel } from '../../../src/gateway/gateway-model.ts';
import { millis } from '../../../src/model/quantity.ts';
import { aCartridge, aProcess, aSpec, aSubscription, aVm, anInput } from './gateway-input.ts';

const servers = (input: Parameters<typeof gatewayModel>[0]) => gatewayModel(input).services[0]?.servers;

test('gatewayModel reaches its own processes at their address and others at a published port', () => {
  expect(servers(anInput())).toEqual([
    { name: 'shop-1', address: '10.66.0.2', port: 80 },
    { name: 'shop-2', address: '10.0.0.2', port: 20_016 },
  ]);
  expect(servers(anInput({ vm: aVm(2) }))).toEqual([
    { name: 'shop-1', address: '10.0.0.1', port: 20_000 },
    { name: 'shop-2', address: '10.66.0.4', port: 80 },
  ]);
});

test('gatewayModel names the service as the subscription has it', () => {
  const spec = aSpec([aCartridge()], [aSubscription({ hosts: ['b.example.org', 'A.example.org', 'a.example.org'] })]);
  expect(gatewayModel(anInput({ spec, processes: [] }))).toEqual({
    vm: 'web-1',
    services: [
      {
        alias: 'shop',
        mode: 'http',
        port: 8080,
        hosts: ['a.example.org', 'b.example.org'],
        health: { path: '/', interval: 500, timeout: 1000 },
        servers: [],
      },
    ],
  });
});

test('gatewayModel sends the check to the port that health asks, and traffic to the one named http', () => {
  const ports = [
    { name: 'admin', port: 9990, protocol: 'http' as const },
    { name: 'http', port: 8080, protocol: 'http' as const },
  ];
  const cartridge = aCartridge({ ports, health: { ...aCartridge().health, port: 'admin', path: '/ready' } });
  expect(servers(anInput({ spec: aSpec([cartridge], [aSubscription()]) }))).toEqual([
    { name: 'shop-1', address: '10.66.0.2', port: 8080, checkPort: 9990 },
    { name: 'shop-2', address: '10.0.0.2', port: 20_017, checkPort: 20_016 },
  ]);
});

test('gatewayModel serves the port that health asks where none is named http', () => {
  const ports = [
    { name: 'metrics', port: 9100, protocol: 'tcp' as const },
    { name: 'sql', port: 5432, protocol: 'tcp' as const },
  ];
  const health = { ...aCartridge().health, port: 'sql', path: '/ignored' };
  const spec = aSpec([aCartridge({ ports, health })], [aSubscription({ hosts: ['db.example.org'] })]);
  const [service] = gatewayModel(anInput({ spec })).services;
  expect(service).toMatchObject({ mode: 'tcp', hosts: [], health: { interval: 500, timeout: 1000 } });
  expect(service?.health.path).toBeUndefined();
  expect(service?.servers.map((server) => server.port)).toEqual([5432, 20_017]);
});

test('gatewayModel leaves out what it cannot reach or what is not of the partition', () => {
  const { endpoint: _, ...noAddress } = aVm(3, { state: 'creating' });
  const processes = [aProcess('shop', 1, 3, 1), aProcess('shop', 2, 4, 1), aProcess('shop', 3, 9, 1)];
  const vms = [aVm(1), noAddress, aVm(4, { partition: 'other' })];
  expect(servers(anInput({ vms, processes }))).toEqual([]);
  const elsewhere = aSpec([aCartridge({ partition: 'other' })], [aSubscription()]);
  expect(gatewayModel(anInput({ spec: elsewhere })).services).toEqual([]);
  const { port: _port, ...unreached } = aSubscription();
  expect(gatewayModel(anInput({ spec: aSpec([aCartridge()], [unreached]) })).services).toEqual([]);
  const portless = aSpec([aCartridge({ ports: [] })], [aSubscription()]);
  expect(gatewayModel(anInput({ spec: portless })).services).toEqual([]);
});

test('gatewayModel orders servers as people count', () => {
  const processes = [10, 9, 1, 100, 2].map((n) => aProcess('shop', n, 1, n));
  expect(servers(anInput({ processes }))?.map((server) => server.name)).toEqual([
    'shop-1',
    'shop-2',
    'shop-9',
    'shop-10',
    'shop-100',
  ]);
});

test.each([
  [{ stopAfter: millis(1000) }, true],
  [{ freezeAfter: millis(1000) }, true],
  [{}, false],
  [{ stopAfter: millis(1000), wake: 'never' as const }, false],
])('gatewayModel knows where a process is woken with idle policy %j: %j', (policy, wakes) => {
  const idle = {
    name: 'nap',
    wake: 'on-request' as const,
    cpuBelow: 0.05,
    sessions: true,
    coldStart: false,
    ...policy,
  };
  const found = servers(anInput({ spec: aSpec([aCartridge()], [aSubscription({ idle })]) }));
  expect(found?.map(({ wake }) => wake)).toEqual(
    wakes
      ? [
          { address: '10.66.0.1', port: 61_000 },
          { address: '10.0.0.2', port: 61_002 },
        ]
      : [undefined, undefined],
  );
});

import { expect, test } from 'vitest';
import { peersStep } from '../../../src/lxc/peers.ts';
import { prepareFingerprint, prepareStep } from '../../../src/lxc/prepare.ts';
import { preparedFiles } from '../../../src/lxc/prepared-files.ts';

const INPUT = { lineage: 'l', vm: 'web-1', network: '10.66.0.0/22', units: { 'stratos-gateway.service': '[Unit]\n' } };

test('prepareFingerprint changes with everything that is installed', () => {
  const other = [
    { ...INPUT, lineage: 'm' },
    { ...INPUT, vm: 'web-2' },
    { ...INPUT, network: '10.67.0.0/22' },
    { ...INPUT, units: { 'stratos-gateway.service': '[Unit]\n#\n' } },
    { ...INPUT, units: {} },
  ];
  const fingerprints = [INPUT, ...other].map(prepareFingerprint);
  expect(new Set(fingerprints).size).toBe(6);
  expect(prepareFingerprint({ ...INPUT })).toBe(fingerprints[0]);
});

test('prepareStep enables our units and those it is given, not the template', () => {
  expect(prepareStep(INPUT).args.slice(6)).toEqual([
    '',
    'stratos-network.service',
    'stratos-processes.service',
    'stratos-gateway.service',
  ]);
});

test('preparedFiles tell hooks the network of the VM', () => {
  const layout = preparedFiles(INPUT).find(({ path }) => path.endsWith('/bin/layout'));
  expect(layout?.text.split('\n')).toEqual(
    expect.arrayContaining([
      'network=10.66.0.0/22',
      'gateway=10.66.0.1',
      'gateway_mac=02:53:0a:42:00:01',
      'prefix=22',
      'bridge=stratosbr0',
      'wakes=/var/lib/stratos/wake',
      'wake_ports=61000-62020',
    ]),
  );
});

test('preparedFiles listen for sleepers at the address of the VM on its bridge', () => {
  const socket = preparedFiles({ ...INPUT, network: '10.67.0.0/24' }).find(({ path }) => path.endsWith('@.socket'));
  expect(socket?.path).toBe('/etc/systemd/system/stratos-wake@.socket');
  expect(socket?.text).toContain('\nListenStream=10.67.0.1:%i\n');
  // Else the sixth wake in ten seconds would end it.
  expect(socket?.text).toContain('\nTriggerLimitIntervalSec=0\n');
});

test('preparedFiles leave no placeholder in a unit', () => {
  for (const { text } of preparedFiles(INPUT)) expect(text).not.toMatch(/@[a-z]+@/);
});

test('peersStep takes each IPv4 address once, in one order, and nothing else', () => {
  const addresses = ['10.0.0.2', 'fd00::1', 'host.example', '10.0.0.1', '10.0.0.2', '10.0.0.300', '10.0.0.1/8', ''];
  expect(peersStep(addresses).args.slice(2)).toEqual(['10.0.0.1', '10.0.0.2']);
});

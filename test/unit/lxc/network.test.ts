import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatAddress,
  gatewayAddress,
  parseCidr,
  PORTS_PER_PROCESS,
  processAddress,
  processCapacity,
  processMac,
  publishedPort,
  wakePort,
} from '../../../src/lxc/network.ts';

test('parseCidr reads a subnet as its first address', () => {
  expect(parseCidr('10.66.1.7/22')).toEqual({ base: 0x0a420000, prefix: 22 });
  expect(formatAddress(0x0a420001)).toBe('10.66.0.1');
});

test.each(['', '10.0.0.0', '10.0.0.256/8', '10.0.0.0/33', 'fd00::/64', '10.0.0.0/8 ', '1.2.3/8'])(
  'parseCidr refuses %j',
  (cidr) => {
    expect(parseCidr(cidr)).toBeUndefined();
    expect(processCapacity(cidr)).toBe(0);
  },
);

test('processes of one subnet never share an address, a MAC or a port, and never get the gateway or the broadcast address', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 16, max: 29 }), (base, prefix) => {
      const cidr = `${formatAddress(base)}/${prefix}`;
      const indexes = Array.from({ length: processCapacity(cidr) }, (_, i) => i + 1);
      const addresses = indexes.map((index) => processAddress(cidr, index));
      const first = parseCidr(cidr)?.base ?? 0;
      const reserved = [gatewayAddress(cidr), formatAddress(first), formatAddress(first + 2 ** (32 - prefix) - 1)];
      const ports = indexes.flatMap((index) =>
        Array.from({ length: PORTS_PER_PROCESS }, (_, n) => publishedPort(index, n)),
      );
      expect(new Set([...addresses, ...reserved]).size).toBe(indexes.length + 3);
      expect(addresses.every((address) => parseCidr(`${address}/${prefix}`)?.base === first)).toBe(true);
      expect(new Set(indexes.map((index) => processMac(cidr, index))).size).toBe(indexes.length);
      const all = [...ports, ...indexes.map(wakePort)];
      expect(new Set(all).size).toBe(all.length);
      expect(all.every((port) => port < 65_536)).toBe(true);
      // Where kernels take the ports of outgoing connections from.
      expect(indexes.map(wakePort).some((port) => port <= 60_999)).toBe(false);
    }),
    { numRuns: 20 },
  );
});

import { describe, expect, it } from 'vitest';
import { bridgeAddress, lowestFreeAddress, macOf, overlaps, vmCapacity } from '../../../src/iaas/local/addresses.ts';

describe('lowestFreeAddress', () => {
  it('starts after the bridge and fills gaps first', () => {
    expect(lowestFreeAddress('10.209.0.0/16', new Set())).toBe('10.209.0.2');
    expect(lowestFreeAddress('10.209.0.0/16', new Set(['10.209.0.2', '10.209.0.4']))).toBe('10.209.0.3');
  });

  it('goes on past a full last octet', () => {
    const taken = new Set(Array.from({ length: 254 }, (_, i) => `10.209.0.${i + 2}`));
    expect(lowestFreeAddress('10.209.0.0/16', taken)).toBe('10.209.1.0');
  });

  it('gives each address of a subnet once and then none', () => {
    const taken = new Set<string>();
    for (
      let next = lowestFreeAddress('10.1.2.0/28', taken);
      next !== undefined;
      next = lowestFreeAddress('10.1.2.0/28', taken)
    ) {
      expect(taken.has(next)).toBe(false);
      taken.add(next);
    }
    expect(taken.size).toBe(vmCapacity('10.1.2.0/28'));
    expect([...taken].sort()).not.toContain('10.1.2.1');
    expect([...taken].sort()).not.toContain('10.1.2.15');
  });

  it('has none in a subnet without room', () => {
    for (const subnet of ['10.0.0.0/31', '10.0.0.0/32', 'nonsense'])
      expect(lowestFreeAddress(subnet, new Set())).toBeUndefined();
  });
});

describe('bridgeAddress', () => {
  it('is the first of the subnet, whatever address names it', () => {
    expect(bridgeAddress('10.209.3.4/16')).toEqual({ address: '10.209.0.1', prefix: 16 });
  });
});

describe('macOf', () => {
  it('is unicast, locally administered and follows the address', () => {
    expect(macOf('10.209.0.255')).toBe('02:53:0a:d1:00:ff');
  });
});

describe('overlaps', () => {
  it('sees a part, the whole and a single address', () => {
    expect(overlaps('10.209.0.0/16', '10.209.5.0/24')).toBe(true);
    expect(overlaps('10.209.5.0/24', '10.0.0.0/8')).toBe(true);
    expect(overlaps('10.209.0.0/16', '10.209.255.255/32')).toBe(true);
    expect(overlaps('10.209.0.0/16', '10.210.0.0/16')).toBe(false);
    expect(overlaps('0.0.0.0/0', '10.210.0.0/16')).toBe(true);
    expect(overlaps('128.0.0.0/1', '127.0.0.0/8')).toBe(false);
  });
});

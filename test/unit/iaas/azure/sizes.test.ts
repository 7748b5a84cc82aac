import { describe, expect, it } from 'vitest';
import { fitting, offerOf } from '../../../../src/iaas/azure/sizes.ts';
import { bytes, cores } from '../../../../src/model/quantity.ts';

const told = (values: Readonly<Record<string, string>>) =>
  Object.entries({ vCPUs: '8', MemoryGB: '16', ...values }).map(([name, value]) => ({ name, value }));
const sku = (name: string, more: object = {}) => ({
  resourceType: 'virtualMachines',
  name,
  capabilities: told({}),
  locationInfo: [{ location: 'WestEurope', zones: ['1', '2', '3'] }],
  ...more,
});

describe('offerOf', () => {
  it('counts the cores that can be used, in the zones that are open', () => {
    const restrictions = [{ type: 'Zone' as const, restrictionInfo: { zones: ['2'] } }];
    const offer = offerOf(
      sku('Standard_E8-4s_v5', { capabilities: told({ vCPUsAvailable: '4' }), restrictions }),
      'westeurope',
    );
    expect(offer).toEqual({ name: 'Standard_E8-4s_v5', cpu: 4, memory: 16 * 2 ** 30, zones: ['1', '3'] });
  });
  it('offers no disks, no other architecture, nothing that the subscription may not have', () => {
    expect(offerOf({ ...sku('Premium_LRS'), resourceType: 'disks' }, 'westeurope')).toBeUndefined();
    expect(offerOf(sku('D', { capabilities: told({ CpuArchitectureType: 'Arm64' }) }), 'westeurope')).toBeUndefined();
    expect(offerOf(sku('D', { restrictions: [{ type: 'Location' }] }), 'westeurope')).toBeUndefined();
  });
});

describe('fitting', () => {
  const offer = (name: string, cpu: number, gib: number, zones = ['1']) => ({
    name,
    cpu: cores(cpu),
    memory: bytes(gib * 2 ** 30),
    zones,
  });
  const offers = [
    offer('Standard_D2_v3', 2, 8),
    offer('Standard_D2s_v5', 2, 8),
    offer('Standard_DC2s_v3', 2, 4),
    offer('Standard_D4s_v5', 4, 16, ['1', '2']),
  ];
  const size = { cpu: cores(2), memory: bytes(2 ** 30), disk: bytes(2 ** 40) };
  it('takes the newest generation of the smallest that is enough', () => {
    expect(fitting(size, 'D', undefined, offers)).toBe('Standard_D2s_v5');
  });
  it('prefers what the spec says the price of, of any family', () => {
    const priced = [...offers, { ...offer('Standard_B4ms', 4, 16), price: 0.17 }];
    expect(fitting(size, 'D', '1', priced)).toBe('Standard_B4ms');
  });
  it('takes what the zone has, of the family alone', () => {
    expect(fitting(size, 'D', '2', offers)).toBe('Standard_D4s_v5');
    expect(fitting(size, 'DC', '1', offers)).toBe('Standard_DC2s_v3');
    expect(fitting(size, 'F', '1', offers)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { customType, fitting } from '../../../../src/iaas/gce/machine-type.ts';
import { bytes, cores } from '../../../../src/model/quantity.ts';

const size = (cpu: number, gib: number) => ({ cpu: cores(cpu), memory: bytes(Math.round(gib * 2 ** 30)) });

describe('fitting', () => {
  const types = [
    { name: 'e2-medium', guestCpus: 2, memoryMb: 4096 },
    { name: 'e2-standard-2', guestCpus: 2, memoryMb: 8192, architecture: 'X86_64' },
    { name: 't2a-standard-1', guestCpus: 1, memoryMb: 4096, architecture: 'ARM64' },
  ];
  it('counts what is its own of a shared core', () => {
    expect(fitting(size(1, 4), 'e2', types)).toBe('e2-medium');
    expect(fitting(size(2, 4), 'e2', types)).toBe('e2-standard-2');
  });
  it('offers nothing of another family, nor of another architecture', () => {
    expect(fitting(size(1, 1), 'n2', types)).toBeUndefined();
    expect(fitting(size(1, 1), 't2a', types)).toBeUndefined();
  });
  it('prefers what the spec says the price of, of any family', () => {
    expect(fitting(size(1, 1), 'n2', types, { 'e2-standard-2': 0.07, 'e2-medium': 0.08 })).toBe('e2-standard-2');
  });
  it('asks no disk of a machine type: it is made as large as is wanted', () => {
    expect(fitting({ ...size(1, 1), disk: bytes(2 ** 40) }, 'e2', types)).toBe('e2-medium');
  });
});

describe('customType', () => {
  it.each([
    [1, 1, 'n1', 'custom-1-1024'],
    [1, 7, 'n1', 'custom-2-7168'],
    [1, 1, 'e2', 'e2-custom-2-1024'],
    [3, 3, 'n2', 'n2-custom-4-3072'],
    [2, 0.1, 'e2', 'e2-custom-2-1024'],
    [2, 40, 'e2', 'e2-custom-6-40960'],
  ])('makes %d cores and %d GiB of %s to %s', (cpu, gib, family, expected) => {
    expect(customType(size(cpu, gib), family)).toBe(expected);
  });
  it('always offers as much as is asked for, in steps that Google has', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 64, noNaN: true }),
        fc.double({ min: 0.1, max: 512, noNaN: true }),
        (cpu, gib) => {
          const [, cpus, mib] = /^e2-custom-(\d+)-(\d+)$/.exec(customType(size(cpu, gib), 'e2')) ?? [];
          expect(Number(cpus)).toBeGreaterThanOrEqual(cpu);
          expect(Number(cpus) % 2).toBe(0);
          expect(Number(mib) * 2 ** 20).toBeGreaterThanOrEqual(Math.round(gib * 2 ** 30));
          expect(Number(mib) % 256).toBe(0);
          expect(Number(mib) / Number(cpus)).toBeGreaterThanOrEqual(512);
          expect(Number(mib) / Number(cpus)).toBeLessThanOrEqual(8192);
        },
      ),
    );
  });
});

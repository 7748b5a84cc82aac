import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseCartridgeText } from '../../../src/inventory/cartridge-file.ts';
import type { Base } from '../../../src/store/build/build-base.ts';
import { imageConfig } from '../../../src/store/build/image-config.ts';

const BASE: Base = {
  layers: [],
  history: [],
  epoch: 1_600_000_000,
  config: { argv: [], env: {}, user: '', workingDir: '/', ports: [], labels: {}, volumes: [], stopSignal: '' },
  cached: true,
  material: { uri: 'cartridge:b:1' },
};

describe('imageConfig', () => {
  it('is the same whenever it is made: its time is that of the base', () => {
    const file = parseCartridgeText('name: a\nversion: 1\nfrom: { cartridge: "b:1" }\n', 'cartridge.yaml');
    const first = imageConfig(file, BASE, ['run x']);
    vi.useFakeTimers({ now: Date.now() + 86_400_000 });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    expect(imageConfig(file, BASE, ['run x'])).toEqual(first);
    expect(first.created).toBe('2020-09-13T12:26:40.000Z');
  });
});

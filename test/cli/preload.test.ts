import { describe, expect, it } from 'vitest';
import type { preload } from '../../src/reconcile/preload.ts';
import { cli } from './support.ts';

const image = `sha256:${'a'.repeat(64)}`;
/** Copies the image to web-1 and, where it shall, fails on web-2. */
const preloading = (fails: boolean) => {
  const asked: Parameters<typeof preload>[] = [];
  const use = {
    preload: (...args: Parameters<typeof preload>) => {
      asked.push(args);
      const action = { kind: 'image.copy', id: 'x', vm: 'web-2', image, dependsOn: [], reason: '' } as const;
      const failed = fails ? [{ action, code: 'UNREACHABLE', message: 'Cannot reach web-2 as it refuses' }] : [];
      return Promise.resolve({ image, vms: ['web-1', 'web-2'], done: 1, skipped: 0, failed });
    },
  };
  return { use, asked };
};

describe('stratos cartridge preload', () => {
  it('hands on where to and how fast, and says how many have it', async () => {
    const { use, asked } = preloading(false);
    const { code, stdout } = await cli(
      ['cartridge', 'preload', 'shop', '--on', 'web,web-9', '--on', 'db', '--bandwidth-limit', '10Mi'],
      { use },
    );
    expect(code).toBe(0);
    expect(stdout).toBe('shop (aaaaaaaaaaaa) is on 2 VMs\n');
    expect(asked[0]?.slice(1, 3)).toEqual(['shop', { on: ['web', 'web-9', 'db'], bandwidthLimit: 10 * 2 ** 20 }]);
  });

  it('tells of the VMs it could not reach, and ends with 5', async () => {
    const { code, stdout } = await cli(['cartridge', 'preload', 'php:8.2'], preloading(true));
    expect(code).toBe(5);
    expect(stdout).toBe('✗ web-2: Cannot reach web-2 as it refuses\nphp:8.2 (aaaaaaaaaaaa) is on 1 VM\n');
  });

  it('refuses a limit that is no size', async () => {
    const { code, stderr } = await cli(['cartridge', 'preload', 'php', '--bandwidth-limit', '0'], preloading(false));
    expect(code).toBe(64);
    expect(stderr).toContain('a size such as');
  });
});

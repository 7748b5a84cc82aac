import { describe, expect, it } from 'vitest';
import { commandSocket } from '../../../src/iaas/local/lxc.ts';

describe('commandSocket', () => {
  it('is the path where it fits a socket address', () => {
    expect(commandSocket('/var/lib/stratos/local/vms', 'c-web-1')).toBe('/var/lib/stratos/local/vms/c-web-1/command');
  });

  it('is the FNV-1a hash of the path where it does not', () => {
    const name = commandSocket(`/srv/${'long/'.repeat(20)}vms`, 'c-web-1');
    expect(name).toMatch(/^lxc\/[0-9a-f]{16}\/command$/);
  });
});

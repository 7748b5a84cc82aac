import { describe, expect, it } from 'vitest';
import { checkSettings } from '../../../src/iaas/local/host-check.ts';
import type { LocalIaasSpec } from '../../../src/model/iaas/local.ts';

const spec: LocalIaasSpec = {
  kind: 'local',
  name: 'lab',
  bridge: 'stratos0',
  subnet: '10.209.0.0/16',
  root: '/var/lib/stratos/local',
};

describe('checkSettings', () => {
  it('takes the defaults', () => {
    expect(() => {
      checkSettings(spec);
    }).not.toThrow();
  });

  it.each<[Partial<LocalIaasSpec>, string]>([
    [{ root: 'relative' }, 'root'],
    [{ root: '/with space' }, 'root'],
    [{ root: '/a:b' }, 'root'],
    [{ root: '/a/../b' }, 'root'],
    [{ root: '/' }, 'root'],
    [{ bridge: 'sixteen-letters-' }, 'bridge'],
    [{ bridge: '$(id)' }, 'bridge'],
    [{ bridge: '' }, 'bridge'],
    [{ subnet: '10.0.0.0/31' }, 'subnet'],
    [{ subnet: '10.0.0.0' }, 'subnet'],
    [{ subnet: '0.0.0.0/0' }, 'subnet'],
    [{ suite: '--foreign' }, 'suite'],
  ])('refuses %j and says which key', (change, key) => {
    expect(() => {
      checkSettings({ ...spec, ...change });
    }).toThrow(`Cannot use local IaaS lab as ${key} must be`);
  });
});

import { describe, expect, it } from 'vitest';
import { renderRules, renderRulesRemoval } from '../../../src/iaas/local/network-rules.ts';

describe('renderRules', () => {
  it('replaces its own table and names no other', () => {
    const text = renderRules({ bridge: 'stratos0', subnet: '10.209.0.0/16', confined: [] });
    expect(text).toMatch(/^table inet stratos-stratos0 \{\}\ndelete table inet stratos-stratos0\n/);
    expect([...text.matchAll(/table inet (\S+)/g)].map((match) => match[1])).toEqual(Array(3).fill('stratos-stratos0'));
    expect(text).not.toContain('flush');
  });

  it('lets nothing new in, neither to VMs nor through a way out that did not forward before', () => {
    const text = renderRules({ bridge: 'stratos0', subnet: '10.209.0.0/16', confined: ['eth0'] });
    expect(text).toContain('oifname "stratos0" drop');
    expect(text).toContain('iifname "eth0" ct state established,related accept\n    iifname "eth0" drop');
    expect(text).toContain('ip saddr 10.209.0.0/16 oifname != "stratos0" masquerade');
  });
});

describe('renderRulesRemoval', () => {
  it('works when the table is not there', () => {
    expect(renderRulesRemoval('b0')).toBe('table inet stratos-b0 {}\ndelete table inet stratos-b0\n');
  });
});

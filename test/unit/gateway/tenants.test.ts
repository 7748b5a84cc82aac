import { expect, test } from 'vitest';
import { gatewayModel } from '../../../src/gateway/gateway-model.ts';
import { renderGateway } from '../../../src/gateway/haproxy-config.ts';
import { aCartridge, aSpec, aSubscription, anInput } from './gateway-input.ts';

const WIKI = aCartridge({ tenants: { file: '/etc/stratos/tenants.json' } });
const tenants = [
  { name: 'acme', hosts: ['acme.org'] },
  { name: 'late', hosts: [] },
  { name: 'many', hosts: Array.from({ length: 60 }, (_, n) => `h${String(n)}.many.org`) },
];
const backend = (subscription: Parameters<typeof aSubscription>[0], cartridge = WIKI): readonly string[] => {
  const spec = aSpec([cartridge], [aSubscription(subscription)]);
  const text = renderGateway(gatewayModel(anInput({ spec, processes: [] })));
  return (text.split('\n\n').find((section) => section.startsWith('backend shop')) ?? '').split('\n');
};

test('renderGateway tells a process which tenant a request is for, and believes no client', () => {
  const lines = backend({ tenants, hosts: tenants.flatMap(({ hosts }) => hosts) });
  expect(lines[1]).toBe('    # tenants: acme late many');
  expect(lines.indexOf('    http-request del-header X-Tenant')).toBe(3);
  const rules = lines.filter((line) => line.includes('set-header X-Tenant'));
  expect(rules[0]).toBe('    http-request set-header X-Tenant acme if { var(txn.host) -m str acme.org }');
  expect(rules).toHaveLength(3);
  // HAProxy takes 64 words in a line.
  for (const rule of rules) expect(rule.trim().split(' ').length).toBeLessThanOrEqual(64);
});

test('renderGateway takes the header off where nobody has signed up yet, and leaves it alone elsewhere', () => {
  expect(backend({})).toContain('    http-request del-header X-Tenant');
  expect(backend({}, aCartridge()).join()).not.toContain('X-Tenant');
});

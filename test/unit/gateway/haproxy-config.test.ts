import { expect, test } from 'vitest';
import type { GatewayService } from '../../../src/gateway/gateway-model.ts';
import { renderGateway } from '../../../src/gateway/haproxy-config.ts';
import { UsageError } from '../../../src/model/errors.ts';
import { millis } from '../../../src/model/quantity.ts';

function service(change: Partial<GatewayService> = {}): GatewayService {
  return {
    alias: 'shop',
    mode: 'http',
    port: 8080,
    hosts: [],
    health: { path: '/', interval: millis(500), timeout: millis(1000) },
    servers: [{ name: 'shop-1', address: '10.66.0.2', port: 80 }],
    ...change,
  };
}
const render = (...services: readonly GatewayService[]): string => renderGateway({ vm: 'web-1', services });

/** The lines of one section, without their indent. */
function section(text: string, head: string): readonly string[] {
  const found = text.split('\n\n').find((part) => part.startsWith(`${head}\n`));
  return (found ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

test('renderGateway is empty without a service', () => {
  expect(render()).toBe('');
});

test('renderGateway listens on the port of the subscription, in both address families', () => {
  const text = render(service());
  expect(section(text, 'frontend shop').slice(0, 4)).toEqual([
    'bind 0.0.0.0:8080',
    '.if !defined(STRATOS_NO_IPV6)',
    'bind [::]:8080 v6only',
    '.endif',
  ]);
  expect(section(text, 'backend shop')).toContain('server shop-1 10.66.0.2:80');
  expect(text).not.toContain('hosts:80');
});

test('renderGateway gives a service without a port a backend only', () => {
  const { port: _, ...unreached } = service();
  const text = render(unreached);
  expect(text).not.toContain('frontend');
  expect(section(text, 'backend shop')).toContain('server shop-1 10.66.0.2:80');
});

test('renderGateway routes host names on one port 80 and answers 404 to others', () => {
  const text = render(service({ hosts: ['shop.example.org', 'www.example.org'] }));
  expect(section(text, 'frontend hosts:80')).toContain('use_backend shop if { var(txn.host) -m str www.example.org }');
  expect(section(text, 'frontend hosts:80')).toContain('default_backend unknown:host');
  expect(section(text, 'backend unknown:host')[0]).toContain('status 404');
});

test('renderGateway gives the rest of port 80 to the service that has it', () => {
  const text = render(service({ port: 80 }), service({ alias: 'blog', port: 81, hosts: ['blog.example.org'] }));
  expect(section(text, 'frontend hosts:80')).toContain('default_backend shop');
  expect(text).not.toContain('unknown:host');
  expect(text.match(/bind 0\.0\.0\.0:80$/gm)).toHaveLength(1);
});

test('renderGateway checks by HTTP where there is a path, else by connecting', () => {
  const { path: _, ...connect } = service().health;
  expect(section(render(service()), 'backend shop')).toContain('option httpchk');
  expect(section(render(service({ health: connect })), 'backend shop')).not.toContain('option httpchk');
});

test('renderGateway asks with a name the service is known by', () => {
  expect(render(service())).toContain('hdr Host localhost');
  expect(render(service({ hosts: ['shop.example.org'] }))).toContain('hdr Host shop.example.org');
});

test('renderGateway relays tcp without touching it', () => {
  const text = render(service({ mode: 'tcp' }));
  expect(section(text, 'frontend shop')[0]).toBe('mode tcp');
  expect(section(text, 'frontend shop').join()).not.toContain('http-request');
  expect(section(text, 'backend shop')[0]).toBe('mode tcp');
});

test('renderGateway sends a check to its own port', () => {
  const servers = [{ name: 'shop-1', address: '10.66.0.2', port: 80, checkPort: 9990 }];
  expect(section(render(service({ servers })), 'backend shop')).toContain('server shop-1 10.66.0.2:80 port 9990');
});

test.each([
  ['fd00::12', 'server shop-1 [fd00::12]:80'],
  ['vm.example.org', 'server shop-1 vm.example.org:80 init-addr libc,none'],
])('renderGateway writes the address %s', (address, line) => {
  expect(section(render(service({ servers: [{ name: 'shop-1', address, port: 80 }] })), 'backend shop')).toContain(
    line,
  );
});

test.each([
  ['/a b', '/a%20b'],
  ['/a?x=1&y=%20', '/a?x=1&y=%20'],
  ['/50%', '/50%25'],
  ['/"$HOME\\#\'', '/%22%24HOME%5C%23%27'],
  ['/ü', '/%C3%BC'],
])('renderGateway encodes the health path %s', (path, uri) => {
  expect(render(service({ health: { ...service().health, path } }))).toContain(`uri ${uri} ver`);
});

const bad: readonly (readonly [string, Partial<GatewayService>])[] = [
  ['an alias with a space', { alias: 'a b' }],
  ['an alias with a newline', { alias: 'a\nglobal' }],
  ['an alias of our own sections', { alias: 'hosts:80' }],
  ['an empty alias', { alias: '' }],
  ['a host with a brace', { hosts: ['a } or { always_true'] }],
  ['a host with a newline', { hosts: ['a\nb'] }],
  ['an empty host', { hosts: [''] }],
  ['a port of 0', { port: 0 }],
  ['a port of 65536', { port: 65_536 }],
  ['a port that is no number', { port: Number.NaN }],
  ['a path without a slash', { health: { path: 'x', interval: millis(500), timeout: millis(1000) } }],
  ['a path with a newline', { health: { path: '/\n', interval: millis(500), timeout: millis(1000) } }],
  ['an interval of 0', { health: { interval: millis(0), timeout: millis(1000) } }],
  ['a time-out that is no number', { health: { interval: millis(500), timeout: millis(Number.NaN) } }],
  ['a server name with a space', { servers: [{ name: 'a b', address: '10.0.0.1', port: 80 }] }],
  ['an address with a space', { servers: [{ name: 'a', address: '10.0.0.1 backup', port: 80 }] }],
  ['an address out of range', { servers: [{ name: 'a', address: '', port: 80 }] }],
];
test.each(bad)('renderGateway refuses %s', (_, change) => {
  expect(() => render(service(change))).toThrow(UsageError);
});

test('renderGateway refuses a port or a host that two services want', () => {
  expect(() => render(service(), service({ alias: 'blog' }))).toThrow(
    'Cannot serve blog on port 8080 as it is taken: by shop',
  );
  const hosts = ['x.example.org'];
  expect(() => render(service({ hosts }), service({ alias: 'blog', port: 81, hosts }))).toThrow(
    'Cannot serve blog on host x.example.org as it is taken: by shop',
  );
});

test('renderGateway refuses a tcp service on port 80 beside host names', () => {
  const tcp = service({ mode: 'tcp', alias: 'db', port: 80 });
  expect(() => render(service({ hosts: ['x.example.org'] }), tcp)).toThrow(UsageError);
  expect(render(service(), tcp)).toContain('frontend db');
});

test('renderGateway lists what can be woken a second time, without a check, for when nobody else is up', () => {
  const wake = { address: '10.66.0.1', port: 61_000 };
  const servers = [
    { name: 'shop-1', address: '10.66.0.2', port: 80, wake },
    { name: 'shop-2', address: 'vm.example.org', port: 20_008, wake: { address: 'vm.example.org', port: 61_001 } },
  ];
  const backend = section(render(service({ servers })), 'backend shop');
  expect(backend).toContain('server shop-1 10.66.0.2:80');
  expect(backend).toContain('server shop-1:wake 10.66.0.1:61000 backup no-check');
  expect(backend).toContain('server shop-2:wake vm.example.org:61001 backup no-check init-addr libc,none');
  // With it all would be woken.
  expect(backend.join('\n')).not.toContain('allbackups');
  expect(backend.join('\n')).toContain('set-status 503');
  const tcp = section(render(service({ servers, mode: 'tcp' })), 'backend shop').join('\n');
  expect(tcp).toContain('backup');
  expect(tcp).not.toContain('set-status');
  expect(render(service())).not.toMatch(/backup|set-status/);
});

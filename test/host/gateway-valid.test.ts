import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { GatewayService } from '../../src/gateway/gateway-model.ts';
import { renderGateway } from '../../src/gateway/haproxy-config.ts';
import { millis } from '../../src/model/quantity.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'gateway-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/);
const hosts = fc.array(fc.domain(), { maxLength: 3 });
const addresses = fc.oneof(fc.ipV4(), fc.ipV6());
const ports = fc.integer({ min: 1, max: 65_535 });
const paths = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .map((text) => `/${text.replace(/[\u0000-\u001f\u007f]/g, '')}`);
const servers = fc.uniqueArray(
  fc.record(
    { name: names, address: addresses, port: ports, checkPort: ports },
    { requiredKeys: ['name', 'address', 'port'] },
  ),
  { selector: (server) => server.name, maxLength: 5 },
);
const services: fc.Arbitrary<readonly GatewayService[]> = fc
  .uniqueArray(fc.record({ alias: names, port: ports }), {
    selector: (service) => service.alias,
    comparator: (a, b) => a === b,
    maxLength: 6,
  })
  .chain((list) =>
    fc.tuple(
      ...list.map(({ alias, port }, n) =>
        fc
          .record({
            mode: fc.constantFrom('http' as const, 'tcp' as const),
            hosts: hosts.map((some) => [...new Set(some)].map((host) => `h${n}.${host}`)),
            path: fc.option(paths, { nil: undefined }),
            servers,
          })
          .map(({ mode, path: target, ...rest }): GatewayService => ({
            alias,
            mode,
            // Distinct, and never the shared port 80.
            port: 1000 + ((port + n) % 64_000),
            hosts: mode === 'http' ? rest.hosts : [],
            health: { ...(target === undefined ? {} : { path: target }), interval: millis(500), timeout: millis(1000) },
            servers: rest.servers,
          })),
      ),
    ),
  )
  .filter((list) => new Set(list.map((service) => service.port)).size === list.length);

test('HAProxy accepts what renderGateway makes of any model', () => {
  const file = path.join(directory, 'haproxy.cfg');
  let checked = 0;
  fc.assert(
    fc.property(services, (list) => {
      const text = renderGateway({ vm: 'web-1', services: list });
      if (text === '') return;
      checked++;
      writeFileSync(file, text);
      execFileSync('haproxy', ['-c', '-f', file], { stdio: 'pipe' });
    }),
    { numRuns: 60 },
  );
  expect(checked).toBeGreaterThan(30);
});

test('HAProxy finds nothing to warn of', () => {
  const file = path.join(directory, 'plain.cfg');
  const health = { path: '/', interval: millis(500), timeout: millis(1000) };
  const web = [{ name: 'shop-1', address: '10.66.0.2', port: 80, checkPort: 81 }];
  const text = renderGateway({
    vm: 'web-1',
    services: [
      { alias: 'db', mode: 'tcp', port: 5432, hosts: [], health, servers: web },
      { alias: 'shop', mode: 'http', port: 8080, hosts: ['shop.example.org'], health, servers: web },
      { alias: 'empty', mode: 'http', port: 8081, hosts: [], health, servers: [] },
    ],
    passages: [
      { alias: 'sql', address: '10.66.0.1', port: 5433, targets: [{ vm: 'data-1', address: '10.0.0.1' }] },
      { alias: 'none', address: '10.66.0.1', port: 5434, targets: [] },
    ],
  });
  // The state file is there on a VM whose gateway runs.
  const state = path.join(directory, 'state');
  writeFileSync(state, '1\n');
  writeFileSync(file, text.replace(/server-state-file .*/, `server-state-file ${state}`));
  execFileSync('haproxy', ['-dW', '-c', '-f', file], { stdio: 'pipe' });
});

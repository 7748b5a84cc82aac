import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { processFingerprint } from '../../../src/plan/fingerprint.ts';
import { aCartridge } from '../../support/builders.ts';

const input = { image: 'sha256:1', cartridge: aCartridge('php'), envDigest: 'e', network: '10.66.0.0/22' };
const base = processFingerprint(input);

describe('processFingerprint', () => {
  it('is 16 hex digits and the same for the same process', () => {
    expect(base).toMatch(/^[0-9a-f]{16}$/);
    expect(processFingerprint({ ...input, cartridge: aCartridge('php') })).toBe(base);
  });

  it.each([
    ['image', { ...input, image: 'sha256:2' }],
    ['environment', { ...input, envDigest: 'f' }],
    ['network', { ...input, network: '10.67.0.0/22' }],
    ['command', { ...input, cartridge: aCartridge('php', { command: ['sh'] }) }],
    ['volumes', { ...input, cartridge: aCartridge('php', { volumes: [{ name: 'd', path: '/d' }] }) }],
    ['port', { ...input, cartridge: aCartridge('php', { ports: [{ name: 'http', port: 81, protocol: 'http' }] }) }],
    ['privileges', { ...input, cartridge: { ...aCartridge('php'), security: { privileged: true } } }],
  ])('differs with another %s', (_, other) => {
    expect(processFingerprint(other)).not.toBe(base);
  });

  it.each([
    ['health interval', aCartridge('php', { health: { interval: millis(9000) } })],
    ['memory', aCartridge('php', { memory: 512 })],
    ['cpu', aCartridge('php', { cpu: 1 })],
    ['health path', aCartridge('php', { health: { path: '/up' } })],
    ['name of a port', aCartridge('php', { ports: [{ name: 'web', port: 80, protocol: 'tcp' }] })],
    ['reference of the same image', aCartridge('php', { image: 'php:latest' })],
  ])('is the same with another %s', (_, cartridge) => {
    expect(processFingerprint({ ...input, cartridge })).toBe(base);
  });

  it('does not depend on the order of volumes, but on that of ports', () => {
    const volumes = [
      { name: 'a', path: '/a' },
      { name: 'b', path: '/b' },
    ];
    const ports = [
      { name: 'http', port: 80, protocol: 'http' as const },
      { name: 'admin', port: 90, protocol: 'tcp' as const },
    ];
    const of = (v: typeof volumes, p: typeof ports) =>
      processFingerprint({ ...input, cartridge: aCartridge('php', { volumes: v, ports: p }) });
    expect(of(volumes.toReversed(), ports)).toBe(of(volumes, ports));
    expect(of(volumes, ports.toReversed())).not.toBe(of(volumes, ports));
  });
});

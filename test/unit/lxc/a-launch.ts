import type { ProcessLaunch } from '../../../src/lxc/process-launch.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import type { CartridgeSpec } from '../../../src/model/spec.ts';

export const IMAGE_HEX = 'ab'.repeat(32);

/** A cartridge with one http port; `change` says what is different. */
export function aCartridge(change: Partial<CartridgeSpec> = {}): CartridgeSpec {
  return {
    name: 'static',
    image: 'static:1',
    partition: 'web',
    ports: [{ name: 'http', port: 80, protocol: 'http' }],
    health: { port: 'http', path: '/', interval: millis(500), timeout: millis(1000), startup: millis(10_000) },
    resources: { memory: bytes(64 * 2 ** 20), cpu: cores(0.5), pids: 64 },
    env: {},
    volumes: [],
    security: { privileged: false },
    runtime: 'lxc',
    ...change,
  };
}

/** Process `shop-1` of that cartridge; `change` says what is different. */
export function aLaunch(change: Partial<ProcessLaunch> = {}): ProcessLaunch {
  return {
    name: 'shop-1',
    subscription: 'shop',
    ordinal: 1,
    index: 1,
    network: '10.66.0.0/22',
    lineage: '11111111-2222-4333-8444-555555555555',
    image: {
      digest: `sha256:${IMAGE_HEX}`,
      layers: [],
      config: { mediaType: '', digest: '', size: bytes(0) },
      run: { argv: ['httpd', '-f'], env: { FROM: 'image', BOTH: 'image' }, user: '', workingDir: '/www', ports: [80] },
      architecture: 'amd64',
      labels: {},
    },
    fingerprint: 'f1',
    cartridge: aCartridge(),
    env: {},
    ...change,
  };
}

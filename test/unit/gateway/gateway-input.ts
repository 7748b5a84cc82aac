/** Builders of what a gateway is made from, so that a case names only what it is about. */
import type { GatewayInput } from '../../../src/gateway/gateway-model.ts';
import type { ProcessRecord, VmRecord } from '../../../src/model/inventory.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import {
  DEFAULT_GUARDS,
  DEFAULT_SCALE_DOWN,
  DEFAULT_SPARE,
  DEFAULT_ROLLOUT,
  DEFAULT_TUNING,
} from '../../../src/model/policy.ts';
import type { CartridgeSpec, Spec, SubscriptionSpec } from '../../../src/model/spec.ts';

/** `php` in partition `web`: port http 80, health path /. */
export function aCartridge(change: Partial<CartridgeSpec> = {}): CartridgeSpec {
  return {
    name: 'php',
    image: 'php:8.2',
    partition: 'web',
    ports: [{ name: 'http', port: 80, protocol: 'http' }],
    health: { port: 'http', path: '/', interval: millis(500), timeout: millis(1000), startup: millis(60_000) },
    resources: { memory: bytes(2 ** 28), cpu: cores(0.5), pids: 512 },
    env: {},
    volumes: [],
    security: { privileged: false },
    runtime: 'lxc',
    ...change,
  };
}

/** `shop` = php on port 8080. */
export function aSubscription(change: Partial<SubscriptionSpec> = {}): SubscriptionSpec {
  return {
    alias: 'shop',
    cartridge: 'php',
    scaling: {
      name: 'default',
      processes: { min: 1, max: 1 },
      target: {},
      signals: {},
      schedules: [],
      tuning: DEFAULT_TUNING,
    },
    rollout: { ...DEFAULT_ROLLOUT, name: 'default' },
    spread: false,
    near: [],
    apart: [],
    port: 8080,
    hosts: [],
    env: {},
    ...change,
  };
}

/** Partition `web` with what is given. */
export function aSpec(cartridges: readonly CartridgeSpec[], subscriptions: readonly SubscriptionSpec[]): Spec {
  const size = { cpu: cores(2), memory: bytes(2 ** 31) };
  return {
    file: 'stratos.yaml',
    iaas: {},
    partitions: {
      web: {
        name: 'web',
        placement: [],
        policy: {
          name: 'default',
          vms: { min: 1, max: 4 },
          vm: size,
          processesPerVm: 20,
          strategy: 'pack',
          spare: DEFAULT_SPARE,
          scaleDown: DEFAULT_SCALE_DOWN,
        },
        network: '10.66.0.0/22',
      },
    },
    cartridges: Object.fromEntries(cartridges.map((cartridge) => [cartridge.name, cartridge])),
    subscriptions: Object.fromEntries(subscriptions.map((subscription) => [subscription.alias, subscription])),
    store: { kind: 'directory', path: '/store' },
    stores: {},
    guards: DEFAULT_GUARDS,
  };
}

/** `web-N` at 10.0.0.N. */
export function aVm(n: number, change: Partial<VmRecord> = {}): VmRecord {
  return {
    name: `web-${n}`,
    partition: 'web',
    iaas: 'lab',
    state: 'ready',
    endpoint: { address: `10.0.0.${n}`, port: 22, user: 'root', hostKeys: ['ssh-ed25519 AAAA'] },
    size: { cpu: cores(2), memory: bytes(2 ** 31) },
    cordoned: false,
    draining: false,
    createdAt: '2026-01-01T00:00:00Z',
    ...change,
  };
}

/** `ALIAS-ORDINAL`, number `index` on VM `web-VM`. */
export function aProcess(alias: string, ordinal: number, vm: number, index: number): ProcessRecord {
  return {
    name: `${alias}-${ordinal}`,
    subscription: alias,
    ordinal,
    vm: `web-${vm}`,
    index,
    image: `sha256:${'0'.repeat(64)}`,
    fingerprint: 'f',
    state: 'ready',
    createdAt: '2026-01-01T00:00:00Z',
  };
}

/** One subscription `shop` on `web-1` and `web-2`, seen from `web-1`. */
export function anInput(change: Partial<GatewayInput> = {}): GatewayInput {
  const vms = [aVm(1), aVm(2)];
  return {
    spec: aSpec([aCartridge()], [aSubscription()]),
    partition: 'web',
    vm: aVm(1),
    vms,
    processes: [aProcess('shop', 1, 1, 1), aProcess('shop', 2, 2, 3)],
    ...change,
  };
}

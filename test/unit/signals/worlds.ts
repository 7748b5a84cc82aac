/** Observations for tests of measuring. */
import type { Inventory, ProcessRecord, VmRecord } from '../../../src/model/inventory.ts';
import type { GatewayTraffic, Observation, ObservedProcess, ReachedVm } from '../../../src/model/observation.ts';
import { bytes, cores } from '../../../src/model/quantity.ts';

/** A running process of `shop`, or of the alias its name begins with. */
export function aProcess(name: string, change: Partial<ObservedProcess> = {}): ObservedProcess {
  const [, subscription = '', ordinal = '1'] = /^(.*)-(\d+)$/.exec(name) ?? [];
  return {
    ...{ name, subscription, ordinal: Number(ordinal), index: Number(ordinal), image: 'sha256:00', fingerprint: 'f' },
    state: 'running',
    usage: { cpuSeconds: 1, memory: bytes(2 ** 20), pids: 1, start: '1' },
    ...change,
  };
}

/** A VM of two cores; `traffic` is its gateway's. */
export function aReachedVm(
  change: Partial<ReachedVm> & { readonly traffic?: GatewayTraffic | undefined } = {},
): ReachedVm {
  const { traffic, ...rest } = change;
  return {
    ...{ status: 'reached', bootId: 'boot', cgroup: 'v2', cpus: cores(2), load: 0, images: [], foreign: [] },
    memory: { total: bytes(2 ** 30), available: bytes(2 ** 29) },
    disk: { total: bytes(2 ** 40), available: bytes(2 ** 39) },
    processes: [],
    gateway: { running: traffic !== undefined, servers: {}, ...(traffic ? { traffic } : {}) },
    ...rest,
  };
}

export function aTraffic(servers: GatewayTraffic['servers']): GatewayTraffic {
  return { worker: '1.1', servers, services: {} };
}

/** What an inventory has of an observation: its VMs in partition `web`, their processes ready. */
export function records(vms: Observation['vms']): Pick<Inventory, 'vms' | 'processes'> {
  const createdAt = '2026-01-01T00:00:00Z';
  const vm = (name: string): VmRecord => ({
    ...{ name, partition: 'web', iaas: 'lab', state: 'ready', cordoned: false, draining: false, createdAt },
    size: { cpu: cores(2), memory: bytes(2 ** 30) },
  });
  const process = (
    of: string,
    { name, subscription, ordinal, index, image, fingerprint }: ObservedProcess,
  ): ProcessRecord => ({
    ...{ name, subscription, ordinal, index, image, fingerprint, vm: of, state: 'ready', createdAt },
  });
  return {
    vms: Object.keys(vms).map(vm),
    processes: Object.entries(vms).flatMap(([name, seen]) =>
      seen.status === 'reached' ? seen.processes.map((of) => process(name, of)) : [],
    ),
  };
}

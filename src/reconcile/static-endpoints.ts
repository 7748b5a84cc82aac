/** Where hosts of static pools are is the spec's knowledge: a key, a user or an address that was mended there counts at once. */
import { isDeepStrictEqual } from 'node:util';
import { hostEndpoint } from '../iaas/static/host-endpoint.ts';
import type { Inventory, VmRecord } from '../model/inventory.ts';
import type { Spec } from '../model/spec.ts';

/** Records of VMs that are reached in another way than was recorded, as they should be. */
export function movedHosts(inventory: Inventory, spec: Spec): readonly VmRecord[] {
  return inventory.vms.flatMap((record) => {
    const iaas = spec.iaas[record.iaas];
    const host = iaas?.kind === 'static' ? iaas.hosts.find(({ name }) => name === record.machine) : undefined;
    if (!host || !record.endpoint) return [];
    const endpoint = hostEndpoint(host);
    return isDeepStrictEqual(endpoint, record.endpoint) ? [] : [{ ...record, endpoint }];
  });
}

/** The inventory with these records in place of their former selves. */
export function withRecords(inventory: Inventory, records: readonly VmRecord[]): Inventory {
  const changed = new Map(records.map((record) => [record.name, record]));
  return changed.size === 0 ? inventory : { ...inventory, vms: inventory.vms.map((vm) => changed.get(vm.name) ?? vm) };
}

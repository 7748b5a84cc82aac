/** Where hosts of static pools and jump hosts are is the spec's knowledge: a key, a user or an address that was mended there counts at once. */
import { isDeepStrictEqual } from 'node:util';
import { hostEndpoint, throughJump } from '../iaas/host-endpoint.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Inventory, VmRecord } from '../model/inventory.ts';
import type { IaasSpec } from '../model/iaas-spec.ts';
import type { Spec } from '../model/spec.ts';

/** Records of VMs that are reached in another way than was recorded, as they should be. */
export function movedHosts(inventory: Inventory, spec: Spec): readonly VmRecord[] {
  return inventory.vms.flatMap((record) => {
    const endpoint = endpointNow(record, spec.iaas[record.iaas]);
    return endpoint && !isDeepStrictEqual(endpoint, record.endpoint) ? [{ ...record, endpoint }] : [];
  });
}

/** How the VM is reached as the spec has it; undefined where it has no say. */
function endpointNow({ machine, endpoint }: VmRecord, iaas: IaasSpec | undefined): Endpoint | undefined {
  if (!iaas || !endpoint || iaas.kind === 'local') return undefined;
  if (iaas.kind !== 'static') return throughJump(endpoint, iaas.jump);
  const host = iaas.hosts.find(({ name }) => name === machine);
  return host && hostEndpoint(host);
}

/** The inventory with these records in place of their former selves. */
export function withRecords(inventory: Inventory, records: readonly VmRecord[]): Inventory {
  const changed = new Map(records.map((record) => [record.name, record]));
  return changed.size === 0 ? inventory : { ...inventory, vms: inventory.vms.map((vm) => changed.get(vm.name) ?? vm) };
}

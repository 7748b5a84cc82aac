/**
 * Machines that are processes and that their IaaS does not list. Nobody can enter them to see that they are there, but gateways know: half
 * a listing must not have another machine made beside one that serves.
 */
import type { Inventory, VmRecord } from '../model/inventory.ts';
import type { IaasObservation, VmObservation } from '../model/observation.ts';
import { gatewayHome, type Spec } from '../model/spec.ts';
import { observeGuest } from './observe-guest.ts';

/** What is seen besides, by VM: recorded machines that no listing has, and that a gateway's checks find up. Asks only where there are such. */
export async function unlistedGuests(
  spec: Spec,
  inventory: Inventory,
  iaas: Readonly<Record<string, IaasObservation>>,
  ask: (gateway: VmRecord) => Promise<VmObservation | undefined>,
): Promise<Readonly<Record<string, VmObservation>>> {
  const missing = inventory.vms.filter((vm) => isMissing(vm, iaas[vm.iaas]));
  if (missing.length === 0) return {};
  const homes = new Set(missing.map(({ partition }) => gatewayHome(spec.partitions, partition)));
  const gateways = inventory.vms.filter((vm) => homes.has(vm.partition) && !vm.runtime && vm.state !== 'creating');
  const up = new Set<string>();
  for (const seen of await Promise.all(gateways.map(ask)))
    if (seen?.status === 'reached')
      for (const [process, isUp] of Object.entries(seen.gateway.servers)) if (isUp) up.add(process);
  const found: Record<string, VmObservation> = {};
  for (const vm of missing) {
    const process = inventory.processes.find((candidate) => candidate.vm === vm.name && up.has(candidate.name));
    if (!process) continue;
    const { name, fingerprint } = process;
    const machine = { id: vm.machine ?? '', vm: vm.name, partition: vm.partition, process: { name, fingerprint } };
    found[vm.name] = observeGuest(spec, inventory, { ...machine, state: 'running' }, vm, process);
  }
  return found;
}

function isMissing({ runtime, machine, state }: VmRecord, listing: IaasObservation | undefined): boolean {
  if (!runtime || machine === undefined || state === 'creating' || state === 'deleting') return false;
  return listing?.status === 'listed' && !listing.machines.some(({ id }) => id === machine);
}

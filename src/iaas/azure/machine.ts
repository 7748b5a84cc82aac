/** A virtual machine of Azure as its API shows it, read as one of ours. */
import type { InstanceViewStatus, VirtualMachine } from '@azure/arm-compute';
import type { NetworkInterface, PublicIPAddress } from '@azure/arm-network';
import type { Machine } from '../../model/observation.ts';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import { labelledMachine } from '../cloud/labelled-machine.ts';
import { decodeLabels, type MachineLabels } from '../cloud/labels.ts';

/** Whether an id can be a machine's: its name in the resource group. */
export function isMachineId(id: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/.test(id);
}

/** The labels of a machine; undefined for one that does not carry our lineage. */
export function labelsOf({ tags = {} }: VirtualMachine, lineage: string): MachineLabels | undefined {
  const labels = decodeLabels(tags);
  return labels?.lineage === lineage ? labels : undefined;
}

/** What is known of a machine besides itself. */
export interface Around {
  /** What it does at this moment. */
  readonly statuses: readonly InstanceViewStatus[];
  readonly network: NetworkInterface | undefined;
  /** Where the interface only refers to it. */
  readonly publicAddress?: PublicIPAddress | undefined;
}

/** The machine; it has an endpoint once it has the address that is asked for. */
export function readMachine(spec: AzureIaasSpec, vm: VirtualMachine, labels: MachineLabels, around: Around): Machine {
  const [ip] = around.network?.ipConfigurations ?? [];
  const outer = around.publicAddress ?? ip?.publicIPAddress;
  const address = spec.publicAddress ? outer?.ipAddress : ip?.privateIPAddress;
  const [zone] = vm.zones ?? [];
  const state = stateOf(vm, around.statuses);
  return labelledMachine(labels, { id: vm.name ?? '', state, address, user: spec.user, zone });
}

/** Power says what a machine does, provisioning whether it ever could. */
function stateOf(
  { provisioningState = '' }: VirtualMachine,
  statuses: readonly InstanceViewStatus[],
): Machine['state'] {
  if (provisioningState === 'Deleting') return 'deleting';
  const power = statuses.find(({ code }) => code?.startsWith('PowerState/'))?.code?.slice('PowerState/'.length);
  if (power === 'running') return 'running';
  if (power === 'stopped' || power === 'deallocated' || power === 'deallocating' || power === 'stopping')
    return 'stopped';
  return provisioningState === 'Failed' ? 'failed' : 'pending';
}

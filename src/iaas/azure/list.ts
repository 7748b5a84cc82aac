/** The machines of the resource group that carry our lineage, with what they do and where they are reached. */
import type { InstanceViewStatus, VirtualMachine } from '@azure/arm-compute';
import { limiter } from '../../concurrency/limiter.ts';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import type { AzureAccount, Asking } from './account.ts';
import { collect } from './collect.ts';
import { labelsOf, readMachine } from './machine.ts';

/** A handful of paged lists for any number of machines; nothing but machines is asked for where none is ours. */
export async function listMachines(
  spec: AzureIaasSpec,
  lineage: string,
  account: AzureAccount,
): Promise<readonly Machine[]> {
  const { name, resourceGroup, publicAddress } = spec;
  const asking: Asking = { what: `list the machines of ${name}` };
  const all = await account.ask(asking, ({ compute }, abortSignal) =>
    collect(compute.virtualMachines.list(resourceGroup, { abortSignal })),
  );
  const ours = all.flatMap((vm) => {
    const labels = labelsOf(vm, lineage);
    return labels ? [{ vm, labels }] : [];
  });
  if (ours.length === 0) return [];
  const [statuses, networks, addresses] = await Promise.all([
    statusesOf(spec, account, asking, ours),
    account.ask(asking, ({ network }, abortSignal) =>
      collect(network.networkInterfaces.list(resourceGroup, { abortSignal })),
    ),
    publicAddress
      ? account.ask(asking, ({ network }, abortSignal) =>
          collect(network.publicIPAddresses.list(resourceGroup, { abortSignal })),
        )
      : [],
  ]);
  const networkAt = byId(networks);
  const addressAt = byId(addresses);
  return ours.map(({ vm, labels }) => {
    const network = networkAt.get(key(vm.networkProfile?.networkInterfaces?.[0]?.id));
    const outer = addressAt.get(key(network?.ipConfigurations?.[0]?.publicIPAddress?.id));
    return readMachine(spec, vm, labels, { statuses: statuses.get(key(vm.id)) ?? [], network, publicAddress: outer });
  });
}

/** What each machine does: of the whole subscription in one list, or one by one where we may see the resource group alone. */
async function statusesOf(
  { resourceGroup }: AzureIaasSpec,
  account: AzureAccount,
  asking: Asking,
  ours: readonly { readonly vm: VirtualMachine }[],
): Promise<ReadonlyMap<string, readonly InstanceViewStatus[]>> {
  try {
    const all = await account.ask(asking, ({ compute }, abortSignal) =>
      collect(compute.virtualMachines.listAll({ statusOnly: 'true', abortSignal })),
    );
    return new Map(all.map(({ id, instanceView }) => [key(id), instanceView?.statuses ?? []]));
  } catch (error) {
    if (!(error instanceof IaasError) || error.failure !== 'unauthorized') throw error;
  }
  const room = limiter(SIDE_BY_SIDE);
  const each = ours.map(({ vm: { id, name = '' } }) =>
    room(async () => {
      const view = await account.find(asking, ({ compute }, abortSignal) =>
        compute.virtualMachines.instanceView(resourceGroup, name, { abortSignal }),
      );
      return [key(id), view?.statuses ?? []] as const;
    }),
  );
  return new Map(await Promise.all(each));
}

/** Questions at one time. */
const SIDE_BY_SIDE = 8;

function byId<T extends { readonly id?: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [key(each.id), each]));
}

/** Azure writes ids now in this case, now in that. */
function key(id: string | undefined): string {
  return (id ?? '').toLowerCase();
}

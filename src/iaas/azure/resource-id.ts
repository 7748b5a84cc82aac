/** Ids of Azure's resources: paths from the subscription down. Their letters' case is not kept by Azure. */
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';

/** The last name of an id, and its resource group. */
export function partsOf(id: string): { readonly group: string; readonly name: string } {
  const [, group = ''] = /\/resourceGroups\/([^/]+)\//i.exec(id) ?? [];
  return { group, name: id.slice(id.lastIndexOf('/') + 1) };
}

/** The id of what stands in the spec's resource group; an id is kept as it is. */
export function idOf({ subscription, resourceGroup }: AzureIaasSpec, provider: string, name: string): string {
  if (name.startsWith('/')) return name;
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/${provider}/${name}`;
}

/** The subnet of the machines. */
export function subnetId(spec: AzureIaasSpec): string {
  return `${idOf(spec, 'Microsoft.Network/virtualNetworks', spec.network)}/subnets/${spec.subnet}`;
}

/** What is looked at before anything is bought. */
import { IaasError } from '../../model/errors.ts';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { lookAt } from '../cloud/look-at.ts';
import { priceFinding } from '../cloud/price-finding.ts';
import type { Finding } from '../provider.ts';
import type { AzureAccount } from './account.ts';
import { collect } from './collect.ts';
import { partsOf, subnetId } from './resource-id.ts';
import type { Sizes } from './sizes.ts';
import { imageReference } from './vm-body.ts';

/** Whether we are let in, and the resource group is there. @throws IaasError */
export async function checkGroup(
  { name, resourceGroup, location }: AzureIaasSpec,
  account: AzureAccount,
): Promise<void> {
  const listed = await account.find({ what: `use ${name}` }, ({ compute }, abortSignal) =>
    compute.virtualMachines.list(resourceGroup, { abortSignal }).next(),
  );
  if (listed) return;
  throw new IaasError(name, 'invalid', `Cannot use ${name} as Azure has no such resource group: ${resourceGroup}`, {
    hint: `az group create --name ${resourceGroup} --location ${location}`,
  });
}

/** Looks at credentials, image, network, sizes and quota, each for itself. */
export async function survey(
  spec: AzureIaasSpec,
  account: AzureAccount,
  sizes: Sizes,
  wanted: readonly VmSize[],
): Promise<readonly Finding[]> {
  const entered = await lookAt('credentials', async () => {
    await checkGroup(spec, account);
    return `resource group ${spec.resourceGroup} in ${spec.location}`;
  });
  if (entered.status !== 'ok') return [entered];
  const parts = await Promise.all([
    lookAt('image', () => imageFound(spec, account)),
    lookAt('network', () => networkFound(spec, account)),
    ...wanted.map((size) => sizeFound(spec, sizes, size)),
  ]);
  return [entered, ...parts.flat(), ...(await quotas(spec, account))];
}

async function imageFound({ name, image, location }: AzureIaasSpec, account: AzureAccount): Promise<string> {
  const asking = { what: `use image ${image}` };
  const { id, publisher = '', offer = '', sku = '', version = '' } = imageReference(image);
  if (id !== undefined) {
    // One of a gallery may be another subscription's; that shows when it is used.
    if (!/\/images\/[^/]+$/.test(id) || id.includes('/galleries/')) return `${image} (not looked at)`;
    const at = partsOf(id);
    await account.ask(asking, ({ compute }, abortSignal) => compute.images.get(at.group, at.name, { abortSignal }));
    return at.name;
  }
  const versions = await account.ask(asking, ({ compute }, abortSignal) =>
    compute.virtualMachineImages.list(location, publisher, offer, sku, { abortSignal }),
  );
  const found = version === 'latest' ? versions.at(-1) : versions.find((each) => each.name === version);
  if (found?.name !== undefined) return `${publisher}:${offer}:${sku}:${found.name}`;
  throw new IaasError(name, 'invalid', `Cannot use image ${image} as Azure has no such version in ${location}`, {
    hint: `az vm image list --location ${location} --publisher ${publisher} --offer ${offer} --all --output table`,
  });
}

async function networkFound(spec: AzureIaasSpec, account: AzureAccount): Promise<string> {
  const id = subnetId(spec);
  const [, group = '', network = ''] = /\/resourceGroups\/([^/]+)\/.*\/virtualNetworks\/([^/]+)\//i.exec(id) ?? [];
  await account.ask({ what: `use network ${spec.network}` }, (azure, abortSignal) =>
    azure.network.subnets.get(group, network, spec.subnet, { abortSignal }),
  );
  return `${spec.subnet} of ${network}`;
}

/** It must be had in all zones: any of them may get the machine. */
async function sizeFound(spec: AzureIaasSpec, sizes: Sizes, size: VmSize): Promise<readonly Finding[]> {
  const { name, zones, location } = spec;
  let chosen = '';
  const found = await lookAt('size', async () => {
    chosen = await sizes.choose(size, zones[0]);
    const offer = (await sizes.all()).find((each) => each.name === chosen);
    const missing = zones.filter((zone) => !offer?.zones.includes(zone));
    if (offer && missing.length === 0) return `${chosen} in ${location}`;
    const where = offer ? `zone ${missing.join(', ')} of ${location}` : location;
    throw new IaasError(name, 'invalid', `Cannot use size ${chosen} as this subscription has none in ${where}`, {
      hint: `az vm list-skus --location ${location} --size ${chosen} --all --output table`,
    });
  });
  return found.status === 'ok' ? [found, priceFinding(spec, chosen, size)] : [found];
}

/** Of the quotas of the location, those that a machine takes of. */
async function quotas({ location, spot }: AzureIaasSpec, account: AzureAccount): Promise<readonly Finding[]> {
  const metrics = [spot ? 'lowPriorityCores' : 'cores', 'virtualMachines'];
  try {
    const usages = await account.ask({ what: `read the quotas of ${location}` }, ({ compute }, abortSignal) =>
      collect(compute.usage.list(location, { abortSignal })),
    );
    return usages
      .filter(({ name }) => metrics.includes(name.value ?? ''))
      .map(({ name, limit, currentValue }) => ({
        subject: 'quota',
        status: currentValue < limit ? 'ok' : 'failed',
        detail: `${String(limit - currentValue)} of ${String(limit)} ${name.value ?? ''} are left in ${location}`,
        ...(currentValue >= limit && { hint: `az vm list-usage --location ${location} --output table` }),
      }));
  } catch (error) {
    if (!(error instanceof IaasError)) throw error;
    return [{ subject: 'quota', status: 'warning', detail: error.message }];
  }
}

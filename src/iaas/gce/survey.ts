/** What is looked at before anything is bought. */
import { IaasError } from '../../model/errors.ts';
import type { GceIaasSpec } from '../../model/iaas/gce.ts';
import type { VmSize } from '../../model/vm-size.ts';
import { lookAt } from '../cloud/look-at.ts';
import { priceFinding } from '../cloud/price-finding.ts';
import type { Finding } from '../provider.ts';
import type { TypeChooser } from './choose-type.ts';
import type { GceClient } from './client.ts';
import { imagePath, regionOf } from './instance-body.ts';

/** Whether we are let in, and the zones are there. @throws IaasError */
export async function checkZones(spec: GceIaasSpec, client: GceClient): Promise<void> {
  const what = `use ${spec.name}`;
  await client.ask({ what, path: '' });
  for (const zone of spec.zones)
    if (!(await client.find({ what, path: `zones/${zone}` })))
      throw new IaasError(spec.name, 'invalid', `Cannot use ${spec.name} as GCE has no such zone: ${zone}`, {
        hint: 'gcloud compute zones list',
      });
}

/** Looks at credentials, image, network, sizes and quota, each for itself. */
export async function survey(
  spec: GceIaasSpec,
  client: GceClient,
  types: TypeChooser,
  sizes: readonly VmSize[],
): Promise<readonly Finding[]> {
  const entered = await lookAt('credentials', async () => {
    await checkZones(spec, client);
    return `project ${spec.project} in ${spec.zones.join(', ')}`;
  });
  if (entered.status !== 'ok') return [entered];
  const regions = [...new Set(spec.zones.map(regionOf))];
  const parts = await Promise.all([
    lookAt('image', () => imageFound(spec, client)),
    ...regions.map((region) => lookAt('network', () => networkFound(spec, client, region))),
    ...sizes.map((size) => sizeFound(spec, client, types, size)),
    ...regions.map((region) => quotaOf(spec, client, region)),
  ]);
  return [entered, ...parts.flat()];
}

async function imageFound(spec: GceIaasSpec, client: GceClient): Promise<string> {
  const path = imagePath(spec);
  const { name, status } = await client.ask<{ name: string; status: string }>({
    what: `use image ${path}`,
    path,
  });
  if (status !== 'READY') throw new IaasError(spec.name, 'invalid', `Cannot use image ${name} as it is ${status}`);
  return name;
}

async function networkFound(spec: GceIaasSpec, client: GceClient, region: string): Promise<string> {
  const { network, subnetwork } = spec;
  const path = subnetwork === undefined ? `global/networks/${network}` : `regions/${region}/subnetworks/${subnetwork}`;
  const given = subnetwork ?? network;
  const at = given.includes('/') ? given : path;
  const { name } = await client.ask<{ name: string }>({ what: `use network ${given} in ${region}`, path: at });
  return `${name} in ${region}`;
}

/** It must be had in all zones: any of them may get the machine. */
async function sizeFound(
  spec: GceIaasSpec,
  client: GceClient,
  types: TypeChooser,
  size: VmSize,
): Promise<readonly Finding[]> {
  let type = '';
  const found = await lookAt('size', async () => {
    for (const zone of spec.zones) {
      type = await types.choose(size, zone);
      await client.ask({ what: `use machine type ${type} in ${zone}`, path: `zones/${zone}/machineTypes/${type}` });
    }
    return `${type} in ${spec.zones.join(', ')}`;
  });
  return found.status === 'ok' ? [found, priceFinding(spec, type, size)] : [found];
}

interface Region {
  readonly quotas?: readonly { readonly metric: string; readonly limit: number; readonly usage: number }[];
}

/** Of the quotas of a region, those that a machine takes of. */
async function quotaOf(spec: GceIaasSpec, client: GceClient, region: string): Promise<readonly Finding[]> {
  const metrics = ['CPUS', 'INSTANCES', ...(spec.spot ? ['PREEMPTIBLE_CPUS'] : [])];
  if (spec.externalAddress) metrics.push('IN_USE_ADDRESSES');
  try {
    const { quotas = [] } = await client.ask<Region>({ what: `read quotas of ${region}`, path: `regions/${region}` });
    return quotas
      .filter(({ metric, limit }) => metrics.includes(metric) && limit > 0)
      .map(({ metric, limit, usage }) => ({
        subject: 'quota',
        status: usage < limit ? 'ok' : 'failed',
        detail: `${String(limit - usage)} of ${String(limit)} ${metric} are left in ${region}`,
        ...(usage >= limit && {
          hint: `https://console.cloud.google.com/iam-admin/quotas?project=${spec.project}`,
        }),
      }));
  } catch (error) {
    if (!(error instanceof IaasError)) throw error;
    return [{ subject: 'quota', status: 'warning', detail: error.message }];
  }
}

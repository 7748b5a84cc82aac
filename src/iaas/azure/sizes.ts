/** Which of Azure's sizes a VM gets. */
import type { ResourceSku } from '@azure/arm-compute';
import { remembered } from '../../concurrency/remembered.ts';
import { IaasError } from '../../model/errors.ts';
import { bytes, cores } from '../../model/quantity.ts';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import type { PricedSize, VmSize } from '../../model/vm-size.ts';
import { smallestFit } from '../cloud/smallest-fit.ts';
import type { AzureAccount } from './account.ts';
import { collect } from './collect.ts';

export interface SizeOffer extends PricedSize {
  readonly name: string;
  readonly zones: readonly string[];
}

export interface Sizes {
  /** All that this subscription may have at the location, with the spec's prices: Azure's API tells none. Asked for once. */
  all(): Promise<readonly SizeOffer[]>;
  /** The name of the size of a VM. @throws IaasError invalid when none fits */
  choose(size: VmSize, zone: string | undefined): Promise<string>;
}

/** Sizes of the spec's location. */
export function azureSizes(spec: AzureIaasSpec, account: AzureAccount): Sizes {
  const { name, location } = spec;
  const all = remembered(async () => {
    const what = `list the sizes of ${location}`;
    const skus = await account.ask({ what }, ({ compute }, abortSignal) =>
      collect(compute.resourceSkus.list({ filter: `location eq '${location}'`, abortSignal })),
    );
    return skus.flatMap((sku) => offerOf(sku, location, spec.prices) ?? []);
  });
  return {
    all,
    async choose(size, zone) {
      if (size.name !== undefined) return size.name;
      const found = fitting(size, spec.family, zone, await all());
      if (found !== undefined) return found;
      const where = zone === undefined ? location : `zone ${zone} of ${location}`;
      throw new IaasError(
        name,
        'invalid',
        `Cannot find a size of family ${spec.family} in ${where} that is large enough`,
        { hint: `az vm list-skus --location ${location} --resource-type virtualMachines --output table` },
      );
    },
  };
}

/**
 * The cheapest that has a price, else the smallest of a family, that offers as much, the newest generation of it; its disk is made as
 * large as is asked for.
 */
export function fitting(
  { cpu, memory }: VmSize,
  family: string,
  zone: string | undefined,
  offers: readonly SizeOffer[],
): string | undefined {
  const form = new RegExp(`^Standard_${family}\\d`);
  const usable = offers
    .filter(({ name, price }) => form.test(name) || price !== undefined)
    .filter(({ zones }) => zone === undefined || zones.includes(zone))
    .toSorted((a, b) => generation(b.name) - generation(a.name));
  return smallestFit({ cpu, memory }, usable)?.name;
}

/** `Standard_D2s_v5` is of the fifth. */
function generation(name: string): number {
  return Number(/_v(\d+)$/.exec(name)?.[1] ?? 1);
}

/** What a SKU offers; undefined for what is no machine, of another architecture, or not for this subscription. */
export function offerOf(
  sku: ResourceSku,
  location: string,
  prices: Readonly<Record<string, number>> = {},
): SizeOffer | undefined {
  const told = new Map((sku.capabilities ?? []).map(({ name, value }) => [name, value]));
  const cpu = Number(told.get('vCPUsAvailable') ?? told.get('vCPUs'));
  const memory = Number(told.get('MemoryGB'));
  if (sku.resourceType !== 'virtualMachines' || sku.name === undefined || !(cpu > 0) || !(memory > 0)) return undefined;
  if ((told.get('CpuArchitectureType') ?? 'x64') !== 'x64') return undefined;
  const restrictions = sku.restrictions ?? [];
  if (restrictions.some(({ type }) => type === 'Location')) return undefined;
  const closed = restrictions.flatMap(({ restrictionInfo }) => restrictionInfo?.zones ?? []);
  const here = sku.locationInfo?.find((info) => info.location?.toLowerCase() === location.toLowerCase());
  const price = prices[sku.name];
  return {
    ...(price !== undefined && { price }),
    name: sku.name,
    cpu: cores(cpu),
    memory: bytes(Math.round(memory * 2 ** 30)),
    zones: (here?.zones ?? []).filter((zone) => !closed.includes(zone)),
  };
}

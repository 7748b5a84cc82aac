/** Hetzner's sizes, as they are sold in one place. Pure. */
import { bytes, cores } from '../../model/quantity.ts';
import type { HetznerIaasSpec } from '../../model/iaas/hetzner.ts';
import type { Offer } from '../cloud/choose-size.ts';
import type { ServerType } from './hetzner-documents.ts';

export interface ServerOffer extends Offer {
  readonly architecture: ServerType['architecture'];
}

/** Sizes that are sold at a location; undefined: at any. A price is net, in the project's currency. */
export function offersAt(
  { architecture: usual }: HetznerIaasSpec,
  types: readonly ServerType[],
  location: string | undefined,
): readonly ServerOffer[] {
  return types.flatMap(({ name, cores: cpu, memory, disk, architecture, prices, locations }) => {
    const sold = locations.filter((each) => each.name === (location ?? each.name));
    if (sold.length === 0) return [];
    const price = prices.find((each) => each.location === (location ?? each.location));
    return {
      name,
      cpu: cores(cpu),
      memory: bytes(memory * 2 ** 30),
      disk: bytes(disk * 1e9),
      architecture,
      usual: architecture === usual && sold.some(({ deprecation }) => deprecation === null),
      ...(price && { price: Number(price.price_hourly.net) }),
    };
  });
}

/** Hetzner's sizes: which one a VM gets, and what it costs an hour. Pure. */
import { IaasError } from '../../model/errors.ts';
import { bytes, cores, formatBytes } from '../../model/quantity.ts';
import type { HetznerIaasSpec } from '../../model/spec.ts';
import type { PricedSize, VmSize } from '../../model/vm-size.ts';
import { smallestFit } from '../cloud/smallest-fit.ts';
import type { ServerType } from './hetzner-documents.ts';

/** A size as it is sold in one place. */
export interface Offer extends PricedSize {
  readonly name: string;
  readonly architecture: ServerType['architecture'];
}

/** Sizes that are sold at a location; undefined: at any. A price is net, in the project's currency. */
export function offersAt(types: readonly ServerType[], location: string | undefined): readonly Offer[] {
  return types.flatMap((type) => {
    if (location !== undefined && !type.locations.some(({ name }) => name === location)) return [];
    const price = type.prices.find((each) => location === undefined || each.location === location);
    return {
      name: type.name,
      cpu: cores(type.cores),
      memory: bytes(type.memory * 2 ** 30),
      disk: bytes(type.disk * 1e9),
      architecture: type.architecture,
      ...(price && { price: Number(price.price_hourly.net) }),
    };
  });
}

/** The size that a VM gets at a location: the one that is named, else the cheapest that is enough and not given up. @throws IaasError invalid */
export function sizeAt(
  spec: HetznerIaasSpec,
  types: readonly ServerType[],
  wanted: VmSize,
  location: string | undefined,
): Offer {
  const where = location === undefined ? spec.name : `${spec.name} at ${location}`;
  if (wanted.name !== undefined) {
    const named = offersAt(types, location).find(({ name }) => name === wanted.name);
    if (named) return named;
    throw new IaasError(spec.name, 'invalid', `Cannot get a machine as ${where} sells no such size: ${wanted.name}`);
  }
  const lasting = types.filter(
    ({ architecture, locations }) =>
      architecture === spec.architecture &&
      locations.some(({ name, deprecation }) => deprecation === null && (location ?? name) === name),
  );
  const fit = smallestFit(wanted, offersAt(lasting, location));
  if (fit) return fit;
  const size = `${String(wanted.cpu)} CPUs and ${formatBytes(wanted.memory)}`;
  throw new IaasError(spec.name, 'invalid', `Cannot get a machine as no size of ${where} is enough: ${size}`);
}

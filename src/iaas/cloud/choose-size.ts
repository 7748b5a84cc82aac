/** Which of a vendor's sizes a VM gets in one place. Pure. */
import { IaasError } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { PricedSize, VmSize } from '../../model/vm-size.ts';
import { smallestFit } from './smallest-fit.ts';

/** A size that is sold in a place. */
export interface Offer extends PricedSize {
  readonly name: string;
  /** Whether a VM may get it that names none: it is of the usual kind and not about to go. */
  readonly usual: boolean;
}

/**
 * The size that is named, else the cheapest usual one that is enough.
 * @param where for messages: `falkenstein at fsn1` @throws IaasError invalid when there is none
 */
export function chooseSize<Size extends Offer>(
  iaas: string,
  where: string,
  wanted: VmSize,
  offers: readonly Size[],
): Size {
  if (wanted.name !== undefined) {
    const named = offers.find(({ name }) => name === wanted.name);
    if (named) return named;
    throw new IaasError(iaas, 'invalid', `Cannot get a machine as ${where} sells no such size: ${wanted.name}`);
  }
  const fit = smallestFit(
    wanted,
    offers.filter(({ usual }) => usual),
  );
  if (fit) return fit;
  const size = `${String(wanted.cpu)} CPUs and ${formatBytes(wanted.memory)}`;
  throw new IaasError(iaas, 'invalid', `Cannot get a machine as no size of ${where} is enough: ${size}`);
}

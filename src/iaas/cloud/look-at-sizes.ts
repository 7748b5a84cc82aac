/** What `iaas check` shows of sizes and prices. */
import type { VmSize } from '../../model/vm-size.ts';
import type { Finding } from '../provider.ts';
import type { Offer } from './choose-size.ts';
import { lookAt } from './look-at.ts';

/** Each size as it would be chosen, and what it costs an hour. */
export async function lookAtSizes(
  iaas: string,
  sizes: readonly VmSize[],
  choose: (wanted: VmSize) => Promise<Offer>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const wanted of sizes) {
    let price: number | undefined;
    const size = await lookAt('size', async () => {
      const offer = await choose(wanted);
      ({ price } = offer);
      return `${offer.name} of ${iaas}`;
    });
    findings.push(size);
    if (size.status !== 'ok') continue;
    const told = price !== undefined;
    const detail = told ? `${String(price)} an hour for ${size.detail}` : `no price is told for ${size.detail}`;
    findings.push({ subject: 'price', of: wanted, status: told ? 'ok' : 'warning', detail });
  }
  return findings;
}

/** What `iaas check` says of a price that the cloud does not tell: the spec may. */
import type { CloudSpec } from '../../model/iaas/cloud.ts';
import type { VmSize } from '../../model/vm-size.ts';
import type { Finding } from '../provider.ts';

/** The price of a size by the spec's table. @param of the size that was asked for */
export function priceFinding({ name, prices }: CloudSpec, size: string, of: VmSize): Finding {
  const price = prices?.[size];
  return price === undefined
    ? { subject: 'price', of, status: 'warning', detail: `iaas.${name}.prices does not say what ${size} costs` }
    : { subject: 'price', of, status: 'ok', detail: `${size} costs ${String(price)} an hour` };
}

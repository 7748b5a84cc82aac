/** What `iaas check` says of a price that the cloud does not tell: the spec may. */
import type { CloudSpec } from '../../model/iaas-spec.ts';
import type { Finding } from '../provider.ts';

/** The price of a size by the spec's table. */
export function priceFinding({ name, prices }: CloudSpec, size: string): Finding {
  const price = prices?.[size];
  return price === undefined
    ? { subject: 'price', status: 'warning', detail: `iaas.${name}.prices does not say what ${size} costs` }
    : { subject: 'price', status: 'ok', detail: `${size} costs ${String(price)} an hour` };
}

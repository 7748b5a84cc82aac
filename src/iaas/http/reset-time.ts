/** When a vendor will take requests again, as `RateLimit-Reset` says it: in seconds since 1970, so by the vendor's own clock. */
import { millis, type Millis } from '../../model/quantity.ts';
import type { Headers } from './api.ts';

/** Time until then; the answer's own `Date` is taken for now, as the operator's clock may be another. Undefined: not said. */
export function untilReset(headers: Headers): Millis | undefined {
  const reset = headers.get('ratelimit-reset');
  if (reset === null || !/^\d+$/.test(reset)) return undefined;
  const said = Date.parse(headers.get('date') ?? '');
  return millis(Math.max(0, Number(reset) * 1000 - (Number.isNaN(said) ? Date.now() : said)));
}

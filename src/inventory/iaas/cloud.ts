/** What every cloud of `iaas:` has. */
import type { CloudSpec } from '../../model/iaas/cloud.ts';
import type { RawCloud } from '../raw/cloud.ts';
import { durationOf } from '../read-quantity.ts';

/** The keys that all clouds share, their defaults filled in. */
export function cloudOf(name: string, raw: RawCloud): CloudSpec {
  const { user = 'stratos', timeout, concurrency = 32, ratePerSecond, prices } = raw;
  return {
    name,
    user,
    timeout: durationOf(timeout, 600_000),
    concurrency,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    ...(prices === undefined ? {} : { prices }),
  };
}

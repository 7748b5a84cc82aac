/** `distribution:`: how images travel. */
import { parseBytes } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import type { RawDistribution } from './raw/stores.ts';
import type { Single } from './spec-files.ts';

/** What a spec says of it; nothing where it says nothing. */
export function resolveDistribution(given: Single<RawDistribution> | undefined): Pick<Spec, 'distribution'> {
  if (!given) return {};
  const { fanOut, bandwidthLimit, neighbours } = given.value;
  const limit = bandwidthLimit === undefined ? undefined : parseBytes(bandwidthLimit);
  return {
    distribution: {
      ...(fanOut === undefined ? {} : { fanOut }),
      ...(neighbours === undefined ? {} : { neighbours }),
      ...(limit === undefined ? {} : { bandwidthLimit: limit }),
    },
  };
}

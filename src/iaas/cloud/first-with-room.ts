/** Places that are tried one after the other. */
import { IaasError } from '../../model/errors.ts';

/** What `make` gives in the first place that is not full; undefined where there are none. @throws IaasError what the last said */
export async function firstWithRoom<Place, T>(
  places: readonly Place[],
  make: (place: Place | undefined) => Promise<T>,
): Promise<T> {
  const [first, ...rest] = places;
  try {
    return await make(first);
  } catch (error) {
    if (rest.length === 0 || !(error instanceof IaasError) || error.failure !== 'no-capacity') throw error;
    return firstWithRoom(rest, make);
  }
}

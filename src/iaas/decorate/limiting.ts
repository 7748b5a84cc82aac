/** Keeping to what an IaaS bears: so many calls at one time, so many a second. */
import { limiter } from '../../concurrency/limiter.ts';
import { pacer } from '../../concurrency/pacer.ts';
import type { Around } from './around.ts';

export interface CallLimits {
  /** Most calls at one time. */
  readonly concurrency: number;
  /** Most calls that begin in one second. Undefined: no such bound. */
  readonly ratePerSecond?: number;
}

/** Holds calls back until they may go, in their order. */
export function limiting({ concurrency, ratePerSecond }: CallLimits): Around {
  const room = limiter(concurrency);
  // One call is one unit of the flow.
  const turn = ratePerSecond === undefined ? undefined : pacer(ratePerSecond);
  return ({ signal }, work) =>
    room(async () => {
      await turn?.(1, signal);
      return work();
    }, signal);
}

/** What every cloud has, as the schema leaves it. */
import type { RawJump } from './access.ts';
import type { RawMap } from './terms.ts';

export interface RawCloud {
  readonly user?: string;
  readonly timeout?: string;
  readonly concurrency?: number;
  readonly ratePerSecond?: number;
  readonly prices?: RawMap<number>;
  readonly jump?: RawJump;
}

/** What the spec says of every cloud. */
import type { Millis } from '../quantity.ts';
import type { JumpSpec } from './static.ts';

/** What every cloud has: how its machines are logged in to, and what its API bears. */
export interface CloudSpec {
  readonly name: string;
  /** Made at the first boot, with sudo without a password; `root` where the image lets root in. Default `stratos`. */
  readonly user: string;
  /** Longest time from asking for a machine to its having an address. Default 10 min. */
  readonly timeout: Millis;
  /** Most machines that are asked for, or ended, at one time. Default 32. */
  readonly concurrency: number;
  /** Most calls in one second. Undefined: no such bound. */
  readonly ratePerSecond?: number;
  /** Of an hour, by the name of a size: for sizes of placements that have no price of their own. Undefined: none is known. */
  readonly prices?: Readonly<Record<string, number>>;
  /** Host that its machines are reached through. Undefined: none. */
  readonly jump?: JumpSpec;
}

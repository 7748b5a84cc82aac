/** How few processes there may be of a subscription that nobody uses. */
import { formatDuration, type Instant, type Millis } from '../model/quantity.ts';
import type { IdlePolicy } from '../model/policy.ts';
import type { Crew } from './crews.ts';
import { counted } from './show-number.ts';

export interface Floor {
  readonly count: 0 | 1;
  /** Why one must be; empty for none. */
  readonly reason: string;
  /** Whether requests called it: then it is awake, and stays for as long as anything that was wanted. */
  readonly called: boolean;
}

export interface FloorInput {
  /** The idle policy, where requests can wake processes. */
  readonly wakes: IdlePolicy | undefined;
  readonly crew: Crew;
  /** Since when each sleeper is idle. */
  readonly idleSince: (process: string) => Instant;
  /** How long all must have been asleep at the deepest before the last one may go. */
  readonly coldAfter: Millis;
  /** Whether there is a target or an idle policy: else nothing but the bounds moves the count. */
  readonly moves: boolean;
  /** Requests that found no process. */
  readonly refused: number;
  readonly now: Instant;
}

/**
 * One that sleeps is kept where requests wake it: without any, nobody hears them. Where a cold start is allowed it goes too once all
 * have slept long enough at the deepest. Requests that found nobody bring one back.
 */
export function floorOf(input: FloorInput): Floor {
  const { wakes, crew, refused } = input;
  if (refused > 0 && input.moves) {
    const reason = `${counted(refused, 'request')} came while no process could take them`;
    return { count: 1, reason, called: true };
  }
  if (!wakes) return NONE;
  if (!wakes.coldStart) return kept('one stays, awake or asleep, so that a request can wake it');
  if (crew.current === 0 || slept(input, wakes)) return NONE;
  const { depth, after } = depthOf(wakes);
  const long = formatDuration(after + input.coldAfter);
  return kept(`one stays until all are ${depth} and idle for ${long}: then a cold start is allowed`);
}

const NONE: Floor = { count: 0, reason: '', called: false };

function kept(reason: string): Floor {
  return { count: 1, reason, called: false };
}

function slept({ crew, idleSince, coldAfter, now }: FloorInput, wakes: IdlePolicy): boolean {
  const { depth, after } = depthOf(wakes);
  return (
    crew.sleepers.length === crew.current &&
    crew.sleepers.every(
      (sleeper) =>
        (sleeper.depth === depth || sleeper.depth === 'stopped') &&
        now - idleSince(sleeper.process.name) >= after + coldAfter,
    )
  );
}

/** The deepest sleep of a policy. */
function depthOf({ freezeAfter, stopAfter }: IdlePolicy): { depth: string; after: number } {
  if (stopAfter !== undefined) return { depth: 'stopped', after: stopAfter };
  return { depth: 'frozen', after: freezeAfter ?? Infinity };
}

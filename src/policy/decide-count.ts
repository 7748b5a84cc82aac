/** How many processes a subscription shall have. */
import type { SignalNeed } from '../model/decision.ts';
import type { SubscriptionMemory } from '../model/memory.ts';
import { formatDuration, type Instant } from '../model/quantity.ts';
import type { SubscriptionSample } from '../model/signal.ts';
import type { SubscriptionSpec } from '../model/spec.ts';
import type { Crew } from './crews.ts';
import { peakOf, rememberWanted } from './down-window.ts';
import type { Floor } from './keep-one.ts';
import { loadNeed } from './load-need.ts';
import type { Follow } from './needs.ts';
import { pace } from './pace.ts';
import type { Panic } from './panic.ts';
import { boundsAt, type ScheduledBounds } from './schedules.ts';

export interface CountInput {
  readonly subscription: SubscriptionSpec;
  readonly crew: Crew;
  readonly samples: readonly SubscriptionSample[];
  /** With no time in it that is yet to come. */
  readonly memory: SubscriptionMemory | undefined;
  readonly floor: Floor;
  /** What those ask for that it follows. */
  readonly follow?: Follow | undefined;
  /** Why signals are missing. */
  readonly problems: readonly string[];
  /** Why nothing may change: the breaker is open. */
  readonly hold: string | undefined;
  readonly now: Instant;
  /** Without reasons. */
  readonly quiet: boolean;
}

/** What was said so far; undefined: nobody asks. */
type Reasons = string[] | undefined;

export interface Count {
  readonly desired: number;
  /** Awake processes that the load needs now. */
  readonly needed: number;
  /** Awake processes that stay awake, idle or not; Infinity: all. */
  readonly keepAwake: number;
  readonly reasons: readonly string[];
  readonly needs: readonly SignalNeed[];
  /** Undefined: there is nothing to remember. */
  readonly memory: SubscriptionMemory | undefined;
}

/**
 * In this order: what the load needs (no data: the count holds), panic, the most that was wanted in the scale-down window, cooldowns,
 * the step, the one process that is kept or called back, those that it follows, and at last the bounds, which nothing passes.
 */
export function decideCount(input: CountInput): Count {
  const { subscription, crew, floor, follow, memory, hold, now } = input;
  const { scaling } = subscription;
  const bounds = boundsAt(scaling, now);
  const have = memory?.desired ?? crew.current;
  if (hold !== undefined) {
    const reasons = input.quiet ? undefined : [`${hold}: the count holds`];
    const desired = within(bounds, have, reasons);
    return { desired, needed: 0, keepAwake: Infinity, reasons: reasons ?? NONE, needs: [], memory };
  }
  const call = floor.called ? floor.count : 0;
  if (Object.keys(scaling.target).length === 0) {
    const reasons = input.quiet ? undefined : [`policy ${scaling.name} has no target: ${minimumOf(bounds)} runs`];
    const desired = within(bounds, followed(follow, atLeast(floor, bounds.min, reasons), reasons), reasons);
    const needed = Math.min(call, desired);
    return { desired, needed, keepAwake: call, reasons: reasons ?? NONE, needs: [], memory: undefined };
  }

  const load = loadNeed(input, scaling, have);
  const reasons = load.reasons;
  const want = load.want === undefined && call === 0 ? undefined : calledFor(floor, load.want ?? have, reasons);
  const wanted = want === undefined ? (memory?.wanted ?? []) : remembered(input, want, have);
  const settled = want === undefined ? have : settle(want, have, peakOf(wanted), scaling.tuning.downWindow, reasons);
  const paced = pace(have, settled, memory ?? {}, scaling.tuning, now);
  reasons?.push(...paced.reasons);
  const desired = within(bounds, followed(follow, atLeast(floor, paced.count, reasons), reasons), reasons);
  const needed = Math.min(desired, Math.max(load.awake, call));
  return {
    desired,
    needed,
    keepAwake: load.complete ? Math.max(needed, settled) : Infinity,
    reasons: reasons ?? NONE,
    needs: load.needs,
    memory: remember(memory, { have, desired, panic: load.panic, wanted, now }),
  };
}

const NONE: readonly string[] = [];

/** What requests that found nobody make of a count: it is wanted as if the load needed it. */
function calledFor(floor: Floor, count: number, reasons: Reasons): number {
  return floor.called ? atLeast(floor, count, reasons) : count;
}

function minimumOf({ min, source, scheduled }: ScheduledBounds): string {
  return scheduled ? `the minimum of ${min} of ${source}` : `its minimum of ${min}`;
}

/** With nothing to remember what there is counts as wanted just now: it holds for a window before it can go down. */
function remembered(
  { memory, subscription, now }: CountInput,
  want: number,
  have: number,
): SubscriptionMemory['wanted'] {
  const { downWindow } = subscription.scaling.tuning;
  const before = memory?.wanted ?? [];
  return rememberWanted(before.length > 0 ? before : [{ at: now, count: have }], want, now, downWindow);
}

/** Up at once; down to the most that was wanted in the window, which raises nothing. */
function settle(want: number, have: number, peak: number, window: number, reasons: Reasons): number {
  const settled = want >= have ? want : Math.min(have, peak);
  if (settled > want && reasons) {
    const verb = settled === have ? 'stays at' : 'goes down to';
    reasons.push(`${verb} ${settled} and not ${want}: so many were wanted within the last ${formatDuration(window)}`);
  }
  return settled;
}

function atLeast(floor: Floor, count: number, reasons: Reasons): number {
  if (count >= floor.count) return count;
  if (reasons?.includes(floor.reason) === false) reasons.push(floor.reason);
  return floor.count;
}

function followed(follow: Follow | undefined, count: number, reasons: Reasons): number {
  if (follow === undefined) return count;
  // What decides stands last.
  if (follow.count < count) reasons?.unshift(follow.reason);
  else reasons?.push(follow.reason);
  return Math.max(count, follow.count);
}

function within({ min, max, source }: ScheduledBounds, count: number, reasons: Reasons): number {
  const bounded = Math.max(min, Math.min(max, count));
  if (bounded > count && reasons) bind(reasons, `raised from ${count} to ${bounded} by ${source}: min ${min}`);
  if (bounded < count && reasons) bind(reasons, `lowered from ${count} to ${bounded} by ${source}: max ${max}`);
  return bounded;
}

/** The last word has both, what was wanted and what bounds it: it is all that a plan, an event or `status` shows. */
function bind(reasons: string[], bound: string): void {
  const wanted = reasons.pop();
  reasons.push(wanted === undefined ? bound : `${wanted}; ${bound}`);
}

/** What the next run is told, with when it went up and down for the last time. */
function remember(
  before: SubscriptionMemory | undefined,
  { have, desired, panic, wanted, now }: Moved,
): SubscriptionMemory {
  const next: { -readonly [Key in keyof SubscriptionMemory]: SubscriptionMemory[Key] } = { desired, wanted };
  const raisedAt = desired > have ? now : before?.raisedAt;
  const loweredAt = desired < have ? now : before?.loweredAt;
  if (raisedAt !== undefined) next.raisedAt = raisedAt;
  if (loweredAt !== undefined) next.loweredAt = loweredAt;
  if (panic) next.panic = panic;
  return next;
}

interface Moved {
  readonly have: number;
  readonly desired: number;
  readonly panic: Panic | undefined;
  readonly wanted: SubscriptionMemory['wanted'];
  readonly now: Instant;
}

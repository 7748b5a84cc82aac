/** Bounds that a schedule moves for a time. */
import { Cron } from 'croner';
import { formatDuration, type Instant } from '../model/quantity.ts';
import type { Bounds } from '../model/bounds.ts';
import type { ScalingPolicy, Schedule } from '../model/policy.ts';

export interface ScheduledBounds extends Bounds {
  /** Where the bounds are from, for reasons. */
  readonly source: string;
  readonly scheduled: boolean;
}

/** The bounds that hold at `now`: those of the last schedule in the list that holds, else the policy's own. */
export function boundsAt(scaling: ScalingPolicy, now: Instant): ScheduledBounds {
  const schedule = scaling.schedules.findLast((candidate) => holds(candidate, now));
  if (!schedule) return { ...scaling.processes, source: `policy ${scaling.name}`, scheduled: false };
  const { cron, timezone, duration, processes } = schedule;
  return { ...processes, source: `schedule "${cron}" ${timezone} for ${formatDuration(duration)}`, scheduled: true };
}

/** From each firing on, for the duration. */
function holds(schedule: Schedule, now: Instant): boolean {
  return now - lastFiring(schedule, now) < schedule.duration;
}

interface Clock {
  readonly cron: Cron;
  /** The last firing that was asked for, and the one after it. */
  from: number;
  until: number;
}

/**
 * By zone and expression. Reading one and finding its times costs more than all else in a decision, and it is the same for ever, so it
 * is kept: many subscriptions share a few.
 */
const clocks = new Map<string, Clock>();

/** The last time at or before `now` at which it fired; never: -Infinity. */
function lastFiring(schedule: Schedule, now: Instant): number {
  const { cron, timezone } = schedule;
  const key = `${timezone} ${cron}`;
  let clock = clocks.get(key);
  if (!clock) clocks.set(key, (clock = clockOf(schedule)));
  if (now < clock.from || now >= clock.until) {
    // The library's "previous" is strictly before, and "next" strictly after.
    clock.from = clock.cron.previousRuns(1, new Date(now + 1))[0]?.getTime() ?? -Infinity;
    clock.until = clock.cron.nextRun(new Date(now))?.getTime() ?? Infinity;
  }
  return clock.from;
}

function clockOf({ cron, timezone }: Schedule): Clock {
  return { cron: new Cron(cron, { mode: '5-part', timezone, paused: true }), from: Infinity, until: -Infinity };
}

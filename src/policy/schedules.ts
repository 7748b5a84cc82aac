/** Bounds that a schedule moves for a time. */
import { Cron } from 'croner';
import { formatDuration, type Instant } from '../model/quantity.ts';
import type { Bounds, ScalingPolicy, Schedule } from '../model/spec.ts';

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

/** Reading an expression and finding its times costs more than all else in a decision, so it is kept; it is the same for ever. */
const clocks = new WeakMap<Schedule, Clock>();

/** The last time at or before `now` at which it fired; never: -Infinity. */
function lastFiring(schedule: Schedule, now: Instant): number {
  const clock = clocks.get(schedule) ?? clockOf(schedule);
  if (now < clock.from || now >= clock.until) {
    // The library's "previous" is strictly before, and "next" strictly after.
    clock.from = clock.cron.previousRuns(1, new Date(now + 1))[0]?.getTime() ?? -Infinity;
    clock.until = clock.cron.nextRun(new Date(now))?.getTime() ?? Infinity;
  }
  return clock.from;
}

function clockOf(schedule: Schedule): Clock {
  const cron = new Cron(schedule.cron, { mode: '5-part', timezone: schedule.timezone, paused: true });
  const clock = { cron, from: Infinity, until: -Infinity };
  clocks.set(schedule, clock);
  return clock;
}

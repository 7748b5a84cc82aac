/** Schedules of scaling policies: other bounds at certain times. */
import type { Bounds } from '../model/bounds.ts';
import type { Schedule } from '../model/policy.ts';
import type { RawSchedule } from './raw/policies.ts';
import { durationOf } from './read-quantity.ts';
import { boundsOf } from './resolve-context.ts';

/** A schedule. A bound that it does not give is the usual one, moved as far as the other needs. */
export function scheduleOf(raw: RawSchedule, usual: Bounds): Schedule {
  return {
    cron: raw.cron.trim().replaceAll(/ +/g, ' '),
    timezone: raw.timezone ?? 'UTC',
    duration: durationOf(raw.duration, 0),
    processes: typeof raw.processes === 'number' ? boundsOf(raw.processes) : moved(raw.processes, usual),
  };
}

function moved({ min, max }: { readonly min?: number; readonly max?: number }, usual: Bounds): Bounds {
  return {
    min: min ?? Math.min(usual.min, max ?? usual.min),
    max: max ?? Math.max(usual.max, min ?? usual.max),
  };
}

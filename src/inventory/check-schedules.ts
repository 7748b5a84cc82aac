/** Schedules that never begin, never last, or that no clock knows. */
import type { Cron } from 'croner';
import { checkBounds, tellAt } from './policy-place.ts';
import type { Tell } from './policy-place.ts';
import type { RawSchedule, RawScalingPolicy } from './raw/policies.ts';
import type { RawSubscription } from './raw/workloads.ts';
import { durationOf } from './read-quantity.ts';
import { sound } from './resolve-context.ts';
import type { ResolveContext } from './resolve-context.ts';
import { showValue } from './show-value.ts';
import { suggest } from './suggest.ts';

const YEAR = 366 * 24 * 3_600_000;
/** Any moment will do: a schedule begins at some time after it, or never. */
const ANY_TIME = new Date(0);

/** Checks every schedule of every scaling policy, named or inline. The cron library is loaded only when there is one. */
export async function checkSchedules(context: ResolveContext): Promise<void> {
  const found: { readonly tell: Tell; readonly schedule: RawSchedule }[] = [];
  const collect = (tell: Tell, policy: unknown): void => {
    if (typeof policy !== 'object' || policy === null) return;
    for (const [index, schedule] of ((policy as RawScalingPolicy).schedules ?? []).entries())
      found.push({
        tell: (path, ...rest) => {
          tell(['schedules', index, ...path], ...rest);
        },
        schedule,
      });
  };
  for (const entry of sound(context, 'policies.scaling'))
    collect(tellAt(context, { section: 'policies.scaling', entry, path: [] }), entry.value);
  for (const entry of sound(context, 'subscriptions'))
    collect(
      tellAt(context, { section: 'subscriptions', entry, path: ['scaling'] }),
      (entry.value as RawSubscription).scaling,
    );
  if (found.length === 0) return;
  const croner = await import('croner');
  for (const { tell, schedule } of found) checkSchedule(tell, schedule, croner.Cron);
}

function checkSchedule(tell: Tell, raw: RawSchedule, CronType: typeof Cron): void {
  const duration = durationOf(raw.duration, 0);
  if (duration === 0)
    tell(['duration'], `duration must be above 0, else the schedule never holds: ${showValue(raw.duration)}`);
  if (duration > YEAR) tell(['duration'], `duration must be at most 366d: ${showValue(raw.duration)}`);
  checkBounds(tell, raw.processes, ['processes']);
  const zone = raw.timezone ?? 'UTC';
  if (!isZone(zone)) {
    const suggestion = suggest(zone, Intl.supportedValuesOf('timeZone'));
    tell(['timezone'], `timezone must be one of the IANA time zones: ${showValue(zone)}`, { suggestion });
    return;
  }
  try {
    const cron = new CronType(raw.cron.trim(), { mode: '5-part', timezone: zone, paused: true });
    if (cron.nextRun(ANY_TIME) === null)
      tell(['cron'], `cron must be a time that comes, and this one never does: ${showValue(raw.cron)}`);
  } catch (error) {
    tell(['cron'], `cron must be five fields as in crontab(5): ${showValue(raw.cron)} (${reasonOf(error)})`);
  }
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    // Offsets such as +01:00 are taken by newer engines only, and know no summer time.
    return !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}

/** What the library says, without its name. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, '');
}

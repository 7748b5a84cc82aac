/** Scaling policies: how many processes, and how fast that number moves. */
import { parseDuration, parsePercent } from '../model/quantity.ts';
import { SIGNALS } from '../model/signal.ts';
import { DEFAULT_TUNING } from '../model/policy.ts';
import type { OwnSignal, ScalingPolicy, ScalingTuning } from '../model/policy.ts';
import { checkBounds } from './policy-place.ts';
import type { Tell } from './policy-place.ts';
import type { RawScalingPolicy } from './raw/policies.ts';
import { durationOf, shareOf } from './read-quantity.ts';
import { boundsOf } from './resolve-context.ts';
import { scheduleOf } from './resolve-schedules.ts';
import { showValue } from './show-value.ts';
import { suggest } from './suggest.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * A scaling policy, with the bounds of a subscription in place of its own where it has any. Without more words: one process.
 * Percentages become fractions, durations milliseconds.
 */
export function scalingPolicy(name: string, raw: RawScalingPolicy, bounds = boundsOf(raw.processes)): ScalingPolicy {
  return {
    name,
    processes: bounds,
    target: Object.fromEntries(
      Object.entries(raw.target ?? {}).map(([signal, value]): [string, number] => [signal, targetOf(value)]),
    ),
    signals: Object.fromEntries(
      Object.entries(raw.signals ?? {}).map(([own, { command, on, timeout }]): [string, OwnSignal] => [
        own,
        { command, on: on ?? 'process', timeout: durationOf(timeout, 2000) },
      ]),
    ),
    schedules: (raw.schedules ?? []).map((schedule) => scheduleOf(schedule, bounds)),
    tuning: tuningOf(raw),
  };
}

function targetOf(value: number | string): number {
  return typeof value === 'number' ? value : (parsePercent(value) ?? parseDuration(value) ?? Number.NaN);
}

function tuningOf(raw: RawScalingPolicy): ScalingTuning {
  const usual = DEFAULT_TUNING;
  const window = durationOf(raw.window, usual.window);
  return {
    window,
    panic: {
      // A window shorter than the usual panic window takes that along.
      window: durationOf(raw.panic?.window, Math.min(window, usual.panic.window)),
      threshold: raw.panic?.threshold ?? usual.panic.threshold,
    },
    tolerance: shareOf(raw.tolerance, usual.tolerance),
    cooldown: {
      up: durationOf(raw.cooldown?.up, usual.cooldown.up),
      down: durationOf(raw.cooldown?.down, usual.cooldown.down),
    },
    downWindow: durationOf(raw.downWindow, usual.downWindow),
    step: { up: raw.step?.up ?? usual.step.up, down: raw.step?.down ?? usual.step.down },
    predict: durationOf(raw.predict, usual.predict),
  };
}

/** Reports bounds, targets, signals and times that make no sense; schedules are checked by `check-schedules.ts`. */
export function checkScaling(tell: Tell, raw: RawScalingPolicy): void {
  checkBounds(tell, raw.processes, ['processes']);
  checkSignals(tell, raw);
  checkTargets(tell, raw);
  const { window, panic, predict, downWindow, cooldown } = tuningOf(raw);
  const within = (path: readonly string[], value: number, least: number, most: number, rule: string): void => {
    if (value < least || value > most)
      tell(path, `${path.join('.')} must be ${rule}: ${showValue(path.reduce<unknown>(valueAt, raw))}`);
  };
  within(['window'], window, 1000, HOUR, 'from 1s to 1h');
  if (raw.panic?.window !== undefined) within(['panic', 'window'], panic.window, 1000, HOUR, 'from 1s to 1h');
  if (panic.window > window && raw.panic?.window !== undefined)
    tell(
      ['panic', 'window'],
      `panic.window must not be longer than window (${raw.window ?? '60s'}): ${raw.panic.window}`,
    );
  within(['predict'], predict, 0, HOUR, 'at most 1h');
  within(['downWindow'], downWindow, 0, DAY, 'at most 1d');
  within(['cooldown', 'up'], cooldown.up, 0, DAY, 'at most 1d');
  within(['cooldown', 'down'], cooldown.down, 0, DAY, 'at most 1d');
}

function checkSignals(tell: Tell, raw: RawScalingPolicy): void {
  for (const [name, { timeout }] of Object.entries(raw.signals ?? {})) {
    if (isBuiltIn(name))
      tell(['signals', name], `signals.${name} must have another name, as ${name} is measured anyway`, {
        anchor: 'key',
      });
    const time = durationOf(timeout, 2000);
    if (time === 0 || time > 60_000)
      tell(['signals', name, 'timeout'], `timeout must be above 0 and at most 1m: ${showValue(timeout)}`);
  }
}

function checkTargets(tell: Tell, raw: RawScalingPolicy): void {
  const own = Object.keys(raw.signals ?? {});
  for (const [name, value] of Object.entries(raw.target ?? {})) {
    if (name === 'responseTime' && targetOf(value) === 0)
      tell(['target', name], `target.${name} must be above 0: ${showValue(value)}`);
    if (isBuiltIn(name)) continue;
    if (!own.includes(name)) {
      const known =
        own.length === 0
          ? 'it is not built in, and the policy has no signals of its own'
          : 'it is neither built in nor under signals';
      const suggestion = suggest(name, [...SIGNALS, ...own]);
      tell(['target', name], `target.${name} must be the name of a signal: ${known}`, { anchor: 'key', suggestion });
    } else if (typeof value !== 'number')
      tell(['target', name], `target.${name} must be a number above 0: ${showValue(value)}`);
  }
}

function isBuiltIn(name: string): boolean {
  return (SIGNALS as readonly string[]).includes(name);
}

function valueAt(value: unknown, key: string): unknown {
  return (value as Readonly<Record<string, unknown>> | undefined)?.[key];
}

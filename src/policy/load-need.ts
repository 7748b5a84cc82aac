/** What the load of a subscription needs, all signals of its target together. */
import type { SignalNeed } from '../model/decision.ts';
import type { SubscriptionMemory } from '../model/memory.ts';
import { formatDuration, type Instant } from '../model/quantity.ts';
import { SIGNALS, type SubscriptionSample } from '../model/signal.ts';
import type { ScalingPolicy } from '../model/policy.ts';
import type { Crew } from './crews.ts';
import { panicNow, type Panic } from './panic.ts';
import { signalNeed, type MeasuredNeed } from './signal-need.ts';
import { counted } from './show-number.ts';
import { usableSamples } from './signal-window.ts';

export interface LoadInput {
  readonly crew: Crew;
  readonly samples: readonly SubscriptionSample[];
  readonly memory: SubscriptionMemory | undefined;
  /** Why signals are missing. */
  readonly problems: readonly string[];
  readonly now: Instant;
  /** Without reasons. */
  readonly quiet: boolean;
}

export interface Load {
  readonly needs: readonly SignalNeed[];
  /** The count that is wanted; undefined: no data. */
  readonly want: number | undefined;
  /** Processes that are needed awake, as far as is known. */
  readonly awake: number;
  /** Whether every signal has data. */
  readonly complete: boolean;
  readonly panic: Panic | undefined;
  /** Undefined when they were not asked for. */
  readonly reasons: string[] | undefined;
}

/**
 * The highest need of all signals. One without data wants the count that there is: others may raise it, none may lower it.
 * `have` is the count that was decided last.
 */
export function loadNeed(input: LoadInput, { target, tuning }: ScalingPolicy, have: number): Load {
  const { crew, memory, now, quiet } = input;
  const samples = usableSamples(input.samples, now, tuning.window);
  const measured: MeasuredNeed[] = [];
  for (const signal of Object.keys(target)) {
    const need = signalNeed({ signal, target: target[signal] ?? 0, samples, tuning, have, now, quiet });
    measured.push(orAsleep(need, crew));
  }
  if (measured.length > 1) measured.sort((a, b) => (a.signal < b.signal ? -1 : 1));
  let top: MeasuredNeed | undefined;
  let urgent: MeasuredNeed | undefined;
  let complete = true;
  for (const one of measured) {
    if (one.need === undefined) complete = false;
    else if (one.need > (top?.need ?? -1)) top = one;
    if ((one.panicNeed ?? -1) > (urgent?.panicNeed ?? -1)) urgent = one;
  }
  const needs = quiet ? NONE : measured.map(({ panicNeed: _unbounded, reason: _short, ...need }) => need);
  const reasons = quiet ? undefined : reasonsOf(input.problems, measured, top, have);
  if (top?.need === undefined)
    return { needs, want: undefined, awake: 0, complete: false, panic: memory?.panic, reasons };

  const awake = top.need;
  const panicNeed = urgent?.panicNeed;
  const panic = panicNow({
    before: memory?.panic,
    panicNeed,
    need: awake,
    ready: crew.ready.length,
    have,
    tuning,
    now,
  });
  const want = Math.max(awake, complete ? 0 : have);
  if (!panic) return { needs, want, awake, complete, panic, reasons };
  if (reasons) {
    const cause = panicNeed === undefined || !urgent ? '' : `, ${urgent.signal} needs ${panicNeed} now`;
    reasons.push(`in panic since ${formatDuration(now - panic.since)}${cause}, the count only rises: ${panic.count}`);
  }
  return { needs, want: Math.max(want, panic.count), awake: Math.max(awake, panicNeed ?? 0), complete, panic, reasons };
}

const NONE: readonly SignalNeed[] = [];

/** Problems first, what decides last: the highest need, or that there is no data for one that could raise it. */
function reasonsOf(
  problems: readonly string[],
  measured: readonly MeasuredNeed[],
  top: MeasuredNeed | undefined,
  have: number,
): string[] {
  const missing = measured.filter(({ need }) => need === undefined).map(({ reason }) => `${reason}: the count holds`);
  if (top?.need === undefined) return [...problems, ...missing];
  return top.need < have ? [...problems, top.reason, ...missing] : [...problems, ...missing, top.reason];
}

/** Nobody asks anything of processes that all sleep: a request would have woken one. Only the policy's own signals could know better. */
function orAsleep(measured: MeasuredNeed, { current, sleepers }: Crew): MeasuredNeed {
  if (measured.need !== undefined) return measured;
  const allAsleep = current > 0 && sleepers.length === current;
  if (!allAsleep || !SIGNALS.some((signal) => signal === measured.signal)) return measured;
  const formula = `all ${counted(current, 'process', 'processes')} sleep, needs 0`;
  return { ...measured, need: 0, panicNeed: 0, formula, reason: `${measured.signal} needs 0: all sleep` };
}

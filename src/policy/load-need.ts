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
  readonly scaling: ScalingPolicy;
  readonly crew: Crew;
  readonly samples: readonly SubscriptionSample[];
  readonly memory: SubscriptionMemory | undefined;
  /** Why signals are missing. */
  readonly problems: readonly string[];
  /** The count that was decided last. */
  readonly have: number;
  readonly now: Instant;
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
  readonly reasons: readonly string[];
}

/** The highest need of all signals. One without data wants the count that there is: others may raise it, none may lower it. */
export function loadNeed(input: LoadInput): Load {
  const { scaling, crew, memory, have, now } = input;
  const { target, tuning } = scaling;
  const samples = usableSamples(input.samples, now, tuning.window);
  const measured = Object.keys(target)
    .toSorted()
    .map((signal) => orAsleep(signalNeed({ signal, target: target[signal] ?? 0, samples, tuning, have, now }), crew));
  const missing = measured.filter(({ need }) => need === undefined).map(({ reason }) => `${reason}: the count holds`);
  const top = measured.reduce<MeasuredNeed | undefined>(
    (most, next) => ((next.need ?? -1) > (most?.need ?? -1) ? next : most),
    undefined,
  );
  const needs = measured.map(({ panicNeed: _unbounded, reason: _short, ...need }) => need);
  if (top?.need === undefined)
    return {
      needs,
      want: undefined,
      awake: 0,
      complete: false,
      panic: memory?.panic,
      reasons: [...input.problems, ...missing],
    };

  const panicNeeds = measured.flatMap(({ panicNeed }) => panicNeed ?? []);
  const panicNeed = panicNeeds.length === 0 ? undefined : Math.max(...panicNeeds);
  const complete = missing.length === 0;
  const awake = top.need;
  // What decides comes last.
  const words = awake < have ? [top.reason, ...missing] : [...missing, top.reason];
  const reasons = [...input.problems, ...words];
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
  const urgent = measured.find((one) => one.panicNeed === panicNeed)?.signal;
  const cause = panicNeed === undefined || urgent === undefined ? '' : `, ${urgent} needs ${panicNeed} now`;
  reasons.push(`in panic since ${formatDuration(now - panic.since)}${cause}, the count only rises: ${panic.count}`);
  return { needs, want: Math.max(want, panic.count), awake: Math.max(awake, panicNeed ?? 0), complete, panic, reasons };
}

/** Nobody asks anything of processes that all sleep: a request would have woken one. Only the policy's own signals could know better. */
function orAsleep(measured: MeasuredNeed, { current, sleepers }: Crew): MeasuredNeed {
  const allAsleep = current > 0 && sleepers.length === current;
  if (measured.need !== undefined || !allAsleep || !SIGNALS.some((signal) => signal === measured.signal))
    return measured;
  const formula = `all ${counted(current, 'process', 'processes')} sleep, needs 0`;
  return { ...measured, need: 0, panicNeed: 0, formula, reason: `${measured.signal} needs 0: all sleep` };
}

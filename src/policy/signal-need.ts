/** From one signal to a number of processes. */
import type { SignalNeed } from '../model/decision.ts';
import { formatDuration, type Instant } from '../model/quantity.ts';
import type { SubscriptionSample } from '../model/signal.ts';
import type { ScalingTuning } from '../model/policy.ts';
import { predict } from './predict.ts';
import { counted, showNumber, showShare } from './show-number.ts';
import { signalMeans, signalWindow } from './signal-window.ts';

export interface NeedInput {
  readonly signal: string;
  readonly target: number;
  /** Usable samples, oldest first. */
  readonly samples: readonly SubscriptionSample[];
  readonly tuning: ScalingTuning;
  /** The count that was decided last: within the tolerance of it nothing changes. */
  readonly have: number;
  readonly now: Instant;
  /** Without words. */
  readonly quiet?: boolean;
}

/** A need with its number for panic, which no bound has touched. */
export interface MeasuredNeed extends SignalNeed {
  readonly panicNeed?: number;
  /** The need in short, or why there is none. */
  readonly reason: string;
}

/**
 * need = ceil(sum / target), the sum over all processes averaged over the window: Knative's KPA (its target is total × utilisation)
 * and, with one sample, Nomad's target-value (count × metric / target). Within the tolerance of `have` the need is `have`. A prediction
 * counts when it is higher than the mean: it only raises.
 */
export function signalNeed(input: NeedInput): MeasuredNeed {
  const { signal, target, tuning, have, now } = input;
  if (!(target > 0)) return without(input, `a target of ${target} can be reached by no number`);
  const windows = { stable: tuning.window, panic: tuning.panic.window };
  const means = signalMeans(input.samples, signal, now, windows);
  const { stable, panic } = means;
  if (stable === undefined) return without(input, `no data for ${signal}`);
  const predicted =
    tuning.predict > 0
      ? predict(signalWindow(input.samples, signal, now, windows).stable, stable, tuning.predict)
      : undefined;
  const load = Math.max(stable, predicted ?? 0);
  const exact = load / target;
  // Also for panic: else a load that is a little above one process wants two, which are too many the moment after.
  const tolerate = (processes: number): number => {
    const near = have > 0 && Math.abs(processes / have - 1) <= tuning.tolerance + ROUNDING;
    return near ? have : wholeNumber(processes);
  };
  const need = tolerate(exact);
  const panicNeed = panic === undefined ? undefined : tolerate(panic / target);
  if (input.quiet) return { ...SILENT, signal, target, need, ...(panicNeed === undefined ? {} : { panicNeed }) };
  const division = `${showNumber(load)} / ${showNumber(target)} = ${showNumber(exact)}`;
  const tolerated = need === wholeNumber(exact) ? '' : `, within ${showShare(tuning.tolerance)} of ${have}`;
  const samples = counted(means.samples, 'sample');
  const ahead =
    predicted === undefined
      ? ''
      : `: ${showNumber(stable)}, in ${formatDuration(tuning.predict)} ${showNumber(predicted)}`;
  const short =
    panic === undefined || panicNeed === undefined
      ? ''
      : `; last ${formatDuration(tuning.panic.window)}: ${showNumber(panic)} / ${showNumber(target)}, needs ${panicNeed}`;
  return {
    signal,
    target,
    stable,
    ...(panic === undefined ? {} : { panic }),
    ...(predicted === undefined ? {} : { predicted }),
    need,
    ...(panicNeed === undefined ? {} : { panicNeed }),
    formula: `${division}, needs ${need}${tolerated} (mean of ${samples} in ${formatDuration(tuning.window)}${ahead})${short}`,
    reason: `${signal} needs ${need}: ${division}${tolerated}`,
  };
}

const SILENT = { formula: '', reason: '' };

function without({ signal, target }: NeedInput, reason: string): MeasuredNeed {
  return { signal, target, formula: reason, reason };
}

/** What binary fractions add to a share: 220 / 20 / 10 is a little more than 1.1. */
const ROUNDING = 1e-12;

/** Rounded up, but not for what only binary fractions put above a whole number: 2.1 / 0.7 needs 3. */
function wholeNumber(exact: number): number {
  const nearest = Math.round(exact);
  return exact - nearest <= 1e-9 * Math.max(1, exact) ? nearest : nearest + 1;
}

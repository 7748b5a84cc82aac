/** Synthetic loads: five shapes between a base and a peak, without chance, so that every run has the same. */
import type { Millis } from '../model/quantity.ts';
import type { Trace } from './workload.ts';

/** Names of {@link shapeTrace}. */
export const SHAPES = ['step', 'ramp', 'day', 'spike', 'flash'] as const;
export type Shape = (typeof SHAPES)[number];

export interface ShapeSettings {
  /** Requests a second at rest and at the height. */
  readonly base: number;
  readonly peak: number;
  readonly duration: Millis;
  /** Time between two values. */
  readonly step: Millis;
}

const HOUR = 3_600_000;
/** Length of a spike, or a twelfth of a short trace. */
const SPIKE = 300_000;

/**
 * - `step`: base, peak from one quarter of the time to three quarters, base.
 * - `ramp`: in a straight line from base to peak at half the time, and back.
 * - `day`: a sine with a period of 24 h, lowest at its beginning: base + (peak − base) · (1 − cos 2πt) / 2.
 * - `spike`: base, and 5 minutes at peak in the middle of every sixth of the time.
 * - `flash`: a flash crowd after I. Ari et al., Managing flash crowds on the Internet (MASCOTS 2003), see {@link flashCrowd}.
 */
export function shapeTrace(shape: Shape, settings: ShapeSettings): Trace {
  const { base, peak, duration, step } = settings;
  const height = heightOf(shape, settings);
  const times: number[] = [];
  const values: number[] = [];
  for (let time = 0; time < duration; time += step) {
    times.push(time);
    // In the middle of the step, so that a long one is not judged by its edge.
    values.push(base + (peak - base) * height(time + step / 2));
  }
  const name = `${shape}, ${rounded(base)} to ${rounded(peak)} requests/s`;
  return { name, times, columns: { requestsPerSecond: values } };
}

function heightOf(shape: Shape, { base, peak, duration }: ShapeSettings): (time: number) => number {
  switch (shape) {
    case 'step':
      return (time) => (time >= duration / 4 && time < (duration * 3) / 4 ? 1 : 0);
    case 'ramp':
      return (time) => 1 - Math.abs((2 * time) / duration - 1);
    case 'day':
      return (time) => (1 - Math.cos((2 * Math.PI * time) / (24 * HOUR))) / 2;
    case 'spike': {
      const period = duration / 6;
      const length = Math.min(SPIKE, period / 2);
      const from = (period - length) / 2;
      return (time) => (time % period >= from && time % period < from + length ? 1 : 0);
    }
    case 'flash':
      return flashCrowd(base > 0 ? peak / base : Math.max(peak, 1), duration);
  }
}

/**
 * The three phases of a flash crowd. With the shock level s = peak ÷ base, Ari et al. give for the ramp-up
 * 1 ÷ log10(1 + s), for the sustained traffic log10(1 + s) and for the ramp-down n · log10(1 + s) of a unit of time; here n = 2 and
 * the unit is a twelfth of the trace, in whose first quarter nothing happens. What would go beyond the end is shortened alike.
 */
function flashCrowd(shock: number, duration: number): (time: number) => number {
  const level = Math.max(0.1, Math.log10(1 + Math.max(0, shock)));
  const [up, high, down] = [1 / level, level, 2 * level];
  const begin = duration / 4;
  const unit = Math.min(duration / 12, (duration - begin) / (up + high + down));
  const top = begin + up * unit;
  const fall = top + high * unit;
  const end = fall + down * unit;
  return (time) => {
    if (time < begin || time >= end) return 0;
    if (time < top) return (time - begin) / (top - begin);
    return time < fall ? 1 : (end - time) / (end - fall);
  };
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

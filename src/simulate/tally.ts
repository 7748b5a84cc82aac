/** Adding up what happens to one subscription, or to all of them, while virtual time goes by. */
import type { Instant, Millis } from '../model/quantity.ts';
import type { Series, Totals } from './result.ts';

/** One step of one subscription. */
export interface StepFacts {
  readonly requests: number;
  readonly slow: number;
  readonly refused: number;
  readonly ready: number;
  readonly awake: number;
  readonly asleep: number;
  readonly wanted: number;
  /** Milliseconds; counts as often as there are requests. */
  readonly responseTime: number;
}

/** Two changes against each other within this time are thrash. */
const THRASH = 600_000;

/** Sums, and curves with at most so many points as `points` says; without points no curves. */
export class Tally {
  #requests = 0;
  #slow = 0;
  #refused = 0;
  #awake = 0;
  #asleep = 0;
  #max = 0;
  #missing = 0;
  #wakes = 0;
  #thrash = 0;
  #direction = 0;
  #changedAt = Number.NEGATIVE_INFINITY;
  readonly #curves: Curves | undefined;
  readonly #step: Millis;
  readonly #steps: number;

  constructor(step: Millis, steps: number, points: number) {
    this.#step = step;
    this.#steps = steps;
    this.#curves = points > 0 ? new Curves(steps, points) : undefined;
  }

  add(index: number, facts: StepFacts): void {
    this.#requests += facts.requests;
    this.#slow += facts.slow;
    this.#refused += facts.refused;
    this.#awake += facts.awake;
    this.#asleep += facts.asleep;
    this.#missing += Math.max(0, facts.wanted - facts.awake - facts.asleep);
    if (facts.awake > this.#max) this.#max = facts.awake;
    this.#curves?.add(index, facts);
  }

  woke(): void {
    this.#wakes += 1;
  }

  /** The count was changed by `difference`. */
  changed(now: Instant, difference: number): void {
    const direction = Math.sign(difference);
    if (direction === 0) return;
    if (this.#direction === -direction && now - this.#changedAt <= THRASH) this.#thrash += 1;
    this.#direction = direction;
    this.#changedAt = now;
  }

  totals(): Totals {
    const hours = this.#step / 3_600_000;
    return {
      requests: Math.round(this.#requests),
      slow: Math.round(this.#slow),
      refused: Math.round(this.#refused),
      violations: this.#requests > 0 ? Math.min(1, (this.#slow + this.#refused) / this.#requests) : 0,
      processHours: this.#awake * hours,
      sleepHours: this.#asleep * hours,
      mean: this.#steps > 0 ? this.#awake / this.#steps : 0,
      max: this.#max,
      wakes: this.#wakes,
      thrash: this.#thrash,
      missingHours: this.#missing * hours,
    };
  }

  series(start: Instant): Series | undefined {
    return this.#curves?.series(start, this.#step);
  }
}

/** Adds up totals of several; `max` and `mean` are those of `together`. */
export function sumTotals(parts: readonly Totals[], together: Totals): Totals {
  const sum = (key: 'wakes' | 'thrash'): number => parts.reduce((total, part) => total + part[key], 0);
  return { ...together, wakes: sum('wakes'), thrash: sum('thrash') };
}

class Curves {
  readonly #each: number;
  readonly #points: number;
  readonly #steps: number;
  readonly #load: Float64Array;
  readonly #late: Float64Array;
  readonly #time: Float64Array;
  readonly #ready: Float64Array;
  readonly #wanted: Float64Array;
  readonly #asleep: Float64Array;

  constructor(steps: number, points: number) {
    this.#steps = steps;
    this.#each = Math.max(1, Math.ceil(steps / points));
    this.#points = Math.ceil(steps / this.#each);
    const empty = (): Float64Array => new Float64Array(this.#points);
    [this.#load, this.#late, this.#time, this.#ready, this.#wanted, this.#asleep] = [
      empty(),
      empty(),
      empty(),
      empty(),
      empty(),
      empty(),
    ];
  }

  add(index: number, facts: StepFacts): void {
    const at = Math.floor(index / this.#each);
    this.#load[at] = (this.#load[at] ?? 0) + facts.requests;
    this.#late[at] = (this.#late[at] ?? 0) + facts.slow + facts.refused;
    this.#time[at] = (this.#time[at] ?? 0) + facts.responseTime * facts.requests;
    this.#ready[at] = Math.max(this.#ready[at] ?? 0, facts.ready);
    this.#wanted[at] = Math.max(this.#wanted[at] ?? 0, facts.wanted);
    this.#asleep[at] = Math.max(this.#asleep[at] ?? 0, facts.asleep);
  }

  series(start: Instant, step: Millis): Series {
    const width = (this.#each * step) / 1000;
    const each = <T>(make: (at: number) => T): T[] => Array.from({ length: this.#points }, (_, at) => make(at));
    const stepsIn = (at: number): number => Math.min(this.#each, this.#steps - at * this.#each);
    const requests = (at: number): number => this.#load[at] ?? 0;
    return {
      times: each((at) => Math.round(start / 1000 + at * width)),
      load: each((at) => round(requests(at) / ((stepsIn(at) * step) / 1000))),
      ready: [...this.#ready],
      wanted: [...this.#wanted],
      asleep: [...this.#asleep],
      responseTime: each((at) => (requests(at) > 0 ? round((this.#time[at] ?? 0) / requests(at)) : 0)),
      violations: each((at) => (requests(at) > 0 ? round(Math.min(1, (this.#late[at] ?? 0) / requests(at))) : 0)),
    };
  }
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

/** Adding up VMs, their hours and what they cost. */
import type { Millis } from '../model/quantity.ts';
import type { Fleet } from './fleet.ts';
import type { SimulationResult } from './result.ts';

/** Sums over all partitions, and a curve of at most `points` values. */
export class MachineTally {
  made = 0;
  removed = 0;
  #hours = 0;
  #cost: number | undefined;
  #max = 0;
  readonly curve: number[] = [];
  readonly #each: number;
  readonly #stepHours: number;
  readonly #time: number;

  constructor(step: Millis, steps: number, points: number) {
    this.#stepHours = step / 3_600_000;
    this.#time = steps * this.#stepHours;
    this.#each = Math.max(1, Math.ceil(steps / points));
  }

  /** The VMs of step `index`. */
  add(index: number, fleet: Fleet): void {
    let count = 0;
    for (const pool of fleet.vms.values())
      for (const { offer } of pool) {
        count += 1;
        if (offer.price !== undefined) this.#cost = (this.#cost ?? 0) + offer.price * this.#stepHours;
      }
    this.#hours += count * this.#stepHours;
    this.#max = Math.max(this.#max, count);
    const at = Math.floor(index / this.#each);
    this.curve[at] = Math.max(this.curve[at] ?? 0, count);
  }

  totals(): SimulationResult['vms'] {
    return {
      hours: this.#hours,
      mean: this.#hours / this.#time,
      max: this.#max,
      made: this.made,
      removed: this.removed,
      ...(this.#cost === undefined ? {} : { cost: this.#cost }),
    };
  }
}

/** From how many to how many. */

/** The `max` of something without a bound of its own: a whole number that survives JSON. */
export const NO_BOUND = Number.MAX_SAFE_INTEGER;

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

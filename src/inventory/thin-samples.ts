/** Which lines of the samples file are kept when it has grown too large. */

export interface TimedLine {
  readonly at: number;
  readonly bytes: number;
}

/** For so long every line is kept, where they fit: 2 hours. */
const FINE = 7_200_000;
/** Then one a minute, for a day. */
const COARSE = 60_000;
const LAST = 86_400_000;
/** Lines that policy still averages: they are the last to be thinned. */
const RECENT = 300_000;
/** Distances in ms that lines are thinned to, one after the other, until they fit. */
const STEPS = [5_000, 10_000, 30_000, 60_000];

/**
 * The lines to keep, in their order, of at most `budget` bytes. Those of the future go: they were written before the clock was set
 * back, and would otherwise stay for ever. The newest line is always kept.
 */
export function thinSamples<T extends TimedLine>(lines: readonly T[], now: number, budget: number): readonly T[] {
  const usable = lines.filter(({ at }) => at <= now && now - at <= LAST);
  let kept = spaced(usable, (age) => (age > FINE ? COARSE : 0), now);
  for (const beyond of [RECENT, 0])
    for (const step of STEPS) {
      if (sizeOf(kept) <= budget) return kept;
      kept = spaced(kept, (age) => (age > FINE ? COARSE : age > beyond ? step : 0), now);
    }
  let size = sizeOf(kept);
  let first = 0;
  for (; size > budget && first < kept.length - 1; first++) size -= kept[first]?.bytes ?? 0;
  return kept.slice(first);
}

/** Leaves out, from the newest to the oldest, what is closer than it may be to the line kept before. */
function spaced<T extends TimedLine>(
  lines: readonly T[],
  distance: (age: number) => number,
  now: number,
): readonly T[] {
  let next = Number.POSITIVE_INFINITY;
  return lines
    .toReversed()
    .flatMap((line) => {
      if (next - line.at < distance(now - line.at)) return [];
      next = line.at;
      return [line];
    })
    .reverse();
}

function sizeOf(lines: readonly TimedLine[]): number {
  return lines.reduce((sum, { bytes }) => sum + bytes, 0);
}

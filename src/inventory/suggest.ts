import { distance } from 'fastest-levenshtein';

/** The candidate that was most likely meant; undefined when none is near: more than a third of the letters would differ. */
export function suggest(wrong: string, candidates: Iterable<string>): string | undefined {
  if (wrong.length > 80) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(wrong.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wrong.length) >= least) continue;
    const edits = distance(wrong.toLowerCase(), candidate.toLowerCase());
    if (edits < least && edits < Math.max(candidate.length, wrong.length)) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** The end of a message about a name that is not there: `; did you mean shop?`, or nothing when none is near. */
export function didYouMean(wrong: string, candidates: Iterable<string>): string {
  const meant = suggest(wrong, candidates);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

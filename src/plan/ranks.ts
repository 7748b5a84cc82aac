/** Several numbers that are compared one after the other; the first that differs decides. */
export type Rank = readonly number[];

/** Below zero where `a` comes before `b`; zero for equals. */
export function compareRanks(a: Rank, b: Rank): number {
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return (a[at] ?? 0) - (b[at] ?? 0);
  return 0;
}

/** Answers that hold for a while: many machines are made of one image, in one network. */

/** The same question; who asks it again within `time` (ms) gets the answer from before. A failure is not remembered. */
export function remembered<T>(
  time: number,
  ask: (name: string, signal?: AbortSignal) => Promise<T>,
): (name: string, signal?: AbortSignal) => Promise<T> {
  const known = new Map<string, { readonly answer: T; readonly until: number }>();
  return async (name, signal) => {
    const before = known.get(name);
    if (before && performance.now() < before.until) return before.answer;
    const answer = await ask(name, signal);
    known.set(name, { answer, until: performance.now() + time });
    return answer;
  };
}

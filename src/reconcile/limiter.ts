/** Bounds how many pieces of work run at one time; the rest waits in order. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/** A limiter for `limit` pieces of work side by side. */
export function limiter(limit: number): Limiter {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

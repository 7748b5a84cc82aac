/** Work whose result is asked for again and again. */

/** Does the work at the first call and gives its result to all; what failed is tried again at the next call. */
export function remembered<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return async () => {
    const own = (result ??= work());
    try {
      return await own;
    } catch (error) {
      if (result === own) result = undefined;
      throw error;
    }
  };
}

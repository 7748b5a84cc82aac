/** Work that is done once for each value. */

/**
 * A function that works out its result once for each identical value, and has it again for as long as that is there. Values are replaced
 * and never changed in place: a simulation gives the same lists to thousands of decisions.
 */
export function onceFor<K extends object, T>(work: (value: K) => T): (value: K) => T {
  const known = new WeakMap<K, { readonly result: T }>();
  return (value) => {
    let found = known.get(value);
    if (!found) known.set(value, (found = { result: work(value) }));
    return found.result;
  };
}

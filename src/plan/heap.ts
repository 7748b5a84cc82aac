/** A binary heap: the smallest item first. */
export interface Heap<T> {
  readonly size: number;
  push(item: T): void;
  pop(): T | undefined;
}

export function heap<T>(compare: (a: T, b: T) => number): Heap<T> {
  const items: T[] = [];
  const before = (a: number, b: number): boolean => compare(items[a] as T, items[b] as T) < 0;
  const swap = (a: number, b: number): void => {
    [items[a], items[b]] = [items[b] as T, items[a] as T];
  };
  return {
    get size() {
      return items.length;
    },
    push(item) {
      items.push(item);
      let at = items.length - 1;
      for (let parent = (at - 1) >> 1; at > 0 && before(at, parent); parent = (at - 1) >> 1) {
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      if (items.length === 0) return undefined;
      swap(0, items.length - 1);
      const top = items.pop();
      for (let at = 0; ;) {
        const left = 2 * at + 1;
        if (left >= items.length) return top;
        const child = left + 1 < items.length && before(left + 1, left) ? left + 1 : left;
        if (!before(child, at)) return top;
        swap(child, at);
        at = child;
      }
    },
  };
}

/** Names of VMs and processes: a stem, a hyphen and a number from 1. */

/** Number at the end of `web-12`; 0 where there is none. */
export function numberOf(name: string): number {
  const digits = /-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

/** `web-12` without its number. */
export function stemOf(name: string): string {
  return name.replace(/-\d+$/, '');
}

/** By code unit, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `web-2` before `web-10`. */
export function compareNames(a: string, b: string): number {
  return compareText(stemOf(a), stemOf(b)) || numberOf(a) - numberOf(b) || compareText(a, b);
}

/** Hands out the lowest free number of each stem. Numbers are never given twice. */
export interface Numbering {
  /** Marks a number as used. */
  use(stem: string, number: number): void;
  /** Makes a used number free again: what had it is gone for good. */
  free(stem: string, number: number): void;
  next(stem: string): number;
}

export function numbering(): Numbering {
  const used = new Map<string, { readonly numbers: Set<number>; lowest: number }>();
  const of = (stem: string) => {
    let entry = used.get(stem);
    if (!entry) used.set(stem, (entry = { numbers: new Set(), lowest: 1 }));
    return entry;
  };
  return {
    use(stem, number) {
      of(stem).numbers.add(number);
    },
    free(stem, number) {
      const entry = of(stem);
      entry.numbers.delete(number);
      entry.lowest = Math.max(1, Math.min(entry.lowest, number));
    },
    next(stem) {
      const entry = of(stem);
      while (entry.numbers.has(entry.lowest)) entry.lowest += 1;
      entry.numbers.add(entry.lowest);
      return entry.lowest;
    },
  };
}

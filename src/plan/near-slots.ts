import type { Slot } from './slot.ts';

/** Where the aliases are that others want to be near. */
export interface NearSlots {
  /** VMs that had a process of the alias at some time of this plan, in the order in which it came to them. */
  of(alias: string): readonly Slot[];
  /** Tells of a process of the alias that is on a VM now. */
  settled(slot: Slot, alias: string): void;
}

/** Keeps an eye on `aliases` alone, so that it costs nothing where nobody wants to be near anybody. */
export function nearSlots(aliases: Iterable<string>, slots: readonly Slot[]): NearSlots {
  const lists = new Map([...aliases].map((alias) => [alias, new Set<Slot>()]));
  const arrays = new Map<string, readonly Slot[]>();
  for (const slot of lists.size === 0 ? [] : slots) {
    for (const [alias, count] of slot.staying) if (count > 0) lists.get(alias)?.add(slot);
  }
  return {
    of(alias) {
      const known = arrays.get(alias);
      if (known) return known;
      const made = [...(lists.get(alias) ?? [])];
      arrays.set(alias, made);
      return made;
    },
    settled(slot, alias) {
      const list = lists.get(alias);
      if (!list || list.has(slot)) return;
      list.add(slot);
      arrays.delete(alias);
    },
  };
}

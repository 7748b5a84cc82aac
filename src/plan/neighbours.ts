/** Who may be beside whom on a VM. */
import type { Spec } from '../model/spec.ts';
import { compareText } from './names.ts';
import type { Slot } from './slot.ts';

/** What a process asks of those beside it. */
export interface Company {
  readonly alias: string;
  /** Never beside another process of the same alias that stays. */
  readonly apart: boolean;
  /** Aliases whose VMs are preferred. */
  readonly near: readonly string[];
  /** Aliases whose VMs are never shared. */
  readonly never: readonly string[];
}

/** By alias, the aliases it is never beside: `apart` holds both ways, whoever says it. */
export function apartIndex(spec: Spec): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const add = (alias: string, other: string): void => {
    const known = found.get(alias);
    if (known) known.add(other);
    else found.set(alias, new Set([other]));
  };
  for (const { alias, apart } of Object.values(spec.subscriptions)) {
    for (const other of apart) {
      if (other === alias) continue;
      add(alias, other);
      add(other, alias);
    }
  }
  return new Map([...found].map(([alias, others]) => [alias, [...others].sort(compareText)]));
}

const countOf = (counts: ReadonlyMap<string, number>, alias: string): number => counts.get(alias) ?? 0;

/** Whether nothing is there that must never be beside it: neither what stays nor what is still on its way out. */
export function isAllowed({ staying, departing }: Slot, { alias, apart, never }: Company): boolean {
  if (apart && countOf(staying, alias) > 0) return false;
  return never.every((other) => countOf(staying, other) + countOf(departing, other) <= 0);
}

/** Whether no other process of its own is there, one that leaves included: better than {@link isAllowed}, where it counts. */
export function isAlone({ staying, departing }: Slot, { alias, apart }: Company): boolean {
  return !apart || countOf(staying, alias) + countOf(departing, alias) <= 0;
}

/** Removals that must have succeeded before it can be there. */
export function removalsBefore({ gone }: Slot, { never }: Company): readonly string[] {
  return gone.size === 0 ? [] : never.flatMap((other) => gone.get(other) ?? []);
}

/** Whether one of those that it prefers to be near is there. */
export function isNear({ staying }: Slot, { near }: Company): boolean {
  return near.some((other) => countOf(staying, other) > 0);
}

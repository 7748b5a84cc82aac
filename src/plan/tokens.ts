/**
 * Permits of a rollout. Each is given by an action that makes it true (a process that got ready, a process that is gone) and
 * taken by one that needs it; the taker depends on the giver, so a failed step stops exactly what stood on it.
 */
export interface Tokens {
  /** Permits that depend on nothing. */
  free: number;
  /** Actions that gave a permit and are not taken yet, from `head` on. */
  readonly givers: string[];
  head: number;
  /** Permits that must be given before any can be taken. */
  debt: number;
  /** Actions that paid debts. */
  readonly paid: string[];
}

/** `balance` permits to begin with; below 0 it is a debt. */
export function tokens(balance: number): Tokens {
  return { free: Math.max(0, balance), givers: [], head: 0, debt: Math.max(0, -balance), paid: [] };
}

export function give(to: Tokens, giver: string): void {
  if (to.debt > 0) {
    to.debt -= 1;
    to.paid.push(giver);
  } else to.givers.push(giver);
}

export function hasToken(of: Tokens): boolean {
  return of.free > 0 || of.head < of.givers.length;
}

/** How many can be taken now. */
export function permits(of: Tokens): number {
  return of.free + of.givers.length - of.head;
}

/** Takes a permit and returns what it depends on; call it only when there is one. */
export function take(from: Tokens): readonly string[] {
  if (from.free > 0) {
    from.free -= 1;
    return [];
  }
  const giver = from.givers[from.head];
  from.head += 1;
  return giver === undefined ? [] : [giver];
}

/** Takes back the permit that `giver` gave to pay a debt: the debt is there again. */
export function borrowOn(from: Tokens, giver: string): readonly string[] {
  from.debt += 1;
  return from.paid.splice(from.paid.indexOf(giver), 1);
}

/** Takes one permit more than there are, once all debts are paid; the next one that is given pays for it. */
export function borrow(from: Tokens): readonly string[] {
  from.debt += 1;
  return from.paid.splice(0);
}

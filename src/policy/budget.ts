/** What the whole fleet may still grow by, dealt out to partitions, so that together they cannot pass the guards. */
import { NO_BOUND } from '../model/bounds.ts';
import { type GuardsSpec } from '../model/policy.ts';
import { showNumber } from './show-number.ts';

export interface Ask {
  readonly partition: string;
  /** Machines that it has. */
  readonly have: number;
  /** Its policy's bounds. */
  readonly min: number;
  readonly max: number;
  /** Machines that it needs at least. */
  readonly demand: number;
  /** What a further one costs at least in an hour. */
  readonly price: number;
}

export interface Grant {
  /** Most machines that it may have: its policy's own bound, or what it has and may still get. */
  readonly max: number;
  /** Most that further ones may cost together; undefined: no bound. */
  readonly spend?: number;
  /** Machines that it needs and may not have. */
  readonly unmet: number;
}

export interface Budget {
  readonly grants: ReadonlyMap<string, Grant>;
  /** What is spent, in words; undefined: nobody needs more than there is. */
  readonly spent?: string;
}

/**
 * First what minimums lack, then what demands lack, each in the order of names; what is left then in equal shares, since placement
 * may need more than resources alone tell. What exists is never taken away by a budget.
 */
export function dealBudget(
  asks: readonly Ask[],
  ours: { readonly total: number; readonly cost: number },
  guards: Pick<GuardsSpec, 'maxVms' | 'maxCostPerHour'>,
): Budget {
  const { maxVms, maxCostPerHour } = guards;
  if (maxVms >= NO_BOUND && maxCostPerHour === undefined)
    return { grants: new Map(asks.map(({ partition, max }) => [partition, { max, unmet: 0 }])) };
  const sorted = asks.toSorted((a, b) => (a.partition < b.partition ? -1 : 1));
  const purse = {
    vms: Math.max(0, maxVms - ours.total),
    cost: Math.max(0, (maxCostPerHour ?? Infinity) - ours.cost),
  };
  const given = new Map<string, number>(sorted.map(({ partition }) => [partition, 0]));
  const deal = (ask: Ask, upTo: number): void => {
    const before = given.get(ask.partition) ?? 0;
    const more = Math.max(0, Math.min(upTo - ask.have - before, purse.vms, affordable(purse.cost, ask.price)));
    given.set(ask.partition, before + more);
    purse.vms -= more;
    purse.cost -= more * ask.price;
  };
  for (const ask of sorted) deal(ask, Math.min(ask.min, ask.max));
  for (const ask of sorted) deal(ask, Math.min(ask.demand, ask.max));
  const grants = new Map<string, Grant>();
  sorted.forEach((ask, at) => {
    // Of what is left each takes its share, and leaves the rest to those after it.
    const others = sorted.length - at;
    const had = given.get(ask.partition) ?? 0;
    const money = purse.cost / others;
    const extra = Math.min(Math.ceil(purse.vms / others), affordable(money, ask.price));
    purse.vms -= extra;
    if (Number.isFinite(money)) purse.cost -= money;
    grants.set(ask.partition, {
      max: Math.min(ask.max, ask.have + had + extra),
      ...(maxCostPerHour === undefined ? {} : { spend: had * ask.price + money }),
      unmet: Math.max(0, Math.min(ask.demand, ask.max) - ask.have - had),
    });
  });
  const unmet = [...grants].filter(([, grant]) => grant.unmet > 0);
  return unmet.length === 0 ? { grants } : { grants, spent: spentWords(unmet, ours, guards) };
}

/** How many the money is enough for, sums of prices not being exact. */
function affordable(money: number, price: number): number {
  return price <= 0 ? Infinity : Math.floor(money / price + 1e-9);
}

function spentWords(
  unmet: readonly (readonly [string, Grant])[],
  ours: { readonly total: number; readonly cost: number },
  { maxVms, maxCostPerHour }: Pick<GuardsSpec, 'maxVms' | 'maxCostPerHour'>,
): string {
  const wants = unmet.map(([partition, grant]) => `${partition} ${grant.unmet}`).join(', ');
  const vms = maxVms >= NO_BOUND ? '' : `maxVms ${maxVms}, and ${ours.total} are ours`;
  const cost =
    maxCostPerHour === undefined
      ? ''
      : `maxCostPerHour ${showNumber(maxCostPerHour)}, and ours cost ${showNumber(ours.cost)}`;
  return `the budget is spent (${[vms, cost].filter((part) => part !== '').join('; ')}): more VMs are needed and not made: ${wants}`;
}

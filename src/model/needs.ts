/** Who needs whom, as a graph: aliases in a fixed order, so that the order of a spec changes nothing. */
import { gatewayHome, partitionOf, type NeedSpec, type Spec } from './spec.ts';

/** What a subscription needs; nothing for one that is not there. */
export function needsOf(spec: Pick<Spec, 'subscriptions'>, alias: string): readonly NeedSpec[] {
  return (Object.hasOwn(spec.subscriptions, alias) ? spec.subscriptions[alias]?.needs : undefined) ?? NONE;
}

const NONE: readonly never[] = [];

/** Aliases that need this one, by name. */
export function dependentsOf(spec: Pick<Spec, 'subscriptions'>, alias: string): readonly string[] {
  return Object.values(spec.subscriptions)
    .flatMap((subscription) =>
      subscription.needs?.some((need) => need.subscription === alias) ? [subscription.alias] : [],
    )
    .toSorted();
}

/** All aliases, each after what it needs; by name where that leaves a choice. Ends also where needs go round in a circle. */
export function inOrderOfNeeds(spec: Pick<Spec, 'subscriptions'>): readonly string[] {
  const placed = new Set<string>();
  const pending = new Set<string>();
  const visit = (alias: string): void => {
    if (placed.has(alias) || !Object.hasOwn(spec.subscriptions, alias)) return;
    pending.add(alias);
    for (const { subscription } of needsOf(spec, alias).toSorted(byAlias))
      if (!pending.has(subscription)) visit(subscription);
    pending.delete(alias);
    placed.add(alias);
  };
  for (const alias of Object.keys(spec.subscriptions).toSorted()) visit(alias);
  return [...placed];
}

function byAlias(a: NeedSpec, b: NeedSpec): number {
  return a.subscription < b.subscription ? -1 : Number(a.subscription > b.subscription);
}

/**
 * Circles in which needs go round, each once, from its first alias by name to the same alias again. Aliases that are nowhere defined
 * need nothing.
 */
export function circles(needs: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (alias: string): void => {
    const at = path.indexOf(alias);
    if (at >= 0) {
      const circle = fromFirst(path.slice(at));
      found.set(circle.join(' '), circle);
      return;
    }
    if (done.has(alias)) return;
    path.push(alias);
    for (const next of (needs.get(alias) ?? NONE).toSorted()) visit(next);
    path.pop();
    done.add(alias);
  };
  for (const alias of [...needs.keys()].toSorted()) visit(alias);
  return [...found.values()];
}

function fromFirst(circle: readonly string[]): readonly string[] {
  const first = circle.indexOf(circle.toSorted()[0] ?? '');
  const turned = [...circle.slice(first), ...circle.slice(0, first)];
  return [...turned, ...turned.slice(0, 1)];
}

/** Aliases that something in this partition needs and that the gateways of another one serve on a port, by name. */
export function passagesInto(spec: Spec, partition: string): readonly string[] {
  const servedBy = (alias: string): string => gatewayHome(spec.partitions, partitionOf(spec, alias) ?? '');
  const needed = Object.values(spec.subscriptions).flatMap(({ alias, needs = [] }) =>
    needs.length > 0 && partitionOf(spec, alias) === partition ? needs.map(({ subscription }) => subscription) : [],
  );
  return [...new Set(needed)].filter((alias) => servedBy(alias) !== partition && isServed(spec, alias)).sort();
}

/** Whether gateways serve a subscription on a port of its own. */
export function isServed(spec: Spec, alias: string): boolean {
  const subscription = spec.subscriptions[alias];
  const cartridge = subscription && spec.cartridges[subscription.cartridge];
  return subscription?.port !== undefined && cartridge !== undefined && cartridge.ports.length > 0;
}

/** What is looked for when a process gets a VM, the best first, whatever the strategy. */
import type { Demand } from './capacity.ts';
import { zoneKey } from './found.ts';
import { isAllowed, isAlone, isNear, type Company } from './neighbours.ts';
import type { Slot } from './slot.ts';

export interface Request extends Company {
  readonly demand: Demand;
}

const zoneOf = ({ iaas, zone }: Slot): string => zoneKey(iaas, zone);

/** The zones of a fleet, where processes of the alias are to be apart, those with fewest of them first; empty where there is but one. */
export function zonesFor({ alias, apart }: Request, slots: Iterable<Slot>): readonly string[] {
  if (!apart) return [];
  const counts = new Map<string, number>();
  for (const slot of slots)
    if (slot.zone !== undefined)
      counts.set(zoneOf(slot), (counts.get(zoneOf(slot)) ?? 0) + (slot.staying.get(alias) ?? 0));
  if (counts.size < 2) return [];
  return [...counts].sort(([, a], [, b]) => a - b).map(([zone]) => zone);
}

export interface Tier {
  readonly name: string;
  readonly near: boolean;
  readonly accepts: (slot: Slot) => boolean;
}

/** What is looked for, the best first. `zones`: those where the fewest of the alias are come first; empty where there is no choice. */
export function tiersOf(request: Request, zones: readonly string[]): readonly Tier[] {
  const allowed = (slot: Slot): boolean => isAllowed(slot, request);
  const alone = (slot: Slot): boolean => isAllowed(slot, request) && isAlone(slot, request);
  const tiers: Tier[] = [];
  const add = (name: string, accepts: (slot: Slot) => boolean): void => {
    if (request.near.length > 0)
      tiers.push({ name: `${name}, near`, near: true, accepts: (slot) => isNear(slot, request) && accepts(slot) });
    tiers.push({ name, near: false, accepts });
  };
  for (const zone of zones) add(`alone in ${zone}`, (slot) => zoneOf(slot) === zone && alone(slot));
  if (request.apart) add('alone', alone);
  add('allowed', allowed);
  return tiers;
}

import type { SubscriptionSpec } from '../model/spec.ts';
import { zoneKey } from './found.ts';
import { heap } from './heap.ts';
import type { Member } from './member.ts';
import type { PartitionView } from './partition-view.ts';
import { compareRanks, type Rank } from './ranks.ts';
import { addTo, type Slot } from './slot.ts';
import { isReady, type Departure } from './work.ts';

/**
 * Which processes go when there are too many: those that do not serve, then those on VMs that take no more, then those that would
 * be replaced anyway, then sleepers, then those on VMs that policy does not need, then from the VM nearest to empty (so that it
 * can be released), or, where processes are spread, from the VM and then the zone with most of them; of these the one with fewest requests in
 * flight (those that were not measured last), at last the newest. One stays awake as long as there may be load.
 */
export function chooseVictims(
  view: PartitionView,
  subscription: SubscriptionSpec | undefined,
  candidates: readonly Member[],
  old: ReadonlyMap<Member, Departure>,
  count: number,
): readonly Member[] {
  if (count <= 0) return [];
  if (count >= candidates.length) return candidates;
  const spread = view.strategy === 'spread' || subscription?.spread === true;
  const crowd = new Map<string, number>();
  const note = ({ name, iaas, zone }: Slot, by: 1 | -1): void => {
    addTo(crowd, name, by);
    if (zone !== undefined) addTo(crowd, zoneKey(iaas, zone), by);
  };
  for (const { slot } of candidates) note(slot, 1);
  // Numbers compared one after the other; the lowest goes first.
  const rank = (member: Member): Rank => [
    isReady(member) ? 1 : 0,
    member.slot.closed ? 0 : 1,
    old.has(member) ? 0 : 1,
    member.asleep === undefined ? 1 : 0,
    member.slot.unneeded === undefined ? 1 : 0,
    spread ? -(crowd.get(member.slot.name) ?? 0) : member.slot.population,
    spread ? -(crowd.get(zoneKey(member.slot.iaas, member.slot.zone)) ?? 0) : 0,
    inFlight(view, member),
    -member.slot.number,
    -member.createdAt,
    -member.ordinal,
  ];
  const queue = heap<{ readonly member: Member; readonly rank: Rank }>((a, b) => compareRanks(a.rank, b.rank));
  for (const member of candidates) queue.push({ member, rank: rank(member) });
  const victims: Member[] = [];
  while (victims.length < count) {
    const top = queue.pop();
    if (!top) break;
    const now = rank(top.member);
    if (compareRanks(now, top.rank) > 0) {
      // Others went from its VM since: it is compared again.
      queue.push({ member: top.member, rank: now });
      continue;
    }
    victims.push(top.member);
    note(top.member.slot, -1);
  }
  return keepOneAwake(view, candidates, victims);
}

/** The last one that is awake is worth more than a sleeper while somebody asks for it. */
function keepOneAwake(
  view: PartitionView,
  candidates: readonly Member[],
  victims: readonly Member[],
): readonly Member[] {
  const awake = (member: Member): boolean => isReady(member) && member.asleep === undefined;
  const going = new Set(victims);
  const last = victims.findLast(awake);
  if (!last || candidates.some((member) => awake(member) && !going.has(member))) return victims;
  const sleeper = candidates.find((member) => member.asleep !== undefined && !going.has(member));
  if (!sleeper || !victims.some((member) => awake(member) && mayBeBusy(view, member))) return victims;
  return victims.map((member) => (member === last ? sleeper : member));
}

/** Whether it has, or may have, something to do. */
function mayBeBusy({ input }: PartitionView, { name }: Member): boolean {
  const sample = input.measurement?.processes[name];
  if (sample?.requestsInFlight === undefined && sample?.requestsPerSecond === undefined) return true;
  return (sample.requestsInFlight ?? 0) > 0 || (sample.requestsPerSecond ?? 0) > 0;
}

function inFlight({ input }: PartitionView, { name }: Member): number {
  return input.measurement?.processes[name]?.requestsInFlight ?? Number.MAX_SAFE_INTEGER;
}

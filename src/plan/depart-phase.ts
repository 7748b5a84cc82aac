/** What leaves in a wave: never before what takes its place is ready, and sure to have a place. */
import { isOverdrawn } from './capacity.ts';
import { nextLaunch, place } from './create-phase.ts';
import { isAllowed } from './neighbours.ts';
import { addTo } from './slot.ts';
import { inPlaceReason } from './sort-members.ts';
import { mayEnd, mayStart } from './start-order.ts';
import { borrow, borrowOn, give, hasToken, take } from './tokens.ts';
import type { Release, Site, Wave } from './wave.ts';
import type { Departure, Work } from './work.ts';

/** Lets go of as many ready processes as there are permits for. */
export function departPhase(site: Site, work: Work, wave: Wave, releases: Release[]): void {
  if (!mayEnd(site, work)) return;
  while (work.next < work.outgoing.length) {
    if (work.outgoing[work.next]?.replaced === true && !mayStart(site, work)) return;
    const successor = preferSucceeded(work);
    const permitted = hasToken(work.ready);
    const paidBy = !permitted && successor !== undefined && work.ready.paid.includes(successor) ? successor : undefined;
    if (!permitted && paidBy === undefined && !canBorrow(work)) return;
    const departure = prepareDeparture(site, work, successor);
    if (!departure) return;
    work.next += 1;
    if (successor !== undefined) work.createdOn.delete(departure.member.slot);
    const conditions = permitted
      ? take(work.ready)
      : paidBy === undefined
        ? borrow(work.ready)
        : borrowOn(work.ready, paidBy);
    depart(site, work, wave, releases, departure, conditions);
  }
}

/**
 * Where only one of a subscription may stay on a VM, the one that goes next is one beside which another was created: that one's
 * creation is returned. It may go even while too few are ready, since not fewer are when it is gone.
 */
function preferSucceeded({ outgoing, next, createdOn }: Work): string | undefined {
  if (createdOn.size === 0) return undefined;
  const at = outgoing.findIndex(
    ({ member, replaced, inPlace }, position) => position >= next && replaced && !inPlace && createdOn.has(member.slot),
  );
  const [found] = at < 0 ? [] : outgoing.splice(at, 1);
  if (!found) return undefined;
  outgoing.splice(next, 0, found);
  return createdOn.get(found.member.slot);
}

/** What is replaced in place, or without a surge, is away before there is another. */
function canBorrow(work: Work): boolean {
  const next = work.outgoing[work.next];
  return work.mayBorrow && work.ready.debt === 0 && next?.replaced === true && (next.inPlace || !work.surges);
}

/**
 * The next departure, sure to be followed by its replacement: where that is not created yet, a place for it is kept, or it takes
 * the departing one's own. Undefined when there is neither.
 */
function prepareDeparture(site: Site, work: Work, successor: string | undefined): Departure | undefined {
  const departure = work.outgoing[work.next];
  if (!departure || !departure.replaced || departure.inPlace || !work.launch) return departure;
  const launch = nextLaunch(work) ?? work.launch;
  const uncovered = work.needed - (work.unpaired - 1);
  if (successor === undefined && uncovered > work.reserved.length) {
    const { slot } = departure.member;
    const spot = place(site, work, launch, slot.closed);
    if (!spot) {
      if (slot.closed || isOverdrawn(slot.free)) {
        work.blocked ??= `${slot.name} takes no new processes`;
        return undefined;
      }
      if (!isAllowed(slot, { ...launch.request, never: [] })) {
        work.blocked ??= `another of it is on ${slot.name} already`;
        return undefined;
      }
      addTo(slot.departing, work.alias, -1);
      addTo(slot.staying, work.alias, 1);
      work.unpaired -= 1;
      work.needed -= 1;
      return { ...departure, inPlace: true, reason: inPlaceReason(departure.reason, 'no VM has room for one more') };
    }
    work.reserved.push(spot);
  }
  work.unpaired -= 1;
  return departure;
}

/** Takes a process out of rotation and away, on `conditions`. */
export function depart(
  site: Site,
  work: Work,
  wave: Wave,
  releases: Release[],
  departure: Departure,
  conditions: readonly string[],
): void {
  const { member, reason, inPlace } = departure;
  const { name: process, alias, slot } = member;
  if (member.state !== undefined && site.included.delete(process)) {
    wave.withdraw.set(process, conditions);
    wave.changed = true;
  }
  const kind = member.container === 'none' ? 'process.forget' : 'process.remove';
  const id = site.view.ids(kind, process);
  const dependsOn = [...slot.entry, ...conditions];
  wave.removalsAfter.push(dependsOn);
  const base = { id, vm: slot.name, process, reason, dependsOn };
  const isOther = work.launch !== undefined && member.fingerprint !== work.launch.fingerprint;
  const kept = work.snapshot && isOther ? { snapshot: true as const } : {};
  wave.removals.push(kind === 'process.forget' ? { kind, ...base } : { kind, ...base, drain: work.drain, ...kept });
  slot.removals.push(id);
  if (inPlace) {
    work.recreate.push({ departure, removal: id });
    return;
  }
  releases.push({ slot, demand: member.demand, index: member.index, id });
  addTo(slot.departing, alias, -1);
  // From now on a place may be kept there for one that must be apart from it: that one waits for the removal.
  if (site.view.world.apartOf.has(alias)) slot.gone.set(alias, [...(slot.gone.get(alias) ?? []), id]);
  if (member.state !== undefined) give(work.room, id);
}

/** Moving what runs, by policy: a place on another VM first, then away from here, in waves of its own. */
import { settle } from './create-phase.ts';
import type { Member } from './member.ts';
import { isAllowed, isAlone, isNear } from './neighbours.ts';
import { lastness, loadOf } from './load.ts';
import { compareRanks, type Rank } from './ranks.ts';
import { addTo, canTake, markSlot, type Slot, type Spot } from './slot.ts';
import type { Request } from './tiers.ts';
import type { Site } from './wave.ts';
import { isFinished, isReady, type Work } from './work.ts';

/** A move that has its place and is not in a plan yet. */
export interface Move {
  readonly work: Work;
  readonly member: Member;
  readonly spot: Spot;
  /** The image must be copied there first. */
  readonly copies: boolean;
  /** Gives the place back; to be called in the opposite order of the moves. */
  readonly undo: () => void;
}

/** Why a process cannot be moved by policy now; undefined when it can. */
export function immovable(work: Work | undefined, member: Member): string | undefined {
  if (!work?.launch) return `${member.name} cannot be created elsewhere`;
  if (!work.movable) return `${member.alias} has volumes, or may neither miss a process nor have one too many`;
  if (!isFinished(work) || !work.settled.includes(member)) return `${member.alias} is being changed`;
  if (!isReady(member)) return `${member.name} is not ready`;
  return undefined;
}

/** Books a place for a process among `targets`; undefined when there is none. */
export function bookMove(site: Site, work: Work, member: Member, targets: readonly Slot[]): Move | undefined {
  const { launch } = work;
  if (!launch) return undefined;
  const { request } = launch;
  const here = member.slot;
  const has = (slot: Slot): boolean =>
    ((launch.privileged ? slot.seen?.privilegedImages : slot.seen?.images) ?? []).includes(launch.image) ||
    site.copies.has(`image.copy:${slot.name}/${launch.image}${launch.privileged ? '/privileged' : ''}`);
  const slot = bestTarget(site, targets, request, has, here);
  if (!slot) return undefined;
  const unmark = markSlot(slot);
  const spot = settle(site, slot, request);
  addTo(here.staying, work.alias, -1);
  addTo(here.departing, work.alias, 1);
  const undo = (): void => {
    addTo(here.departing, work.alias, -1);
    addTo(here.staying, work.alias, 1);
    addTo(slot.staying, work.alias, -1);
    unmark();
    site.placer.reopened(slot);
  };
  return { work, member, spot, copies: !has(slot), undo };
}

/** One that has the image, then one that is needed anyway, then the company it wants, then as the partition's strategy says. */
function bestTarget(
  { view }: Site,
  targets: readonly Slot[],
  request: Request,
  has: (slot: Slot) => boolean,
  here: Slot,
): Slot | undefined {
  let best: { readonly slot: Slot; readonly rank: Rank } | undefined;
  for (const slot of targets) {
    if (slot === here || !canTake(slot, request.demand) || !isAllowed(slot, request) || !isAlone(slot, request))
      continue;
    const rank = [
      has(slot) ? 0 : 1,
      lastness(slot),
      request.near.length > 0 && isNear(slot, request) ? 0 : 1,
      view.strategy === 'pack' ? -loadOf(slot) : loadOf(slot),
    ];
    if (!best || compareRanks(rank, best.rank) < 0) best = { slot, rank };
  }
  return best?.slot;
}

/** Enters a booked move: its waves follow. */
export function commitMove({ work, member, spot }: Move, reason: string): void {
  work.outgoing.push({ member, reason, inPlace: false, replaced: true });
  work.reserved.push({ ...spot, reason: `takes the place of ${member.name}: ${reason}`, moves: member.name });
  work.needed += 1;
  work.unpaired += 1;
  work.allowance -= 1;
}

/** Emptying a VM that policy does not need, when everything on it has a place elsewhere. */
import { atATime } from './diff-processes.ts';
import type { Member } from './member.ts';
import { bookMove, commitMove, immovable, type Move } from './move.ts';
import { leastOn, leavingOrder } from './entries.ts';
import { keepReason, surplusEmpties } from './release.ts';
import type { Slot } from './slot.ts';
import { spareOf } from './spare.ts';
import type { Site } from './wave.ts';
import type { Work } from './work.ts';

/** Candidates that are looked at in one plan: those that would have to move most are not worth a search. */
const MOST_CANDIDATES = 32;

/**
 * Plans the moves off one VM at most: of those that policy does not need the one where placement wants a VM least, there with fewest
 * processes, then with fewest images to copy, then the newest, for all of whose processes there are places on VMs on which something is
 * already and stays. Where a process is only planned it may not come, and another VM would take its place, run after run. Where a
 * subscription may not move all of its processes at a time, the rest follows in later plans. Nothing moves while a VM is being drained,
 * while VMs are held, or where the minimum or the spare room needs the VM.
 */
export function consolidate(site: Site): void {
  const { view, found } = site;
  if (view.only || view.noVms !== undefined) return;
  const candidates = found.slots.filter(isCandidate);
  if (candidates.length === 0) return;
  const alive = found.slots.filter((slot) => slot.active && slot.record?.state !== 'deleting');
  const empties = new Set(surplusEmpties(view, found));
  if (alive.length - empties.size <= view.vms.min) return;
  if (alive.some((slot) => slot.draining !== undefined && slot.population > 0)) return;
  const staying = alive.filter((slot) => !empties.has(slot));
  const stayingOn = Map.groupBy(staying, ({ iaas }) => iaas);
  const members = membersOn(site.works);
  for (const slot of leavingOrder(view, found, candidates.sort(byEffort)).slice(0, MOST_CANDIDATES)) {
    if ((stayingOn.get(slot.iaas)?.length ?? 0) <= leastOn(view, slot.iaas)) continue;
    const keep = keepReason(view, slot);
    if (keep !== undefined) {
      view.hold(slot.name, `it is not needed, and stays: ${keep}`);
      continue;
    }
    const targets = staying.filter((target) => target !== slot && target.kind === 'usable' && members.has(target));
    if (vacate(site, slot, members.get(slot) ?? [], targets, staying)) return;
  }
}

interface Resident {
  readonly work: Work;
  readonly member: Member;
}

/** Something runs on it, and this plan does nothing on it. */
function isCandidate(slot: Slot): boolean {
  return slot.unneeded !== undefined && slot.kind === 'usable' && !slot.closed && !slot.touched && slot.population > 0;
}

function byEffort(a: Slot, b: Slot): number {
  return a.population - b.population || b.number - a.number;
}

function membersOn(works: readonly Work[]): ReadonlyMap<Slot, readonly Resident[]> {
  const all = works.flatMap((work) => work.settled.map((member): Resident => ({ work, member })));
  return Map.groupBy(all, ({ member }) => member.slot);
}

/** Books all moves, and enters as many as may be done at a time. False: it cannot be emptied, and nothing was booked. */
function vacate(
  site: Site,
  slot: Slot,
  residents: readonly Resident[],
  targets: readonly Slot[],
  staying: readonly Slot[],
): boolean {
  const { view } = site;
  if (
    residents.length !== slot.population ||
    residents.some(({ work, member }) => immovable(work, member) !== undefined)
  )
    return false;
  const { now, later } = byTurn(residents);
  const booked: Move[] = [];
  const giveBack = (moves: readonly Move[]): void => {
    for (const move of moves.toReversed()) move.undo();
  };
  slot.closed = true;
  for (const { work, member } of [...now, ...later]) {
    const move = bookMove(site, work, member, targets);
    if (!move) {
      giveBack(booked);
      slot.closed = false;
      return false;
    }
    booked.push(move);
  }
  const { processes, vms } = spareOf(view).missing(staying);
  if (now.length === 0 || processes + vms > 0) {
    giveBack(booked);
    slot.closed = false;
    return false;
  }
  giveBack(booked.slice(now.length));
  for (const move of booked.slice(0, now.length)) commitMove(move, `${slot.name} is ${slot.unneeded ?? 'unneeded'}`);
  if (later.length > 0) {
    const [first] = later;
    view.hold(slot.name, `${later.length} processes move off it later: ${atATime(first?.work.share ?? 1)}`);
  }
  return true;
}

/** Those that may move with this plan, and the rest. */
function byTurn(residents: readonly Resident[]) {
  const left = new Map<Work, number>();
  const now: Resident[] = [];
  const later: Resident[] = [];
  for (const resident of residents) {
    const { work } = resident;
    const allowance = left.get(work) ?? work.allowance;
    left.set(work, allowance - 1);
    (allowance > 0 ? now : later).push(resident);
  }
  return { now, later };
}

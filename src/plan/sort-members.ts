/** What becomes of each process of a subscription that exists. */
import { isOverdrawn } from './capacity.ts';
import { hasLargerDisk, lacksRoom } from './limits.ts';
import type { Member } from './member.ts';
import type { PartitionView } from './partition-view.ts';
import type { Target } from './target.ts';
import type { Departure, Repair } from './work.ts';

export interface SortedMembers {
  /** On VMs that can be worked on and not on their way out; `repairs` and `old` are of them. */
  readonly staying: Member[];
  readonly repairs: Repair[];
  /** To be replaced. */
  readonly old: Departure[];
  /** Those that stay and keep their limits, as their VM has no room for the new ones. */
  readonly cramped: Set<Member>;
  /** On their way out already, or never to be in. */
  readonly leaving: Departure[];
  /** Containers that could be taken up: without a record, or running and as they should be though they were leaving. */
  readonly strays: Member[];
  /** On VMs where nothing can be done now. They count as existing. */
  readonly stuck: Member[];
}

/** Why what a run that was cut had taken out of rotation is removed. */
export const WAS_LEAVING = 'it was leaving when a run ended';
const UNRECORDED = 'its container carries our label and is not in the inventory';

export function sortMembers(view: PartitionView, target: Target, members: readonly Member[]): SortedMembers {
  const sorted: SortedMembers = {
    staying: [],
    repairs: [],
    old: [],
    cramped: new Set(),
    leaving: [],
    strays: [],
    stuck: [],
  };
  for (const member of members) {
    // A stopped VM brings its processes back when it starts; what they are is seen by the next run.
    if (member.slot.kind !== 'usable') sorted.stuck.push(member);
    else if (member.state === undefined) sortStray(view, target, member, sorted);
    else if (member.state === 'leaving') sortLeaving(target, member, sorted);
    else {
      sorted.staying.push(member);
      if (target.subscription) sortRecorded(view, target, member, sorted);
    }
  }
  return sorted;
}

function leave(sorted: SortedMembers, member: Member, reason: string): void {
  sorted.leaving.push({ member, reason, inPlace: false, replaced: false });
}

/** What still runs as it should is better put back into rotation than replaced, where it is needed. */
function sortLeaving(target: Target, member: Member, sorted: SortedMembers): void {
  const isRight = runs(member) && (member.fingerprint === target.launch?.fingerprint || isOfFallback(target, member));
  if (isRight && member.slot.draining === undefined) sorted.strays.push(member);
  else leave(sorted, member, WAS_LEAVING);
}

/** A container without a record. Where its name is recorded elsewhere, it depends on whether that can be seen. */
function sortStray(view: PartitionView, target: Target, member: Member, sorted: SortedMembers): void {
  const { name, slot } = member;
  const namesake = view.world.processByName.get(name);
  if (namesake) {
    if (view.input.observation.vms[namesake.vm]?.status === 'reached')
      leave(sorted, member, `the inventory has ${name} on ${namesake.vm}, not here`);
    else view.hold(`${slot.name}/${name}`, `the inventory has ${name} on ${namesake.vm}, which cannot be seen`);
  } else if (target.subscription && !target.launch) view.hold(name, `${UNRECORDED}, and ${target.obstacle}`);
  else if (
    (target.launch?.fingerprint === member.fingerprint || isOfFallback(target, member)) &&
    slot.draining === undefined
  )
    sorted.strays.push(member);
  else leave(sorted, member, UNRECORDED);
}

/** Whether a process is of the revision before, which a rollout that is held back has beside the new one. */
function isOfFallback({ fallback }: Target, { fingerprint }: Member): boolean {
  return fallback?.fingerprint === fingerprint;
}

/** Whether a process is neither of the wanted revision nor of the one before: what a rollout that was overtaken has left. */
function isLeftOver({ gate, fallback }: Target, { fingerprint }: Member): boolean {
  return gate?.frozen === undefined && fallback !== undefined && fallback.fingerprint !== fingerprint;
}

function sortRecorded(view: PartitionView, target: Target, member: Member, sorted: SortedMembers): void {
  const { launch } = target;
  const { slot } = member;
  if (!launch) {
    if (member.container === 'none') view.hold(member.name, `its container is gone and ${target.obstacle}`);
    else if (slot.draining !== undefined) view.hold(member.name, `stays on ${slot.name} as ${target.obstacle}`);
    return;
  }
  const pinned = isPinned(target);
  if (slot.draining !== undefined) {
    if (!pinned) {
      sorted.old.push({ member, reason: slot.draining, inPlace: false, replaced: true });
      return;
    }
    view.hold(member.name, `stays on ${slot.name}, where its volumes are: ${slot.draining}`);
  }
  if (member.container === 'none') {
    if (!isGivenUp(target, member)) repairMissing(member, pinned, sorted);
  } else if (member.fingerprint !== launch.fingerprint)
    replaceChanged(view, target, member, 'its image, cartridge or environment changed', sorted);
  else if (hasLargerDisk(target, member))
    replaceChanged(view, target, member, 'its disk gets smaller only when it is made anew', sorted);
  else if (!isGivenUp(target, member)) {
    const lacks = lacksRoom(target, member, pinned);
    if (lacks) noRoom(view, member, pinned, sorted);
    if (!lacks || pinned) repair(member, sorted);
  }
}

/** What has volumes is tied to its VM: the volumes do not move. */
function isPinned({ cartridge }: Target): boolean {
  return (cartridge?.volumes.length ?? 0) > 0;
}

/** What may take more than its VM has goes where there is room; with volumes it stays, and keeps the limits it has. */
function noRoom(view: PartitionView, member: Member, pinned: boolean, sorted: SortedMembers): void {
  const reason = `${member.slot.name} has no room for its new limits`;
  if (!pinned) {
    sorted.old.push({ member, reason, inPlace: false, replaced: true });
    return;
  }
  sorted.cramped.add(member);
  view.miss(member.name, `${reason}, and its volumes are there: it keeps the old ones`);
}

/** A process that never got ready of a rollout that goes no further is left for somebody to look at. */
function isGivenUp({ gate, launch }: Target, member: Member): boolean {
  return gate?.frozen === true && member.state !== 'ready' && member.fingerprint === launch?.fingerprint;
}

function repairMissing(member: Member, pinned: boolean, sorted: SortedMembers): void {
  const { slot } = member;
  if (pinned || !isOverdrawn(slot.free)) {
    sorted.repairs.push({ member, how: 'create', reason: repairReason(member), servesAlready: false });
    return;
  }
  const reason = `its container is gone and ${slot.name} has no room for it`;
  sorted.old.push({ member, reason, inPlace: false, replaced: true });
}

function replaceChanged(
  view: PartitionView,
  target: Target,
  member: Member,
  reason: string,
  sorted: SortedMembers,
): void {
  const pinned = isPinned(target);
  const overdrawn = isOverdrawn(member.slot.free);
  if (pinned && overdrawn) {
    view.miss(member.name, `${reason}, and ${member.slot.name} has no room for what it is now`);
    return;
  }
  const inPlace = pinned || (target.surge === 0 && (target.gate?.surplus ?? 0) === 0 && !overdrawn);
  const how = pinned ? 'it has volumes' : 'maxSurge is 0';
  const departure = { member, reason: inPlace ? inPlaceReason(reason, how) : reason, inPlace, replaced: true };
  const ofRollout = member.fingerprint !== target.launch?.fingerprint && !isLeftOver(target, member);
  sorted.old.push(ofRollout ? { ...departure, changed: true } : departure);
}

/** Whether it runs, or could at any moment: a sleeper is as it should be. */
export function runs({ container, asleep }: Member): boolean {
  return container === 'running' || asleep !== undefined;
}

/** Says that a process is replaced under its own name. */
export function inPlaceReason(reason: string, how: string): string {
  return `${reason}; replaced in place as ${how}`;
}

function repair(member: Member, sorted: SortedMembers): void {
  if (member.state !== 'ready') {
    sorted.repairs.push({ member, how: 'create', reason: repairReason(member), servesAlready: false });
    return;
  }
  if (member.misrecorded)
    sorted.repairs.push({ member, how: 'adopt', reason: 'its record differs from its container', servesAlready: true });
  if (!runs(member))
    sorted.repairs.push({ member, how: 'start', reason: 'its container is stopped', servesAlready: false });
}

function repairReason({ state }: Member): string {
  if (state === 'failed') return 'it did not get ready before: tried again';
  return state === 'creating' ? 'it was being created when a run ended' : 'its container is gone';
}

/** Processes that share a VM and must not, since the spec says so only now: one of a subscription moves at a time. */
import type { Member } from './member.ts';
import { bookMove, commitMove, immovable } from './move.ts';
import type { PartitionView } from './partition-view.ts';
import type { Slot } from './slot.ts';
import type { Site } from './wave.ts';
import type { Work } from './work.ts';

/** Moves one process of each subscription that is beside what it must be apart from, where another VM has room. */
export function separate(site: Site): void {
  const targets = site.found.slots.filter((slot) => slot.kind === 'usable');
  const settledApart = new Set<string>();
  for (const work of site.works.toReversed()) {
    const found = misplaced(site.view, work, settledApart);
    if (!found) continue;
    const { member, reason } = found;
    const obstacle = immovable(work, member);
    const move = obstacle === undefined ? bookMove(site, work, member, targets) : undefined;
    if (move) {
      commitMove(move, reason);
      for (const other of work.launch?.request.never ?? [])
        settledApart.add(`${member.slot.name} ${other} ${work.alias}`);
    } else site.view.miss(member.name, `${reason}, and stays: ${obstacle ?? 'no other VM has room for it'}`);
  }
}

function misplaced(view: PartitionView, work: Work, settledApart: ReadonlySet<string>) {
  const request = work.launch?.request;
  if (!request || (!request.apart && request.never.length === 0)) return undefined;
  // The newest moves: what has been there longest is disturbed least.
  const members = work.settled.toSorted((a, b) => b.createdAt - a.createdAt || b.ordinal - a.ordinal);
  for (const member of members) {
    const why = conflict(view, member, work, settledApart);
    if (why !== undefined) return { member, reason: why };
  }
  return undefined;
}

function conflict({ only }: PartitionView, { slot, alias }: Member, work: Work, settledApart: ReadonlySet<string>) {
  const request = work.launch?.request;
  if (request?.apart && count(slot, alias) > 1)
    return `${alias} has ${count(slot, alias)} processes on ${slot.name} and wants one`;
  const other = request?.never.find(
    (name) => count(slot, name) > 0 && (!only || only.has(name)) && !settledApart.has(`${slot.name} ${alias} ${name}`),
  );
  return other === undefined ? undefined : `${alias} shares ${slot.name} with ${other} and must be apart from it`;
}

function count({ staying }: Slot, alias: string): number {
  return staying.get(alias) ?? 0;
}

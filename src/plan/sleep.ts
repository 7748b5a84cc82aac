/** Putting processes to sleep and waking them, as policy wishes. */
import type { ProcessSleep, ProcessWake } from '../model/plan.ts';
import { atATime } from './diff-processes.ts';
import type { Member } from './member.ts';
import type { PartitionView } from './partition-view.ts';
import { isReady, type Work } from './work.ts';

export interface SleepPlan {
  readonly wakes: readonly ProcessWake[];
  readonly sleeps: readonly ProcessSleep[];
}

/**
 * Wishes for what stays as it is: nothing is put to sleep or woken that this plan creates, repairs, replaces, moves or removes.
 * Not more of a subscription go to sleep in one plan than policy may take down; a deeper sleep takes nothing down. Everything a
 * sleeper has is kept: its room and number on the VM, its image, its volumes, its place in the gateways.
 */
export function planSleep(view: PartitionView, works: readonly Work[]): SleepPlan {
  const wakes: ProcessWake[] = [];
  const sleeps: ProcessSleep[] = [];
  for (const work of works) {
    const decision = view.input.decisions.processes[work.alias];
    if (!decision || !view.input.spec.subscriptions[work.alias]) continue;
    const { sleep, wake } = decision;
    if (Object.keys(sleep).length + Object.keys(wake).length === 0) continue;
    let later = 0;
    for (const member of undisturbed(work)) {
      const { name, asleep } = member;
      const woken = wake[name];
      if (woken !== undefined) {
        if (asleep !== undefined)
          wakes.push({ kind: 'process.wake', ...base(view, 'process.wake', member, woken), process: name });
        continue;
      }
      const wish = sleep[name];
      if (!wish || asleep === wish.depth || asleep === 'stopped') continue;
      if (asleep === undefined && work.allowance <= 0) {
        later += 1;
        continue;
      }
      if (asleep === undefined) work.allowance -= 1;
      const what = base(view, 'process.sleep', member, wish.reason);
      sleeps.push({ kind: 'process.sleep', ...what, process: name, depth: wish.depth });
    }
    if (later > 0) view.hold(work.alias, `${later} more go to sleep later: ${atATime(work.share)}`);
  }
  return { wakes, sleeps };
}

/** Ready, on a VM that answers, and left alone by this plan. */
function undisturbed(work: Work): readonly Member[] {
  const disturbed = new Set([
    ...work.repairs.map(({ member }) => member),
    ...work.outgoing.map(({ member }) => member),
    ...work.leaving.map(({ member }) => member),
  ]);
  return work.settled.filter((member) => isReady(member) && member.slot.kind === 'usable' && !disturbed.has(member));
}

function base({ ids }: PartitionView, kind: 'process.sleep' | 'process.wake', { name, slot }: Member, reason: string) {
  return { id: ids(kind, name), vm: slot.name, dependsOn: slot.after, reason };
}

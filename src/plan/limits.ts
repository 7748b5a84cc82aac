/** Limits of processes, which are changed as they are: nothing is restarted, and nothing leaves the rotation. */
import { limitsChange, limitsText, parseLimits } from '../model/limits.ts';
import type { ProcessLimit } from '../model/plan.ts';
import type { ResourceSpec } from '../model/spec.ts';
import { demandOf, isOverdrawn } from './capacity.ts';
import type { Member } from './member.ts';
import type { PartitionView } from './partition-view.ts';
import type { Launch } from './target.ts';
import type { Work } from './work.ts';

/** What may be launched: what is wanted, and what a rollout has beside it. */
export type Launches = Readonly<Record<'launch' | 'fallback', Launch | undefined>>;

/** Changes of limits of all that stays or is taken up. What is replaced gets its own when it is made. */
export function planLimits(view: PartitionView, works: readonly Work[]): readonly ProcessLimit[] {
  return works.flatMap((work) => {
    const members = new Set([...work.settled, ...work.repairs.map(({ member }) => member)]);
    return [...members].flatMap((member) => {
      const { name, slot, limits } = member;
      const resources = wantedLimits(work, member);
      // What is not known is left as it is.
      if (!resources || work.cramped.has(member) || limits === undefined || slot.kind !== 'usable' || !isThere(member))
        return [];
      const wanted = limitsText(resources);
      if (limits === wanted || shrinks(limits, resources)) return [];
      const what = { id: view.ids('process.limit', name), vm: slot.name, dependsOn: slot.after };
      return [{ kind: 'process.limit', ...what, reason: limitsChange(limits, wanted), process: name, resources }];
    });
  });
}

/** The limits that a process shall have; undefined for one of another revision, and where nothing can be limited. */
function wantedLimits({ launch, fallback }: Launches, { fingerprint }: Member): ResourceSpec | undefined {
  return [launch, fallback].find((made) => made?.fingerprint === fingerprint)?.limits;
}

function isThere({ container }: Member): boolean {
  return container === 'running' || container === 'stopped';
}

/** Whether a process has a larger disk than it shall have: a file system in use gets larger, and smaller only when it is made anew. */
export function hasLargerDisk(launches: Launches, member: Member): boolean {
  const resources = wantedLimits(launches, member);
  return resources !== undefined && member.limits !== undefined && isThere(member) && shrinks(member.limits, resources);
}

function shrinks(limits: string, { disk }: ResourceSpec): boolean {
  return disk !== undefined && Number(parseLimits(limits).get('disk') ?? 0) > disk;
}

/**
 * Whether its VM lacks the room for what a process may take from now on. One that is told so is taken to leave, or where it `stays` to
 * keep what it has: what it gives back is room for the others there.
 */
export function lacksRoom(launches: Launches, member: Member, stays: boolean): boolean {
  const { slot, limits, demand } = member;
  const resources = wantedLimits(launches, member);
  if (!resources || limits === undefined || limits === limitsText(resources) || !isThere(member)) return false;
  const now = parseLimits(limits);
  const wanted = demandOf(resources);
  const more = {
    cpu: wanted.cpu - Math.round(Number(now.get('cpu') ?? 0) * 1000),
    memory: wanted.memory - Number(now.get('memory') ?? 0),
  };
  const { free, given } = slot;
  const left = { cpu: free.cpu + given.cpu, memory: free.memory + given.memory, places: 0 };
  if ((more.cpu <= 0 && more.memory <= 0) || !isOverdrawn(left)) return false;
  const back = stays ? more : demand;
  slot.given = { cpu: given.cpu + back.cpu, memory: given.memory + back.memory };
  return true;
}

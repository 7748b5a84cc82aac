/**
 * The waves of a partition: create what may be created, then withdraw what may go, then remove it. All subscriptions go in step,
 * so that a wave configures each gateway once whatever the number of processes that change.
 */
import { createPhase, emitRepairs } from './create-phase.ts';
import { depart, departPhase } from './depart-phase.ts';
import { releasePlace } from './slot.ts';
import { endWave, mayEnd, mayStart } from './start-order.ts';
import { emptyWave, type Release, type Site, type Wave } from './wave.ts';
import { isFinished, type Work } from './work.ts';

/** Waves that a subscription without room for a surge waits for others to make room, before it does without. */
const PATIENCE = 8;

/** Runs all work to its end, or until nothing moves; the first wave is there even when it is empty. */
export function runWaves(site: Site): readonly Wave[] {
  const { wave, more } = openingWave(site);
  return [wave, ...moreWaves(site, more || wave.processes.length + wave.removals.length > 0)];
}

/** Repairs, what leaves without a condition, and the first step of all the rest. */
function openingWave(site: Site): { readonly wave: Wave; readonly more: boolean } {
  const wave = emptyWave();
  const releases: Release[] = [];
  // Room that what never served gives back is used before a VM is added for it.
  let freed = site.works
    .flatMap((work) => work.leaving)
    .filter(({ member, inPlace }) => !inPlace && !member.slot.closed);
  for (const work of site.works) {
    if (!mayStart(site, work)) continue;
    emitRepairs(site, work, wave);
    const patient = work.needed > 0 && work.needed <= freed.length;
    createPhase(site, work, wave, patient);
    if (patient) freed = freed.slice(work.needed);
  }
  for (const work of site.works) {
    openWork(site, work, wave, releases);
    departPhase(site, work, wave, releases);
  }
  settleReleases(site, releases);
  return { wave, more: endWave(site) };
}

/**
 * What leaves without a condition, once: where some of it is replaced, not before what it needs is ready, and where all of it goes, not
 * before those that need it.
 */
function openWork(site: Site, work: Work, wave: Wave, releases: Release[]): void {
  const isReplaced = work.leaving.some(({ replaced, inPlace }) => replaced || inPlace);
  if (work.order.opened || !mayEnd(site, work) || (isReplaced && !mayStart(site, work))) return;
  work.order.opened = true;
  for (const departure of work.leaving) depart(site, work, wave, releases, departure, []);
}

/** Goes on with what is not finished, as long as something moves. */
export function moreWaves(site: Site, moved = true): readonly Wave[] {
  const waves: Wave[] = [];
  let active = site.works.filter((work) => !isFinished(work));
  let progress = moved;
  for (;;) {
    const gaveUp = active.map((work) => giveUpSurge(work, progress)).includes(true);
    if (active.length === 0 || (!progress && !gaveUp)) return waves;
    const wave = emptyWave();
    const releases: Release[] = [];
    for (const work of active) {
      work.blocked = undefined;
      if (!mayStart(site, work)) continue;
      emitRepairs(site, work, wave);
      createPhase(site, work, wave);
    }
    for (const work of active) {
      openWork(site, work, wave, releases);
      departPhase(site, work, wave, releases);
    }
    settleReleases(site, releases);
    const moves = wave.processes.length + wave.removals.length > 0;
    if (moves) waves.push(wave);
    progress = endWave(site) || moves;
    active = active.filter((work) => !isFinished(work));
  }
}

/** What left gives its place back once the wave is over. */
function settleReleases({ placer }: Site, releases: readonly Release[]): void {
  for (const { slot, demand, index, id } of releases) {
    releasePlace(slot, demand, index, id);
    placer.reopened(slot);
  }
}

/** Lets a rollout that found no room for a surge do without one, once others had their chance to make room. */
function giveUpSurge(work: Work, progress: boolean): boolean {
  const next = work.outgoing[work.next];
  if (!work.surges || !work.mayBorrow || work.blocked === undefined || !next?.replaced) return false;
  work.waited += 1;
  if (progress && work.waited < PATIENCE) return false;
  work.surges = false;
  return true;
}

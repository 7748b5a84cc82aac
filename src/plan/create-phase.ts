/** What comes into being in a wave: repairs, what is replaced in place, and new processes where there is room. */
import { needsOf } from '../model/needs.ts';
import { formatDemand } from './capacity.ts';
import type { Member } from './member.ts';
import type { Request } from './tiers.ts';
import { removalsBefore } from './neighbours.ts';
import type { Waiting } from './sizes.ts';
import { addTo, takePlace, type Slot, type Spot } from './slot.ts';
import type { Launch } from './target.ts';
import { give, hasToken, permits, take } from './tokens.ts';
import type { Site, Wave } from './wave.ts';
import type { Repair, Reservation, Work } from './work.ts';

/** Repairs of what is there, in the first wave that may start something. */
export function emitRepairs(site: Site, work: Work, wave: Wave): void {
  if (work.order.repaired) return;
  work.order.repaired = true;
  const adopted = new Map<Member, string>();
  for (const repair of work.repairs) {
    const { member, how } = repair;
    const before = adopted.get(member);
    const id = emitRepair(site, work, wave, repair, before === undefined ? [] : [before]);
    if (how === 'adopt') adopted.set(member, id);
    include(site.included, wave, member.name);
    if (how !== 'adopt' || !repair.servesAlready) work.order.made += 1;
    const mustProve = work.waits && member.fingerprint === work.launch?.fingerprint;
    if (!repair.servesAlready && !mustProve) give(work.ready, id);
  }
}

/** What is created next: of the wanted revision as long as its rollout lets it, then of the one before. */
export function nextLaunch({ launch, fallback, fresh }: Work): Launch | undefined {
  return fresh > 0 ? launch : fallback;
}

function emitRepair(site: Site, work: Work, wave: Wave, repair: Repair, after: readonly string[]): string {
  const { member, how, reason } = repair;
  const { name: process, alias: subscription, ordinal, index, image, fingerprint, slot } = member;
  slot.touched = true;
  const id = site.view.ids(`process.${how}`, process);
  const base = { id, vm: slot.name, reason, dependsOn: [...slot.after, ...after], process };
  if (how === 'start') {
    wave.processes.push({ kind: 'process.start', ...base });
    // A machine may come back with another address.
    wave.changed ||= site.view.guests;
  } else if (how === 'adopt')
    wave.processes.push({
      ...{ kind: 'process.adopt', ...base, subscription, ordinal, index, image, fingerprint },
      ...neededBy(site, work),
    });
  else if (work.launch) {
    // What a rollout that is held back has beside the new revision comes back as it was.
    const isOld = fingerprint !== work.launch.fingerprint;
    const launch = isOld && work.fallback ? work.fallback : work.launch;
    const dependsOn = [...base.dependsOn, ...copyImage(site, slot, launch)];
    const what = { subscription, ordinal, index, ...madeOf(launch), ...neededBy(site, work) };
    wave.processes.push({ kind: 'process.create', ...base, dependsOn, ...what });
  }
  return id;
}

/** What a process is made of, as its action says it. */
function madeOf({ image, fingerprint, revision }: Launch) {
  return { image, fingerprint, ...(revision === undefined ? {} : { revision }) };
}

/** What a process needs, for its record: who it must go before is then known even when no spec says it any more. */
function neededBy({ view }: Site, { alias }: Work): { readonly needs?: readonly string[] } {
  const needs = needsOf(view.input.spec, alias).map(({ subscription }) => subscription);
  return needs.length === 0 ? {} : { needs: needs.toSorted() };
}

function include(included: Set<string>, wave: Wave, process: string): void {
  if (included.has(process)) return;
  included.add(process);
  wave.changed = true;
}

/** The action that brings an image to a VM, made the first time it is needed there; privileged processes need one of their own. */
function copyImage({ view, copies }: Site, slot: Slot, { image, privileged }: Launch): readonly string[] {
  // The IaaS has the image of a VM that is a process.
  if (view.guests) return [];
  const present = privileged ? slot.seen?.privilegedImages : slot.seen?.images;
  if (present?.includes(image)) return [];
  const target = `${slot.name}/${image}${privileged ? '/privileged' : ''}`;
  const id = `image.copy:${target}`;
  if (!copies.has(id)) {
    const reason = `a process on ${slot.name} needs it for the first time`;
    const action = { vm: slot.name, dependsOn: slot.after, reason, image };
    const variant = privileged ? { privileged: true as const } : {};
    copies.set(id, { kind: 'image.copy', id: view.ids('image.copy', target), ...action, ...variant });
  }
  return [id];
}

/** Creates as many as there are permits and places for. `patient`: room that comes free with this wave is worth waiting for. */
export function createPhase(site: Site, work: Work, wave: Wave, patient = false): void {
  if (!work.launch) return;
  const again = work.recreate;
  work.recreate = [];
  for (const { departure, removal } of again) {
    const { slot, index, ordinal, name } = departure.member;
    slot.touched = true;
    const spot = { slot, index, after: [removal] };
    const launch: Launch = nextLaunch(work) ?? work.launch;
    create(site, work, wave, launch, spot, { name, ordinal, reason: departure.reason });
    if (launch === work.launch) work.fresh -= 1;
  }
  while (work.needed > 0 && hasToken(work.room)) {
    const launch = nextLaunch(work);
    if (!launch) return;
    const spot = work.reserved.shift() ?? place(site, work, launch, !patient);
    if (!spot) return;
    const ordinal = site.view.world.ordinals.next(work.alias);
    const name = `${work.alias}-${ordinal}`;
    const dropped = site.found.dropped.get(name);
    const after = [...spot.after, ...take(work.room), ...(dropped === undefined ? [] : [dropped])];
    create(site, work, wave, launch, { ...spot, after }, { name, ordinal, reason: spot.reason ?? work.reason });
    if (spot.moves !== undefined) site.view.moves.set(name, spot.moves);
    if (launch === work.launch) work.fresh -= 1;
    work.needed -= 1;
  }
}

function create(
  site: Site,
  work: Work,
  wave: Wave,
  launch: Launch,
  { slot, index, after }: Spot,
  { name, ordinal, reason }: { readonly name: string; readonly ordinal: number; readonly reason: string },
): void {
  const id = site.view.ids('process.create', name);
  const dependsOn = [...slot.after, ...copyImage(site, slot, launch), ...after];
  const made = { ...madeOf(launch), ...neededBy(site, work) };
  const what = { process: name, subscription: work.alias, ordinal, index, ...made };
  wave.processes.push({ kind: 'process.create', id, vm: slot.name, dependsOn, reason, ...what });
  include(site.included, wave, name);
  work.order.made += 1;
  if (launch.request.apart) work.createdOn.set(slot, id);
  if (!work.waits || launch !== work.launch) give(work.ready, id);
}

/** A place for one more process, on a VM that is there or, where `grow` allows it, on one more. */
export function place(site: Site, work: Work, { request }: Launch, grow = true): Reservation | undefined {
  let slot = site.placer.find(request);
  if (!slot && grow) {
    const reason = `${work.alias} needs room: ${formatDemand(request.demand)}`;
    const added = site.growth.add(request.demand, reason, () => waitingIn(site.works));
    if (typeof added === 'string') work.blocked = added;
    else {
      site.placer.added(added);
      slot = added;
    }
  }
  if (!slot) return undefined;
  return settle(site, slot, request);
}

/** Takes a place on a VM for good. */
export function settle({ placer }: Site, slot: Slot, request: Request): Spot {
  const { alias, demand } = request;
  addTo(slot.staying, alias, 1);
  placer.settled(slot, alias);
  const spot = takePlace(slot, demand);
  const before = removalsBefore(slot, request);
  return before.length === 0 ? spot : { ...spot, after: [...new Set([...spot.after, ...before])] };
}

/** What waits for a place, as far as it may be created now. */
export function waitingIn(works: readonly Work[]): readonly Waiting[] {
  return works.flatMap((work) => {
    const { needed, reserved, room } = work;
    const launch = nextLaunch(work);
    const count = Math.min(needed - reserved.length, permits(room));
    return launch && count > 0 ? [{ demand: launch.request.demand, count, apart: launch.request.apart }] : [];
  });
}

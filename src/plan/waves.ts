/**
 * The waves of a partition: create what may be created, then withdraw what may go, then remove it. All subscriptions go in step,
 * so that a wave configures each gateway once whatever the number of processes that change.
 */
import type { Action, ImageCopy, ProcessForget, ProcessRemove } from '../model/plan.ts';
import { formatDemand, isOverdrawn, type Demand } from './capacity.ts';
import type { Growth } from './grow.ts';
import type { Member } from './member.ts';
import type { PartitionView } from './partition-view.ts';
import type { Placer } from './place.ts';
import { addTo, releasePlace, takePlace, type Slot, type Spot } from './slot.ts';
import { inPlaceReason } from './sort-members.ts';
import type { Survey } from './found.ts';
import type { Launch } from './target.ts';
import { borrow, give, hasToken, take } from './tokens.ts';
import { isFinished, type Departure, type Repair, type Work } from './work.ts';

export interface Wave {
  readonly processes: Action[];
  /** Processes that leave the rotation, each with the actions without which it must not. */
  readonly withdraw: Map<string, readonly string[]>;
  readonly removals: (ProcessRemove | ProcessForget)[];
  /** What the removals depend on, in their order; the stage that withdraws their processes is added to it. */
  readonly removalsAfter: string[][];
  /** Another set of processes is in rotation after it. */
  changed: boolean;
}

/** What the waves of one partition share. */
export interface Site {
  readonly view: PartitionView;
  readonly found: Survey;
  readonly growth: Growth;
  readonly placer: Placer;
  /** In rotation at the end of what is planned so far. */
  readonly included: Set<string>;
  /** By id. */
  readonly copies: Map<string, ImageCopy>;
}

interface Release {
  readonly slot: Slot;
  readonly demand: Demand;
  readonly index: number;
  readonly id: string;
}

/** Waves that a subscription without room for a surge waits for others to make room, before it does without. */
const PATIENCE = 8;

/** Runs all work to its end, or until nothing moves; the first wave is there even when it is empty. */
export function runWaves(site: Site, works: readonly Work[]): readonly Wave[] {
  const waves: Wave[] = [];
  let active = works;
  for (;;) {
    const wave: Wave = { processes: [], withdraw: new Map(), removals: [], removalsAfter: [], changed: false };
    const releases: Release[] = [];
    for (const work of active) {
      work.blocked = undefined;
      if (waves.length === 0) emitRepairs(site, work, wave);
      createPhase(site, work, wave);
    }
    for (const work of active) {
      if (waves.length === 0) for (const departure of work.leaving) depart(site, work, wave, releases, departure, []);
      departPhase(site, work, wave, releases);
    }
    for (const { slot, demand, index, id } of releases) {
      releasePlace(slot, demand, index, id);
      site.placer.reopened(slot);
    }
    const progress = wave.processes.length + wave.removals.length > 0;
    if (progress || waves.length === 0) waves.push(wave);
    active = active.filter((work) => !isFinished(work));
    const gaveUp = active.map((work) => giveUpSurge(work, progress)).includes(true);
    if (!progress && !gaveUp) break;
  }
  for (const work of active) holdRest(site, work);
  return waves;
}

function emitRepairs(site: Site, work: Work, wave: Wave): void {
  const adopted = new Map<Member, string>();
  for (const repair of work.repairs) {
    const { member, how } = repair;
    const before = adopted.get(member);
    const id = emitRepair(site, work, wave, repair, before === undefined ? [] : [before]);
    if (how === 'adopt') adopted.set(member, id);
    include(site.included, wave, member.name);
    if (!repair.servesAlready) give(work.ready, id);
  }
}

function emitRepair(site: Site, work: Work, wave: Wave, repair: Repair, after: readonly string[]): string {
  const { member, how, reason } = repair;
  const { name: process, alias: subscription, ordinal, index, image, fingerprint, slot } = member;
  slot.touched = true;
  const id = site.view.ids(`process.${how}`, process);
  const base = { id, vm: slot.name, reason, dependsOn: [...slot.after, ...after], process };
  if (how === 'start') wave.processes.push({ kind: 'process.start', ...base });
  else if (how === 'adopt')
    wave.processes.push({ kind: 'process.adopt', ...base, subscription, ordinal, index, image, fingerprint });
  else if (work.launch) {
    const { launch } = work;
    const dependsOn = [...base.dependsOn, ...copyImage(site, slot, launch)];
    const what = { subscription, ordinal, index, image: launch.image, fingerprint: launch.fingerprint };
    wave.processes.push({ kind: 'process.create', ...base, dependsOn, ...what });
  }
  return id;
}

function include(included: Set<string>, wave: Wave, process: string): void {
  if (included.has(process)) return;
  included.add(process);
  wave.changed = true;
}

/** The action that brings an image to a VM, made the first time it is needed there; privileged processes need one of their own. */
function copyImage({ view, copies }: Site, slot: Slot, { image, privileged }: Launch): readonly string[] {
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

function createPhase(site: Site, work: Work, wave: Wave): void {
  const { launch } = work;
  if (!launch) return;
  const again = work.recreate;
  work.recreate = [];
  for (const { departure, removal } of again) {
    const { slot, index, ordinal, name } = departure.member;
    slot.touched = true;
    create(site, work, wave, launch, { slot, index, after: [removal] }, { name, ordinal, reason: departure.reason });
  }
  while (work.needed > 0 && hasToken(work.room)) {
    const spot = work.reserved.shift() ?? place(site, work, launch);
    if (!spot) return;
    const ordinal = site.view.world.ordinals.next(work.alias);
    const name = `${work.alias}-${ordinal}`;
    const dropped = site.found.dropped.get(name);
    const after = [...spot.after, ...take(work.room), ...(dropped === undefined ? [] : [dropped])];
    create(site, work, wave, launch, { ...spot, after }, { name, ordinal, reason: work.reason });
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
  const { image, fingerprint } = launch;
  const id = site.view.ids('process.create', name);
  const dependsOn = [...slot.after, ...copyImage(site, slot, launch), ...after];
  const what = { process: name, subscription: work.alias, ordinal, index, image, fingerprint };
  wave.processes.push({ kind: 'process.create', id, vm: slot.name, dependsOn, reason, ...what });
  include(site.included, wave, name);
  give(work.ready, id);
}

/** A place for one more process, on a VM that is there or, where `grow` allows it, on one more. */
function place(site: Site, work: Work, { request }: Launch, grow = true): Spot | undefined {
  let slot = site.placer.find(request);
  if (!slot && grow) {
    const added = site.growth.add(request.demand, `${work.alias} needs room: ${formatDemand(request.demand)}`);
    if (typeof added === 'string') work.blocked = added;
    else {
      site.placer.added(added);
      slot = added;
    }
  }
  if (!slot) return undefined;
  addTo(slot.staying, work.alias, 1);
  return takePlace(slot, request.demand);
}

function departPhase(site: Site, work: Work, wave: Wave, releases: Release[]): void {
  while (work.next < work.outgoing.length) {
    const permitted = hasToken(work.ready);
    if (!permitted && !canBorrow(work)) return;
    const departure = prepareDeparture(site, work);
    if (!departure) return;
    work.next += 1;
    depart(site, work, wave, releases, departure, permitted ? take(work.ready) : borrow(work.ready));
  }
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
function prepareDeparture(site: Site, work: Work): Departure | undefined {
  const departure = work.outgoing[work.next];
  if (!departure || !departure.replaced || departure.inPlace || !work.launch) return departure;
  const uncovered = work.needed - (work.unpaired - 1);
  if (uncovered > work.reserved.length) {
    const { slot } = departure.member;
    const spot = place(site, work, work.launch, slot.closed);
    if (!spot) {
      if (slot.closed || isOverdrawn(slot.free)) {
        work.blocked ??= `${slot.name} takes no new processes`;
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

function depart(
  site: Site,
  work: Work,
  wave: Wave,
  releases: Release[],
  departure: Departure,
  conditions: readonly string[],
): void {
  const { member, reason, inPlace } = departure;
  const { name: process, slot } = member;
  if (member.state !== undefined && site.included.delete(process)) {
    wave.withdraw.set(process, conditions);
    wave.changed = true;
  }
  const kind = member.container === 'none' ? 'process.forget' : 'process.remove';
  const id = site.view.ids(kind, process);
  const dependsOn = [...slot.entry, ...conditions];
  wave.removalsAfter.push(dependsOn);
  const base = { id, vm: slot.name, process, reason, dependsOn };
  wave.removals.push(kind === 'process.forget' ? { kind, ...base } : { kind, ...base, drain: work.drain });
  slot.removals.push(id);
  if (inPlace) {
    work.recreate.push({ departure, removal: id });
    return;
  }
  releases.push({ slot, demand: member.demand, index: member.index, id });
  addTo(slot.departing, work.alias, -1);
  if (isRecorded(member)) give(work.room, id);
}

function isRecorded(member: Member): boolean {
  return member.state !== undefined;
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

/** Says what is left undone. */
function holdRest({ view, found }: Site, work: Work): void {
  const { alias, desired, needed, blocked, launch } = work;
  const left = work.outgoing.length - work.next;
  if (needed > 0 && launch) {
    const apart = launch.request.apart ? ' on a VM without another of it' : '';
    const why = blocked ?? 'others must go first';
    const ask = `each asks ${formatDemand(launch.request.demand)}${apart}; ${mostRoom(found.slots)}; ${why}`;
    view.hold(alias, `${needed} of ${desired} not created: ${ask}`);
  }
  if (left === 0) return;
  const names = work.outgoing.slice(work.next, work.next + 3).map((departure) => departure.member.name);
  const more = left > names.length ? ` and ${left - names.length} more` : '';
  const unseen = work.stuck > 0 ? `${work.stuck} cannot be seen and are not counted on` : 'too few would be ready';
  view.hold(alias, `${names.join(', ')}${more} stay for now: ${blocked ?? unseen}`);
}

/** The VM with most free memory among those that take processes. */
function mostRoom(slots: readonly Slot[]): string {
  let most: Slot | undefined;
  for (const slot of slots) {
    if (slot.active && !slot.closed && slot.free.places > 0 && slot.free.memory > (most?.free.memory ?? -1))
      most = slot;
  }
  return most ? `most is free on ${most.name}: ${formatDemand(most.free)}` : 'no VM takes more';
}

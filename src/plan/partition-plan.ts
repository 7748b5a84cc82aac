/** One partition, from what is there to stages. */
import type { ImageCopy, Stage } from '../model/plan.ts';
import { NO_BOUND } from '../model/bounds.ts';
import { formatDemand, isOverdrawn } from './capacity.ts';
import { consolidate } from './consolidate.ts';
import { waitingIn } from './create-phase.ts';
import { diffProcesses } from './diff-processes.ts';
import type { Survey } from './found.ts';
import { growth } from './grow.ts';
import { guestMachines } from './guest-machines.ts';
import { holdRest } from './hold-rest.ts';
import { planLimits } from './limits.ts';
import { membersOf, type Member } from './member.ts';
import { compareText } from './names.ts';
import type { PartitionView } from './partition-view.ts';
import { placer } from './place.ts';
import { releaseVms } from './release.ts';
import { separate } from './separate.ts';
import { planSleep } from './sleep.ts';
import { addTo, type Slot } from './slot.ts';
import { growSpare } from './spare.ts';
import { stagesOf } from './stages.ts';
import { survey } from './survey.ts';
import type { Site } from './wave.ts';
import { moreWaves, runWaves } from './waves.ts';
import { isFinished, type Work } from './work.ts';

/** Plans a partition: its machines, its processes wave by wave, its gateways, and what it no longer needs. */
export function planPartition(view: PartitionView): readonly Stage[] {
  const found = survey(view);
  for (const slot of found.slots) noticeForeign(view, slot);
  const members = membersOf(found.slots, view.world);
  for (const slot of found.slots) holdOverdrawn(view, slot);
  // All comparisons come before the first placement: who goes is decided on what is there.
  const works = aliasesOf(view, members).flatMap((alias) => diffProcesses(view, alias, members.get(alias) ?? []) ?? []);
  noteOthers(works, members);
  const limits = planLimits(view, works);
  const grown = growth(view, found);
  if (view.only === undefined) grown.fillMinimum(waitingIn(works));
  const included = inRotation(view, found);
  const before = new Set(included);
  const copies = new Map<string, ImageCopy>();
  const where = placer(view.strategy, found.slots, view.world.wantedNear);
  const site: Site = { view, found, growth: grown, placer: where, works, included, copies, clock: { wave: 0 } };
  const waves = [...runWaves(site)];
  if (view.only === undefined) growSpare(site);
  separate(site);
  consolidate(site);
  waves.push(...moreWaves(site));
  for (const work of works) if (!isFinished(work)) holdRest(site, work);
  const { wakes, sleeps } = planSleep(view, works);
  waves[0]?.processes.push(...wakes);
  // A machine may wake with another address.
  if (waves[0] && view.guests && wakes.length > 0) waves[0].changed = true;
  const released = releaseVms(view, found);
  const made = view.guests ? guestMachines(view, grown.actions, waves) : grown.actions;
  const machines = [...found.actions, ...released.machineActions, ...made];

  return stagesOf(site, { machines, limits, waves, released, before, sleeps });
}

function noticeForeign(view: PartitionView, { name, seen }: Slot): void {
  const foreign = seen?.foreign.toSorted() ?? [];
  if (foreign.length === 0) return;
  const names = foreign.slice(0, 5).join(', ');
  const more = foreign.length > 5 ? ` and ${foreign.length - 5} more` : '';
  view.notice(name, `has containers that are not ours and are left alone: ${names}${more}`);
}

/** A VM that carries more than it may, since a policy or a cartridge changed, is not emptied by force. */
function holdOverdrawn(view: PartitionView, { name, kind, free, total, population }: Slot): void {
  if (!view.spec || kind === 'away' || !isOverdrawn(free)) return;
  const places = total.places < NO_BOUND ? ` and ${total.places} processes` : '';
  const used = { cpu: total.cpu - free.cpu, memory: total.memory - free.memory };
  const carries = `carries ${population} processes that ask ${formatDemand(used)}`;
  view.hold(name, `${carries}, and has ${formatDemand(total)}${places}: nothing is added to it`);
}

/** Subscriptions that belong here or have something here, those of `only` if there is one. */
function aliasesOf(view: PartitionView, members: ReadonlyMap<string, readonly Member[]>): readonly string[] {
  const here = (view.world.subscriptionsOf.get(view.name) ?? []).map(({ alias }) => alias);
  const all = [...new Set([...here, ...members.keys()])].sort(compareText);
  return view.only ? all.filter((alias) => view.only?.has(alias)) : all;
}

/** Processes that this plan leaves alone, for those that must be apart from them or want to be near. */
function noteOthers(works: readonly Work[], members: ReadonlyMap<string, readonly Member[]>): void {
  const planned = new Set(works.map(({ alias }) => alias));
  for (const [alias, all] of members)
    if (!planned.has(alias)) for (const { slot } of all) addTo(slot.staying, alias, 1);
}

/** Processes that gateways send requests to now, as far as records tell. */
function inRotation(view: PartitionView, found: Survey): Set<string> {
  const names = new Set<string>();
  const guests = (view.world.guestsOf.get(view.name) ?? []).flatMap((of) => view.world.vmsOf.get(of) ?? []);
  for (const { name } of [...found.slots, ...guests]) {
    for (const process of view.world.processesOn.get(name) ?? [])
      if (process.state === 'ready') names.add(process.name);
  }
  return names;
}

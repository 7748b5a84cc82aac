/** One partition, from what is there to stages. */
import type { Action, ImageCopy, Stage, StageKind } from '../model/plan.ts';
import { NO_BOUND } from '../model/spec.ts';
import { formatDemand, isOverdrawn } from './capacity.ts';
import { diffProcesses } from './diff-processes.ts';
import { configureGateway, gatewaySlots, hasDrifted, needsGateway, type GatewaySlots } from './gateways.ts';
import { growth } from './grow.ts';
import { membersOf, type Member } from './member.ts';
import { compareText } from './names.ts';
import type { PartitionView } from './partition-view.ts';
import { placer } from './place.ts';
import { releaseVms, type Released } from './release.ts';
import type { Slot } from './slot.ts';
import type { Survey } from './found.ts';
import { survey } from './survey.ts';
import { runWaves, type Wave } from './waves.ts';

/** Plans a partition: its machines, its processes wave by wave, its gateways, and what it no longer needs. */
export function planPartition(view: PartitionView): readonly Stage[] {
  const found = survey(view);
  for (const slot of found.slots) noticeForeign(view, slot);
  const members = membersOf(found.slots, view.world);
  for (const slot of found.slots) holdOverdrawn(view, slot);
  // All comparisons come before the first placement: who goes is decided on what is there.
  const works = aliasesOf(view, members).flatMap((alias) => diffProcesses(view, alias, members.get(alias) ?? []) ?? []);
  const grown = growth(view, found);
  if (view.only === undefined) grown.fillMinimum();
  const included = inRotation(view, found);
  const before = new Set(included);
  const copies = new Map<string, ImageCopy>();
  const site = { view, found, growth: grown, placer: placer(view.strategy, found.slots), included, copies };
  const waves = runWaves(site, works);
  const released = releaseVms(view, found);
  const machines = [...found.actions, ...released.machineActions, ...grown.actions];

  const stages: Stage[] = [];
  const gateways = gatewaySlots(view, found.slots, released.slots);
  const vmsChange = machines.length > 0 || lostFromRotation(view, before);
  addStage(stages, view, 'machines', machines);
  addStage(stages, view, 'prepare', prepare(view, found, gateways, released));
  addStage(stages, view, 'images', [...copies.values()]);
  waves.forEach((wave, at) => {
    const scope = at === 0 ? firstScope(view, gateways, wave, vmsChange, before) : wave.changed ? gateways : NONE;
    addWave(stages, view, wave, scope, released);
  });
  addStage(stages, view, 'release', released.actions);
  if (released.actions.length > 0) addStage(stages, view, 'gateway', forgetPeers(view, gateways, released));
  return stages;
}

const NONE: GatewaySlots = { serving: [], joining: [] };

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
  const { subscriptions, cartridges } = view.input.spec;
  const here = Object.values(subscriptions)
    .filter((subscription) => cartridges[subscription.cartridge]?.partition === view.name)
    .map((subscription) => subscription.alias);
  const all = [...new Set([...here, ...members.keys()])].sort(compareText);
  return view.only ? all.filter((alias) => view.only?.has(alias)) : all;
}

/** Processes that gateways send requests to now, as far as records tell. */
function inRotation(view: PartitionView, found: Survey): Set<string> {
  const names = new Set<string>();
  for (const { name } of found.slots) {
    for (const process of view.world.processesOn.get(name) ?? [])
      if (process.state === 'ready') names.add(process.name);
  }
  return names;
}

/** Whether a process that is recorded as ready is not in rotation any more, its VM being gone. */
function lostFromRotation(view: PartitionView, included: ReadonlySet<string>): boolean {
  return (view.world.lostOf.get(view.name) ?? []).some(
    (process) => process.state === 'ready' && !included.has(process.name),
  );
}

function addStage(
  stages: Stage[],
  view: PartitionView,
  kind: StageKind,
  actions: readonly Action[],
  terms: Pick<Stage, 'withdrawAfter'> = {},
): string | undefined {
  if (actions.length === 0) return undefined;
  const id = `${view.name}/${stages.length + 1}`;
  stages.push({ id, partition: view.name, kind, actions, ...terms });
  return id;
}

/** Preparation of what stays, and of what something of this plan happens on. */
function prepare(view: PartitionView, found: Survey, gateways: GatewaySlots, released: Released): Action[] {
  const serving = new Set([...gateways.serving, ...gateways.joining]);
  return found.slots
    .filter((slot) => slot.unprepared && slot.active && slot.kind !== 'away' && !released.slots.has(slot))
    .filter((slot) => view.only === undefined || slot.touched || serving.has(slot))
    .map((slot) => ({
      kind: 'vm.prepare',
      id: view.ids('vm.prepare', slot.name),
      vm: slot.name,
      dependsOn: slot.entry,
      reason: slot.seen?.prepared === undefined ? 'it is not prepared yet' : 'how VMs are prepared changed',
    }));
}

/** In the first wave gateways are configured for what changes, or where they are not what they should be. */
function firstScope(
  view: PartitionView,
  gateways: GatewaySlots,
  wave: Wave,
  vmsChange: boolean,
  before: ReadonlySet<string>,
): GatewaySlots {
  if (wave.changed || vmsChange) return gateways;
  const wanted = needsGateway(view);
  return {
    serving: gateways.serving.filter((slot) => hasDrifted(view, slot, before, wanted)),
    joining: gateways.joining,
  };
}

/**
 * Processes, gateways, removals. Nothing is removed before every gateway that serves has let go of it; gateways that only join
 * with this plan are a stage of their own, so that a VM that cannot be made does not stop the others.
 */
function addWave(stages: Stage[], view: PartitionView, wave: Wave, scope: GatewaySlots, released: Released): void {
  addStage(stages, view, 'processes', wave.processes);
  const withdraw = [...wave.withdraw.keys()];
  const reason = gatewayReason(wave, withdraw.length);
  const configure = (slot: Slot) => configureGateway(view, slot, released.slots.has(slot), withdraw, reason);
  const conditional = [...wave.withdraw].filter(([, conditions]) => conditions.length > 0);
  const terms = conditional.length > 0 ? { withdrawAfter: Object.fromEntries(conditional) } : {};
  const gate = addStage(stages, view, 'gateway', scope.serving.map(configure), terms);
  addStage(stages, view, 'gateway', scope.joining.map(configure), terms);
  if (gate !== undefined) for (const dependsOn of wave.removalsAfter) dependsOn.push(gate);
  addStage(stages, view, 'removals', wave.removals);
}

function gatewayReason(wave: Wave, leaving: number): string {
  if (leaving > 0) return `${leaving} ${leaving === 1 ? 'process leaves' : 'processes leave'} the rotation`;
  return wave.changed ? 'other processes are in rotation' : 'what it serves is not what it should serve';
}

/** Gateways let only VMs of the partition in: those that stay no longer name the ones that went. */
function forgetPeers(view: PartitionView, gateways: GatewaySlots, released: Released): Action[] {
  return [...gateways.serving, ...gateways.joining]
    .filter((slot) => !released.slots.has(slot))
    .map((slot) => configureGateway(view, slot, false, [], 'VMs of the partition went'));
}

/** The stages of a partition, in the order in which they run. */
import type { Action, ProcessLimit, ProcessSleep, Stage, StageKind } from '../model/plan.ts';
import type { Survey } from './found.ts';
import type { GatewaySlots } from './gateway-slots.ts';
import { configureGateway, gatewaySlots, hasDrifted, needsGateway } from './gateways.ts';
import { partitionView, type PartitionView } from './partition-view.ts';
import type { Released } from './release.ts';
import type { Slot } from './slot.ts';
import { survey } from './survey.ts';
import type { Site, Wave } from './wave.ts';

/** What is planned for a partition. */
export interface Planned {
  readonly machines: readonly Action[];
  readonly limits: readonly ProcessLimit[];
  readonly waves: readonly Wave[];
  readonly released: Released;
  /** What was in rotation before. */
  readonly before: ReadonlySet<string>;
  readonly sleeps: readonly ProcessSleep[];
}

/** Lays out what is planned: machines, preparation, images, the waves, who goes to sleep, VMs that go. */
export function stagesOf({ view, found, copies }: Site, planned: Planned): readonly Stage[] {
  const { machines, limits, waves, released, before, sleeps } = planned;
  const stages: Stage[] = [];
  const gateways = view.guests ? hostsOf(view) : gatewaySlots(view, found.slots, released.slots);
  if (!view.guests) view.hosts.set(view.name, { ...gateways, leaving: released.slots });
  let gate: string | undefined;
  const vmsChange = machines.length > 0 || lostFromRotation(view, before);
  addStage(stages, view, 'machines', machines);
  addStage(stages, view, 'prepare', prepare(view, found, gateways, released));
  // Before anything is tried again: it may have failed for want of them.
  addStage(stages, view, 'processes', limits);
  addStage(stages, view, 'images', [...copies.values()]);
  waves.forEach((wave, at) => {
    const scope = at === 0 ? firstScope(view, gateways, wave, vmsChange, before) : wave.changed ? gateways : NONE;
    gate = addWave(stages, view, wave, scope, released) ?? gate;
  });
  if (view.input.decisions.maxChanges !== undefined && !view.guests) noteDue(view, found, gateways, before);
  // Nobody sleeps before the gateways know how to wake it.
  addStage(
    stages,
    view,
    'processes',
    sleeps.map((sleep) => after(sleep, gate)),
  );
  addStage(stages, view, 'release', released.actions);
  if (released.actions.length > 0 && !view.guests)
    addStage(stages, view, 'gateway', forgetPeers(view, gateways, released));
  return stages;
}

/** Gateways on the VMs of another partition: as that was planned before, or as it is where it is not planned now. */
function hostsOf(view: PartitionView): GatewaySlots {
  const { gateway, hosts } = view;
  if (gateway === undefined) return NONE;
  const planned = hosts.get(gateway);
  if (planned) return planned;
  // Nothing of it is wanted: nothing is planned, nothing is said.
  const still = partitionView(gateway, new Set(), view, { holds: [], notices: [] });
  const { slots } = survey(still);
  // What would bring them in order is not done here.
  for (const slot of slots) slot.entry = slot.after = [];
  return gatewaySlots(still, slots, new Set());
}

/** Gateways that are not what they should be as things are, for the case that what would change is put off. */
function noteDue(view: PartitionView, found: Survey, gateways: GatewaySlots, before: ReadonlySet<string>): void {
  const wanted = needsGateway(view);
  const always = found.actions.length > 0 || lostFromRotation(view, before);
  for (const slot of gateways.serving)
    if (always || hasDrifted(view, slot, before, wanted)) view.due.add(`gateway.configure:${slot.name}`);
  for (const slot of gateways.joining) view.due.add(`gateway.configure:${slot.name}`);
}

const NONE: GatewaySlots = { serving: [], joining: [] };

function after(action: ProcessSleep, gate: string | undefined): ProcessSleep {
  return gate === undefined ? action : { ...action, dependsOn: [...action.dependsOn, gate] };
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
  terms: Pick<Stage, 'withdraw' | 'withdrawAfter'> = {},
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
      reason: whyPrepared(view, slot),
    }));
}

function whyPrepared({ spec, input }: PartitionView, { name, seen }: Slot): string {
  if (seen?.prepared === undefined) return 'it is not prepared yet';
  const wanted = spec && input.prepareFingerprint(name, spec);
  return seen.drift && seen.prepared === wanted ? seen.drift.join(', ') : 'how VMs are prepared changed';
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
  // What has drifted is put right where the gateways are.
  if (view.guests) return NONE;
  const wanted = needsGateway(view);
  return {
    serving: gateways.serving.filter((slot) => hasDrifted(view, slot, before, wanted)),
    joining: gateways.joining,
  };
}

/**
 * Machines that wait for it, processes, gateways, removals. Nothing is removed before every gateway that serves has let go of it; gateways that only join
 * with this plan are a stage of their own, so that a VM that cannot be made does not stop the others.
 */
function addWave(
  stages: Stage[],
  view: PartitionView,
  wave: Wave,
  scope: GatewaySlots,
  released: Released,
): string | undefined {
  addStage(stages, view, 'machines', wave.machines);
  addStage(stages, view, 'processes', wave.processes);
  const withdraw = [...wave.withdraw.keys()];
  const reason = gatewayReason(wave, withdraw.length);
  const leaves = (slot: Slot) => released.slots.has(slot) || scope.leaving?.has(slot) === true;
  const configure = (slot: Slot) => configureGateway(view, slot, leaves(slot), reason);
  const conditional = [...wave.withdraw].filter(([, conditions]) => conditions.length > 0);
  const terms = {
    ...(withdraw.length > 0 ? { withdraw } : {}),
    ...(conditional.length > 0 ? { withdrawAfter: Object.fromEntries(conditional) } : {}),
  };
  const gate = addStage(stages, view, 'gateway', scope.serving.map(configure), terms);
  addStage(stages, view, 'gateway', scope.joining.map(configure), terms);
  if (gate !== undefined) for (const dependsOn of wave.removalsAfter) dependsOn.push(gate);
  addStage(stages, view, 'removals', wave.removals);
  return gate;
}

function gatewayReason(wave: Wave, leaving: number): string {
  if (leaving > 0) return `${leaving} ${leaving === 1 ? 'process leaves' : 'processes leave'} the rotation`;
  return wave.changed ? 'other processes are in rotation' : 'what it serves is not what it should serve';
}

/** Gateways let only VMs of the partition in: those that stay no longer name the ones that went. */
function forgetPeers(view: PartitionView, gateways: GatewaySlots, released: Released): Action[] {
  return [...gateways.serving, ...gateways.joining]
    .filter((slot) => !released.slots.has(slot))
    .map((slot) => configureGateway(view, slot, false, 'VMs of the partition went'));
}

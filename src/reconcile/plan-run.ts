/** From the world to a plan: load, observe, decide, plan. Changes nothing and takes no lock. */
import { prepareFingerprint } from '../lxc/prepare.ts';
import { processCapacity } from '../lxc/network.ts';
import type { Decisions } from '../model/decision.ts';
import { UsageError } from '../model/errors.ts';
import type { Inventory } from '../model/inventory.ts';
import type { PolicyMemory } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import type { Plan } from '../model/plan.ts';
import type { RevisionRecord } from '../model/revision.ts';
import type { History, Measurement } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import { makePlan } from '../plan/make-plan.ts';
import { decide } from '../policy/decide.ts';
import {
  decideRollouts,
  returnedChoices,
  withRevisions,
  type DecidedRollouts,
} from '../policy/rollout/decide-rollouts.ts';
import type { Deps, RunLimits } from './deps.ts';
import { gatewaysOf } from './gateway-of.ts';
import { imageOf, loadMaterials, withChoices, type Materials } from './materials.ts';
import { measureRun, type MeasuredRun } from './measure-run.ts';
import { observe } from './observe.ts';
import { preparationOf } from './preparation.ts';
import { refusalAlarms } from './refused-images.ts';

export interface PlanRun {
  readonly spec: Spec;
  readonly inventory: Inventory;
  readonly observation: Observation;
  readonly measurement: Measurement;
  /** Samples that policy looked at, with those of this run. */
  readonly history: History;
  readonly decisions: Decisions;
  readonly plan: Plan;
  /** What an applied run leaves for the next one, beside `decisions.memory`. */
  readonly record: MeasuredRun['record'];
}

/** What applying the plan needs besides. */
export interface PlannedRun extends PlanRun {
  /** With the choices of revisions that the plan was made with. */
  readonly materials: Materials;
  /** What policy remembered when it decided. */
  readonly recalled: PolicyMemory;
}

/** Observes, decides and plans. @throws InvalidSpecError, ProjectFileError, HostError, InterruptedError */
export async function planRun(deps: Deps, limits: RunLimits): Promise<PlanRun> {
  return planFrom(deps, await loadMaterials(deps, { ...limits, pull: false }), limits);
}

/** What a run sees and what policy says of it: all but the plan. */
export interface Look extends Omit<PlannedRun, 'plan'> {
  /** Revisions that begin, or whose rollout comes further; the inventory does not have them yet. */
  readonly revisions: readonly RevisionRecord[];
}

/** What a run that looks once more goes on from: what it measured the first time, and what policy is to remember. */
export type Earlier = Pick<MeasuredRun, 'measurement' | 'history' | 'memory' | 'record'>;

/** Observes and decides with materials that were just read. A rollout that fails by what is seen is gone back on at once. */
export async function lookFrom(deps: Deps, read: Materials, limits: RunLimits, earlier?: Earlier): Promise<Look> {
  const measured = earlier
    ? { ...earlier, observation: await observe(deps, read.spec, read.inventory, limits) }
    : await measureRun(deps, read.spec, read.inventory, limits);
  const { observation, measurement, history, memory, record } = measured;
  const look = { ...measured, only: limits.only };
  const first = decideAll(read, look);
  const turned = returnedChoices(read.choices, first.rollouts);
  const materials = turned ? await withChoices(deps, read, turned) : read;
  const { decisions, rollouts } = turned ? decideAll(materials, look) : first;
  const { revisions } = rollouts;
  const alarms = [...new Set([...first.rollouts.alarms, ...decisions.alarms])];
  return {
    spec: materials.spec,
    // As it is recorded: what was decided is not done yet.
    inventory: materials.inventory,
    ...{ observation, measurement, history, record, materials, revisions, recalled: memory },
    decisions: { ...decisions, alarms, memory: withRollouts(decisions.memory, memory, rollouts.memory) },
  };
}

/** Plans from materials that were just read. */
export async function planFrom(deps: Deps, read: Materials, limits: RunLimits, earlier?: Earlier): Promise<PlannedRun> {
  checkOnly(read.spec, read.inventory, limits.only);
  const look = await lookFrom(deps, read, limits, earlier);
  const { spec, observation, measurement, decisions, materials, revisions } = look;
  const inventory = withRevisions(look.inventory, revisions);
  const { specDigest, references, envDigests } = materials;
  const gateways = gatewaysOf(spec, inventory);
  const plan = makePlan({
    spec,
    specDigest,
    inventory,
    observation,
    decisions,
    measurement,
    images: Object.fromEntries(Object.entries(references).map(([name, image]) => [name, image?.digest])),
    envDigests,
    prepareFingerprint: (vm, partition) =>
      prepareFingerprint(preparationOf(inventory.lineage, vm, partition, spec.cartridges)),
    networkCapacity: processCapacity,
    unresolved: unresolvedOf(materials),
    gatewayDigest: (vm, included) => gateways(vm, included)?.digest,
    only: limits.only,
    now: observation.at,
  });
  return { ...look, plan: revisions.length === 0 ? plan : { ...plan, revisions } };
}

/** Counts, then how far rollouts go. */
function decideAll(
  { spec, inventory, choices, references, refused, environments }: Materials,
  look: Pick<MeasuredRun, 'observation' | 'measurement' | 'history' | 'memory'> & Pick<RunLimits, 'only'>,
): { readonly decisions: Decisions; readonly rollouts: DecidedRollouts } {
  const { observation, measurement, history, memory, only } = look;
  const now = observation.at;
  const decisions = decide({ spec, inventory, observation, measurement, history, memory, now });
  const rollouts = decideRollouts({
    ...{ spec, inventory, observation, measurement, choices, only, now },
    memory: memory.rollouts ?? {},
    desired: (alias) => decisions.processes[alias]?.desired ?? 0,
    canMake: ({ name, image, cartridge: { runtime } }) =>
      imageOf({ image, runtime }, references) !== undefined &&
      refused[image] === undefined &&
      environments[name] !== undefined,
  });
  const alarms = [...decisions.alarms, ...refusalAlarms(spec, refused), ...rollouts.alarms];
  return { decisions: { ...decisions, rollouts: rollouts.decisions, alarms }, rollouts };
}

/** What runs remember of rollouts: those that were not looked at stay as they were. */
function withRollouts(
  memory: PolicyMemory,
  before: PolicyMemory,
  { seen, rollouts }: DecidedRollouts['memory'],
): PolicyMemory {
  const others = Object.entries(before.rollouts ?? {}).filter(([alias]) => !seen.has(alias));
  const all = { ...Object.fromEntries(others), ...rollouts };
  return Object.keys(all).length === 0 ? memory : { ...memory, rollouts: all };
}

/** Why nothing of a subscription can be created: a secret or an image that is not to be had, or an image that must not run. */
function unresolvedOf({ spec, missing, refused, unresolved }: Materials): Readonly<Record<string, string>> {
  const held = Object.values(spec.subscriptions).flatMap(({ alias, cartridge }) => {
    const image = spec.cartridges[cartridge]?.image ?? '';
    const why = missing[image] ?? refused[image];
    return why === undefined ? [] : [[alias, why] as const];
  });
  return { ...Object.fromEntries(held), ...unresolved };
}

/** @throws UsageError when a name to act upon is neither an alias nor a partition, of the spec or of what still exists */
function checkOnly(spec: Spec, inventory: Inventory, only: readonly string[]): void {
  const known = new Set([
    ...Object.keys(spec.subscriptions),
    ...Object.keys(spec.partitions),
    ...inventory.vms.map((vm) => vm.partition),
    ...inventory.processes.map((process) => process.subscription),
  ]);
  const unknown = only.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new UsageError(`Cannot act only on ${JSON.stringify(unknown)} as no alias or partition has this name`, {
      hint: 'stratos status',
    });
}

/** From the world to a plan: load, observe, decide, plan. Changes nothing and takes no lock. */
import { createHash } from 'node:crypto';
import { prepareFingerprint } from '../lxc/prepare.ts';
import { processCapacity } from '../lxc/network.ts';
import { HostError, UsageError } from '../model/errors.ts';
import type { Decisions } from '../model/decision.ts';
import type { Image } from '../model/image.ts';
import type { Inventory, VmRecord } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Plan } from '../model/plan.ts';
import type { History, Measurement } from '../model/signal.ts';
import type { Spec } from '../model/spec.ts';
import { makePlan } from '../plan/make-plan.ts';
import { decide } from '../policy/decide.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import type { Deps, RunLimits } from './deps.ts';
import { environmentDigests, environmentOf, type Environment } from './environment.ts';
import { gatewaysOf } from './gateway-of.ts';
import { imagesOf, type ImagesOptions } from './images-of.ts';
import { measureRun, type MeasuredRun } from './measure-run.ts';
import { preparationOf } from './preparation.ts';
import { movedHosts, withRecords } from './static-endpoints.ts';
import { refusalAlarms, refusedImages } from './refused-images.ts';

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

/** What planning needs of the operator's machine: resolved once, used by planning and applying alike. */
export interface Materials {
  readonly spec: Spec;
  readonly specDigest: string;
  /** With hosts of static pools where the spec says they are. */
  readonly inventory: Inventory;
  /** Records of `inventory` that are not written yet. */
  readonly moved: readonly VmRecord[];
  readonly store: CartridgeStore;
  /** By reference as the spec writes it; undefined where the store has no such image. */
  readonly references: Readonly<Record<string, Image | undefined>>;
  /** Why an image must not run, by reference as the spec writes it. */
  readonly refused: Readonly<Record<string, string>>;
  /** Why an image could not be had from its registry, by reference. */
  readonly missing: Readonly<Record<string, string>>;
  /** By alias. */
  readonly environments: Readonly<Record<string, Environment>>;
  /** Why an environment could not be read, by alias. */
  readonly unresolved: Readonly<Record<string, string>>;
}

/** Observes, decides and plans. @throws InvalidSpecError, ProjectFileError, HostError, InterruptedError */
export async function planRun(deps: Deps, limits: RunLimits): Promise<PlanRun> {
  return planFrom(deps, await loadMaterials(deps, { pull: false, signal: limits.signal }), limits);
}

/** Reads the spec, the inventory, the images it names and the environments. */
export async function loadMaterials(deps: Deps, options: ImagesOptions): Promise<Materials> {
  const recorded = await deps.inventory.read();
  // VMs let in while the spec is being read.
  openAll(deps, recorded);
  const spec = await deps.loadSpec();
  const moved = movedHosts(recorded, spec);
  const inventory = withRecords(recorded, moved);
  const store = await deps.storeOf(spec);
  const { references, missing } = await imagesOf(deps, spec, inventory, store, options);
  const refused = await refusedImages(deps, spec, references);
  const environments: Record<string, Environment> = {};
  const unresolved: Record<string, string> = {};
  await Promise.all(
    Object.values(spec.subscriptions).map(async (subscription) => {
      try {
        environments[subscription.alias] = await environmentOf(spec, subscription, deps.env);
      } catch (error) {
        // One secret that is not here holds back one subscription, not the fleet.
        if (!(error instanceof HostError)) throw error;
        unresolved[subscription.alias] = error.message;
      }
    }),
  );
  const images = { store, references, missing, refused };
  return { spec, specDigest: digestOf(spec), inventory, moved, ...images, environments, unresolved };
}

/** Begins to open what the next look at the VMs will need. */
export function openAll(deps: Deps, inventory: Inventory): void {
  for (const { name, endpoint, state } of inventory.vms)
    if (endpoint && state !== 'creating') deps.transport.open(name, endpoint);
}

/** What a run sees and what policy says of it: all but the plan. */
export type Look = Omit<PlanRun, 'plan'>;

/** Observes and decides with materials that were just read. */
export async function lookFrom(
  deps: Deps,
  { spec, inventory, refused }: Materials,
  limits: Omit<RunLimits, 'only'>,
): Promise<Look> {
  const { observation, measurement, history, memory, record } = await measureRun(deps, spec, inventory, limits);
  const decided = decide({ spec, inventory, observation, measurement, history, memory, now: observation.at });
  const decisions = { ...decided, alarms: [...decided.alarms, ...refusalAlarms(spec, refused)] };
  return { spec, inventory, observation, measurement, history, decisions, record };
}

/** Plans from materials that were just read. */
export async function planFrom(deps: Deps, materials: Materials, limits: RunLimits): Promise<PlanRun> {
  const { spec, specDigest, inventory, references, environments } = materials;
  checkOnly(spec, inventory, limits.only);
  const look = await lookFrom(deps, materials, limits);
  const { observation, measurement, decisions } = look;
  const gateways = gatewaysOf(spec, inventory);
  const plan = makePlan({
    spec,
    specDigest,
    inventory,
    observation,
    decisions,
    measurement,
    images: Object.fromEntries(Object.entries(references).map(([name, image]) => [name, image?.digest])),
    envDigests: await environmentDigests(environments, { lineage: inventory.lineage, secret: deps.fingerprintKey }),
    prepareFingerprint: (vm, network) => prepareFingerprint(preparationOf(inventory.lineage, vm, network)),
    networkCapacity: processCapacity,
    unresolved: unresolvedOf(materials),
    gatewayDigest: (vm, included) => gateways(vm, included)?.digest,
    only: limits.only,
    now: observation.at,
  });
  return { ...look, plan };
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

/** sha256 of a value whose keys may come in any order. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

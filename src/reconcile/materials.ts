/** What planning and applying need of the operator's machine: read once in a run, used by both. */
import { createHash } from 'node:crypto';
import { HostError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import type { Inventory, VmRecord } from '../model/inventory.ts';
import { revisionsOf } from '../model/revision.ts';
import type { CartridgeSpec, Spec } from '../model/spec.ts';
import { processFingerprint } from '../plan/fingerprint.ts';
import { chooseRevision, type Candidate, type Choice } from '../policy/rollout/choose-revision.ts';
import type { CartridgeStore } from '../store/cartridge-store.ts';
import type { Deps } from './deps.ts';
import { cartridgeOf, pinnedSpec, withParts } from './effective-spec.ts';
import { environmentDigests, environmentOf, type Environment } from './environment.ts';
import { imagesOf, type ImagesOptions } from './images-of.ts';
import { refusedImages } from './refused-images.ts';
import { movedHosts, withRecords } from './static-endpoints.ts';
import { withToldPrices } from './told-prices.ts';

export interface Materials {
  /** As it holds in this run: see `effective-spec.ts`. */
  readonly spec: Spec;
  /** Of the spec as it is written. */
  readonly specDigest: string;
  /** With hosts of static pools where the spec says they are. */
  readonly inventory: Inventory;
  /** Records of `inventory` that are not written yet. */
  readonly moved: readonly VmRecord[];
  readonly store: CartridgeStore;
  /** By reference as the spec writes it; undefined where the store has no such image. */
  readonly references: Readonly<Record<string, Image | undefined>>;
  /** Why an image could not be had from its registry, by reference. */
  readonly missing: Readonly<Record<string, string>>;
  /** Why an image must not run, by reference. */
  readonly refused: Readonly<Record<string, string>>;
  /** By alias, and by name of a revision that is made beside what the spec says. */
  readonly environments: Readonly<Record<string, Environment>>;
  /** By alias, as the spec says it. */
  readonly envDigests: Readonly<Record<string, string>>;
  /** Why a subscription cannot be made now, by alias: its environment, its image or its revision is not to be had. */
  readonly unresolved: Readonly<Record<string, string>>;
  /** The revision of each subscription that is wanted, by alias. */
  readonly choices: Readonly<Record<string, Choice>>;
  /** The same before anything was returned to: what another choice begins with. */
  readonly written: Pick<Materials, 'spec' | 'references' | 'missing' | 'refused' | 'environments' | 'unresolved'>;
}

export interface LoadOptions extends ImagesOptions {
  /** Why a rollout that begins was asked for. */
  readonly message?: string;
}

/** Reads the spec, the inventory, the images it names and the environments, and finds which revisions are wanted. */
export async function loadMaterials(deps: Deps, options: LoadOptions): Promise<Materials> {
  const recorded = await deps.inventory.read();
  // VMs let in while the spec is being read.
  openAll(deps, recorded);
  const raw = await deps.loadSpec();
  const moved = movedHosts(recorded, raw);
  const inventory = withRecords(recorded, moved);
  const store = await deps.storeOf(raw);
  const pinned = pinnedSpec(raw, inventory);
  const spec = await withToldPrices(deps, pinned.spec, inventory.lineage);
  const { references, missing } = await imagesOf(deps, spec, inventory, store, options);
  const refused = await refusedImages(deps, spec, references);
  const environments: Record<string, Environment> = {};
  const unresolved: Record<string, string> = { ...pinned.unresolved };
  await Promise.all(
    Object.keys(spec.subscriptions).map(async (alias) => {
      const found = await readEnvironment(deps, spec, alias);
      // One secret that is not here holds back one subscription, not the fleet.
      if (typeof found === 'string') unresolved[alias] ??= found;
      else environments[alias] = found;
    }),
  );
  const keys = { lineage: inventory.lineage, secret: deps.fingerprintKey };
  const envDigests = await environmentDigests(environments, keys);
  const written = { spec, references, missing, refused, environments, unresolved };
  const choices: Record<string, Choice> = {};
  const { message } = options;
  const author = { who: deps.who(), ...(message === undefined ? {} : { message }) };
  for (const candidate of candidatesOf(raw, { ...written, inventory, envDigests }))
    choices[candidate.subscription] = chooseRevision(
      candidate,
      revisionsOf(inventory, candidate.subscription),
      author,
      deps.now(),
    );
  const base = { ...written, written, specDigest: digestOf(raw), inventory, moved, store, envDigests, choices };
  return withChoices(deps, base, choices);
}

/** Begins to open what the next look at the VMs will need. */
export function openAll(deps: Deps, inventory: Inventory): void {
  for (const { name, endpoint, state, runtime } of inventory.vms)
    if (endpoint && state !== 'creating' && !runtime) deps.transport.open(name, endpoint);
}

/**
 * The materials with these choices: what a subscription has returned to takes the place of what the spec says, and what may be made
 * beside a new revision is there under the name of its own.
 */
export async function withChoices(
  deps: Deps,
  materials: Materials,
  choices: Readonly<Record<string, Choice>>,
): Promise<Materials> {
  const { written, store } = materials;
  const needed = Object.values(choices).filter(
    ({ revision, returning }) => returning || revision.state !== 'succeeded',
  );
  const cartridges: Record<string, Spec['cartridges'][string]> = {};
  const subscriptions: Record<string, Spec['subscriptions'][string]> = {};
  const references = { ...written.references };
  const environments = { ...written.environments };
  const broken = new Map<string, string | undefined>();
  for (const { revision, before, returning } of needed) {
    const alias = revision.subscription;
    const subscription = written.spec.subscriptions[alias];
    if (!before || !subscription) continue;
    const cartridge = cartridgeOf(before, written.spec);
    cartridges[before.name] = cartridge;
    if (cartridge.runtime !== 'vm') references[before.image] ??= await store.find(before.image);
    const spec = withParts(
      written.spec,
      { [before.name]: cartridge },
      {
        [alias]: { ...subscription, cartridge: before.name, env: {} },
      },
    );
    const environment = await readEnvironment(deps, spec, alias);
    if (typeof environment !== 'string') environments[before.name] = environment;
    if (!returning) continue;
    subscriptions[alias] = spec.subscriptions[alias] ?? subscription;
    const missing = missingPart(before.image, imageOf(cartridge, references), environment);
    broken.set(alias, missing && `revision ${String(before.number)} cannot be made again: ${missing}`);
    if (typeof environment !== 'string') environments[alias] = environment;
  }
  const spec = withParts(written.spec, cartridges, subscriptions);
  const added = Object.entries(references).filter(([name]) => !Object.hasOwn(written.references, name));
  const refused = { ...written.refused, ...(await refusedImages(deps, spec, Object.fromEntries(added))) };
  const problems = [...Object.entries(written.unresolved).filter(([alias]) => !broken.has(alias)), ...broken];
  const unresolved = Object.fromEntries(problems.flatMap(([alias, why]) => (why === undefined ? [] : [[alias, why]])));
  return { ...materials, spec, references, refused, environments, unresolved, choices };
}

/** Digest of a cartridge's image; what the IaaS calls it where that has it; undefined where the store has none. */
export function imageOf(
  { image, runtime }: Pick<CartridgeSpec, 'image' | 'runtime'>,
  references: Materials['references'],
): string | undefined {
  return runtime === 'vm' ? image : references[image]?.digest;
}

function missingPart(digest: string, image: string | undefined, environment: Environment | string): string | undefined {
  if (typeof environment === 'string') return environment;
  return image !== undefined ? undefined : `the store has no image ${digest}`;
}

/** What can be made as the spec says. */
function* candidatesOf(
  raw: Spec,
  {
    spec,
    inventory,
    references,
    refused,
    unresolved,
    envDigests,
  }: Omit<Materials['written'], 'environments'> & Pick<Materials, 'inventory' | 'envDigests'>,
): Generator<Candidate> {
  for (const subscription of Object.values(spec.subscriptions)) {
    const { alias } = subscription;
    const cartridge = spec.cartridges[subscription.cartridge];
    const image = cartridge && imageOf(cartridge, references);
    const network = cartridge && spec.partitions[cartridge.partition]?.network;
    const envDigest = envDigests[alias];
    if (!image || refused[cartridge.image] !== undefined) continue;
    if (network === undefined || envDigest === undefined || unresolved[alias] !== undefined) continue;
    const { cartridge: name = '', revision } = raw.subscriptions[alias] ?? {};
    const pinned =
      revision === undefined ? undefined : revisionsOf(inventory, alias).find(({ number }) => number === revision);
    yield {
      subscription: alias,
      fingerprint: processFingerprint({ image, cartridge, envDigest, network }),
      image,
      environment: envDigest,
      cartridge: pinned?.cartridge ?? { ...cartridge, name, env: { ...cartridge.env, ...subscription.env } },
      ...(revision === undefined ? {} : { pinned: revision }),
    };
  }
}

/** An environment, or why it cannot be had. */
async function readEnvironment(deps: Deps, spec: Spec, alias: string): Promise<Environment | string> {
  const subscription = spec.subscriptions[alias];
  if (!subscription) return 'the subscription is gone';
  try {
    return await environmentOf(spec, subscription, deps.env);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return error.message;
  }
}

/** sha256 of a value whose keys may come in any order. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

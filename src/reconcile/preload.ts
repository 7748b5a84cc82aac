/** Images on VMs before a process needs them: a plan of copies alone, done as any other plan. */
import { NotFoundError, StoreError } from '../model/errors.ts';
import type { VmRecord } from '../model/inventory.ts';
import type { Action, Plan } from '../model/plan.ts';
import type { Bytes } from '../model/quantity.ts';
import type { Spec } from '../model/spec.ts';
import { apply, type ApplyOutcome } from './apply.ts';
import type { Deps, RunLimits } from './deps.ts';
import { loadMaterials } from './materials.ts';
import { contextOf, withLock } from './reconcile.ts';
import { refusedImages } from './refused-images.ts';

export interface PreloadOptions {
  /** VMs and partitions; empty: every VM that has an address. */
  readonly on: readonly string[];
  /** Instead of what the spec says. */
  readonly bandwidthLimit?: Bytes;
}

export interface PreloadOutcome extends ApplyOutcome {
  /** Digest of the image. */
  readonly image: string;
  /** The VMs that were meant. */
  readonly vms: readonly string[];
}

/**
 * Brings an image to VMs, or that of a subscription or a cartridge of the spec; what is there already is not sent again. One VM that
 * fails leaves the others alone.
 * @throws NotFoundError for an image, a VM or a partition that there is not; StoreError for an image that must not run; LockHeldError,
 * InterruptedError
 */
export async function preload(
  deps: Deps,
  wanted: string,
  { on, bandwidthLimit }: PreloadOptions,
  limits: RunLimits,
): Promise<PreloadOutcome> {
  return withLock(deps, limits, 'cartridge preload', async () => {
    deps.beginRun();
    const read = await loadMaterials(deps, { pull: true, signal: limits.signal });
    const reference = referenceOf(read.spec, wanted);
    const image = read.references[reference] ?? (await read.store.find(reference));
    if (!image) {
      throw new NotFoundError(`Cannot find image ${JSON.stringify(wanted)} in the store`, {
        hint: 'stratos cartridge ls',
      });
    }
    const references = { ...read.references, [reference]: image };
    const [why] = Object.values(await refusedImages(deps, read.spec, { [reference]: image }));
    if (why !== undefined) throw new StoreError(`Cannot bring the image to VMs as ${why}`);
    const vms = chooseVms(read.spec, read.inventory.vms, on);
    const variants = variantsOf(read.spec, references, image.digest);
    const actions = vms.flatMap(({ name: vm }) =>
      variants.map((privileged): Action => {
        const target = `${vm}/${image.digest}${privileged ? '/privileged' : ''}`;
        const action = { vm, dependsOn: [], reason: 'it was asked for', image: image.digest };
        return { kind: 'image.copy', id: `image.copy:${target}`, ...action, ...(privileged && { privileged }) };
      }),
    );
    const { spec, specDigest, inventory } = read;
    const plan: Plan = {
      ...{ version: 1, lineage: inventory.lineage, serial: inventory.serial, specDigest, observedAt: deps.now() },
      ...{ stages: [{ id: 'preload/1', partition: 'preload', kind: 'images', actions }], holds: [], notices: [] },
    };
    const distribution = { ...spec.distribution, ...(bandwidthLimit !== undefined && { bandwidthLimit }) };
    const materials = { ...read, references, spec: { ...spec, distribution } };
    const outcome = await apply(contextOf(deps, materials, limits.signal), plan, limits.parallel);
    return { image: image.digest, vms: vms.map(({ name }) => name), ...outcome };
  });
}

/** The image that a subscription or a cartridge of this name has; else the name is the image's own. */
function referenceOf({ subscriptions, cartridges }: Spec, wanted: string): string {
  const cartridge = subscriptions[wanted]?.cartridge ?? wanted;
  return cartridges[cartridge]?.image ?? wanted;
}

/** Whether it is for privileged processes, for others, or both, by the cartridges that have it. */
function variantsOf(
  { cartridges }: Spec,
  references: Readonly<Record<string, { readonly digest: string } | undefined>>,
  digest: string,
): readonly boolean[] {
  const users = Object.values(cartridges).filter(({ image }) => references[image]?.digest === digest);
  return users.length === 0 ? [false] : [...new Set(users.map(({ security }) => security.privileged))];
}

function chooseVms({ partitions }: Spec, vms: readonly VmRecord[], on: readonly string[]): readonly VmRecord[] {
  for (const name of on) {
    if (partitions[name] === undefined && !vms.some((vm) => vm.name === name)) {
      throw new NotFoundError(`Cannot find a VM or a partition ${JSON.stringify(name)}`, { hint: 'stratos vm ls' });
    }
  }
  const chosen = vms.filter(({ name, partition }) => on.length === 0 || on.includes(name) || on.includes(partition));
  return chosen.filter(({ endpoint, name, runtime }) => !runtime && (endpoint !== undefined || on.includes(name)));
}

/** Freeing disk on VMs: images nobody needs, and the layers that only they had. */
import { jsonLines } from '../lxc/json-lines.ts';
import { LAYOUT } from '../lxc/layout.ts';
import { bytes, type Bytes } from '../model/quantity.ts';
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { BLOBS } from './image-layers.ts';
import { hexOf } from './reference.ts';
import pruneText from './scripts/image-prune.sh';

/** Minutes that a layer nobody names, or a blob, must have been there: younger ones may belong to an image on its way. */
const AGE = 60;

export interface Pruned {
  /** Digests of the images that are gone. */
  readonly removed: readonly string[];
  /** Digests of the tars of the layers that are gone. */
  readonly layers: readonly string[];
  /** How much more room there is. */
  readonly freed: Bytes;
}

/** A step that removes from a VM every image but these, and every layer none of the rest has. Images in use stay, and for neighbours the blobs of layers that do. */
export function pruneStep(keep: readonly string[], neighbours = false): ScriptStep {
  const folders = [LAYOUT.images, LAYOUT.layers, BLOBS, LAYOUT.processes, LAYOUT.run];
  const args = [...folders, AGE, neighbours ? 'keep' : 'drop', ...keep.map(hexOf)];
  return script({ name: 'image_prune', text: pruneText }, 'prune images', args);
}

/** Reads what {@link pruneStep} prints. */
export function parsePruned(result: StepResult): Pruned {
  const lines = jsonLines([result]);
  const digests = (key: 'removed' | 'layer'): readonly string[] =>
    lines.flatMap(({ [key]: hex }) => (typeof hex === 'string' ? [`sha256:${hex}`] : []));
  const freed = lines.map((line) => line.freed).find((value) => typeof value === 'number') ?? 0;
  // Others write to the disk at the same time: there may even be less room than before.
  return { removed: digests('removed'), layers: digests('layer'), freed: bytes(Math.max(0, freed)) };
}

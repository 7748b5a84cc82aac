/** What a VM has of an image: asked in one go, before anything travels. */
import { jsonLines } from '../lxc/json-lines.ts';
import { LAYOUT } from '../lxc/layout.ts';
import layerWhole from '../lxc/scripts/layer-whole.sh';
import { RemoteCommandError } from '../model/errors.ts';
import type { Image, ImageLayer } from '../model/image.ts';
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { hexOf } from './reference.ts';
import missingText from './scripts/image-missing.sh';

/** Where compressed layers are on a VM. */
export const BLOBS = `${LAYOUT.blobs}/sha256`;

/** Unpacked with owners shifted to the map of ids, or as they are. */
export type Variant = 'rootfs' | 'privileged';

/** A layer that a VM lacks. */
export interface MissingLayer {
  readonly layer: ImageLayer;
  /** Bytes of its blob that are there already. */
  readonly have: number;
}

export interface MissingLayers {
  /** From the bottom; empty where only the image is to be put together. */
  readonly missing: readonly MissingLayer[];
  /** Bytes free on the VM's disk. */
  readonly free: number;
}

/** Asks what a VM lacks of an image. */
export function missingStep(image: Image, variant: Variant): ScriptStep {
  const pairs = distinctLayers(image).map((layer) => `${hexOf(layer.diffId)}=${hexOf(layer.digest)}`);
  const args = [LAYOUT.images, LAYOUT.layers, BLOBS, hexOf(image.digest), variant, ...pairs];
  return script({ name: 'image_missing', text: `${layerWhole}\n${missingText}` }, 'look for the image', args);
}

/** Reads the answer of {@link missingStep}. @throws RemoteCommandError when it is cut */
export function parseMissing(image: Image, result: StepResult): MissingLayers | 'complete' {
  const lines = jsonLines([result]);
  if (lines.some((line) => line.complete === true)) return 'complete';
  const free = lines.map((line) => line.free).find((value) => typeof value === 'number');
  if (free === undefined) {
    throw new RemoteCommandError(`Cannot read what a VM says about ${image.digest}: ${result.stdout}`);
  }
  const have = new Map(lines.map((line) => [line.missing, Number(line.have)]));
  const missing = distinctLayers(image).flatMap((layer) => {
    const bytes = have.get(hexOf(layer.diffId));
    return bytes === undefined ? [] : [{ layer, have: bytes }];
  });
  return { missing, free };
}

/** An image may have the same layer twice; it is brought once. */
function distinctLayers(image: Image): readonly ImageLayer[] {
  return [...new Map(image.layers.map((layer) => [layer.diffId, layer])).values()];
}

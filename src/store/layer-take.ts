/** One layer on its way to a VM: what runs there while its bytes arrive, and what came of it. */
import { jsonLines } from '../lxc/json-lines.ts';
import { IDMAP, LAYOUT, ROOT } from '../lxc/layout.ts';
import layerWhole from '../lxc/scripts/layer-whole.sh';
import type { ImageLayer } from '../model/image.ts';
import { script, type ScriptStep, type StepResult } from '../shell/command.ts';
import { BLOBS, type Variant } from './image-layers.ts';
import { compressionOf } from './oci.ts';
import { hexOf } from './reference.ts';
import takeText from './scripts/layer-take.sh';

/** How much larger than compressed a layer is where it does not say. */
const RATIO = 4;
/** The longest tar of a layer that does not say: a small blob that unpacks to more is taken for a bomb. */
const LONGEST_RATIO = 64;
const LONGEST_FLOOR = 2 ** 30;

export type TakeOutcome =
  | { readonly kind: 'taken' }
  /** Cut, or less was there than was thought: so many bytes of the blob are there now. */
  | { readonly kind: 'cut'; readonly have: number }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'no-space'; readonly free: number }
  /** The layer itself is at fault. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed' };

/** Bytes a layer takes when it is unpacked, as far as is known. */
export function unpackedSize(layer: ImageLayer): number {
  return layer.unpackedSize ?? layer.size * RATIO;
}

/** Longest tar that a layer may unpack to. */
export function longestTar(layer: ImageLayer): number {
  return layer.unpackedSize ?? Math.max(layer.size * LONGEST_RATIO, LONGEST_FLOOR);
}

export interface TakeOptions {
  /** Bytes of the blob that are there already. */
  readonly have: number;
  /** Whether the blob stays for neighbours. */
  readonly keep: boolean;
  /** Whether it is known which tar the blob is: then its own digest says all, else that of the tar is needed, which takes longer. */
  readonly known: boolean;
}

/** Takes a layer from standard input, from a byte on. */
export function takeStep(layer: ImageLayer, variant: Variant, { have, keep, known }: TakeOptions): ScriptStep {
  const args = [
    ...[LAYOUT.layers, BLOBS, LAYOUT.run, ROOT, hexOf(layer.diffId), variant, IDMAP.first, IDMAP.count],
    ...[compressionOf(layer.mediaType) ?? 'tar', hexOf(layer.digest), layer.size, have, longestTar(layer)],
    ...[keep ? 'keep' : 'drop', known ? 'blob' : 'tar'],
  ];
  return script({ name: 'layer_take', text: `${layerWhole}\n${takeText}` }, `take layer ${layer.digest}`, args);
}

/** Reads a line that tells how many bytes of the blob are there while it arrives; undefined for any other. */
export function parseArrived(line: string): number | undefined {
  const bytes = /^\{"arrived":(\d{1,15})\}$/.exec(line)?.[1];
  return bytes === undefined ? undefined : Number(bytes);
}

/** Whether a VM that was to give a layer was not reached by the one that was to take it. */
export function isUnreached(result: StepResult): boolean {
  return jsonLines([result]).some((line) => line.unreached === true);
}

/** Reads what {@link takeStep} prints. */
export function parseTake(layer: ImageLayer, result: StepResult): TakeOutcome {
  for (const line of jsonLines([result])) {
    if (line.present === true || line.unpacked === true) return { kind: 'taken' };
    if (typeof line.have === 'number') return { kind: 'cut', have: line.have };
    if (line.damaged === true) return { kind: 'damaged' };
    if (typeof line.free === 'number') return { kind: 'no-space', free: line.free };
    if (line.long === true) {
      return { kind: 'refused', why: `it unpacks to more than ${String(longestTar(layer))} bytes` };
    }
    if (typeof line.refused === 'string') return { kind: 'refused', why: line.refused };
  }
  return { kind: 'failed' };
}

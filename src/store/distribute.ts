/**
 * Brings an image to a VM: asks which layers are missing there, sends those, several side by side, each unpacked while it arrives
 * and counted only when its digests are right, and has the image put together. A second call goes on where the first was cut.
 */
import { limiter } from '../concurrency/limiter.ts';
import { jsonLines } from '../lxc/json-lines.ts';
import { IDMAP, LAYOUT } from '../lxc/layout.ts';
import layerWhole from '../lxc/scripts/layer-whole.sh';
import type { Image } from '../model/image.ts';
import { script, type ScriptStep } from '../shell/command.ts';
import { bringLayer, MARGIN } from './bring-layer.ts';
import {
  noSpace,
  remoteFailure,
  runStep,
  SIDE_BY_SIDE,
  variantOf,
  type DistributeOptions,
} from './distribute-options.ts';
import { missingStep, parseMissing, type MissingLayer, type Variant } from './image-layers.ts';
import { unpackedSize } from './layer-take.ts';
import { hexOf } from './reference.ts';
import { transferCount, type TransferCount } from './transfer-count.ts';
import assembleText from './scripts/image-assemble.sh';

export type { DistributeOptions } from './distribute-options.ts';

export interface Distribution {
  /** Bytes of layers that were sent from here; 0 when the image was there. */
  readonly sent: number;
  /** Bytes of layers that came from another VM. */
  readonly fetched: number;
  readonly ms: number;
}

/** How often an image is put together, where a layer is found gone then. */
const ATTEMPTS = 3;

/**
 * Makes an image complete on a VM; nothing is left half-made when it fails. Images of one VM may be brought side by side.
 * @throws StoreError when the VM's disk is too small, a layer arrives damaged twice or is refused
 * @throws RemoteCommandError when unpacking fails there
 * @throws UnreachableError
 */
export async function distributeImage(options: DistributeOptions): Promise<Distribution> {
  const started = performance.now();
  const { image, onProgress } = options;
  const count = transferCount(onProgress);
  for (let attempt = 1; ; attempt += 1) {
    const state = parseMissing(image, await runStep(options, missingStep(image, variantOf(options))));
    if (state === 'complete') break;
    checkSpace(options, state.missing, state.free);
    // Its shell is open when all have come.
    options.transport.open(options.vm, options.endpoint);
    if (state.missing.length > 0) await bringLayers(await withGiver(options, state.missing), state.missing, count);
    const result = await runStep(options, assembleStep(image, variantOf(options)));
    if (result.status === 0) break;
    // Somebody may have freed the disk of a layer that was there when we asked.
    const gone = jsonLines([result]).some((line) => typeof line.missing === 'string');
    if (!gone || attempt === ATTEMPTS) throw remoteFailure(options, result);
  }
  return { sent: count.sent, fetched: count.fetched, ms: performance.now() - started };
}

async function withGiver(options: DistributeOptions, missing: readonly MissingLayer[]): Promise<DistributeOptions> {
  const giver = await options.findGiver?.(missing.map(({ layer }) => layer.digest));
  return giver ? { ...options, giver } : options;
}

async function bringLayers(
  options: DistributeOptions,
  missing: readonly MissingLayer[],
  count: TransferCount,
): Promise<void> {
  count.expect(missing);
  const limit = limiter(SIDE_BY_SIDE);
  // The first failure ends the others too, so that nothing of this call is at work when it has thrown.
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const failures: unknown[] = [];
  const bring = (one: MissingLayer) => limit(() => bringLayer({ ...options, signal }, one, count), signal);
  await Promise.all(
    missing.map((one) =>
      bring(one).catch((error: unknown) => {
        failures.push(error);
        stop.abort();
      }),
    ),
  );
  if (failures.length > 0) throw failures[0];
}

function assembleStep(image: Image, variant: Variant): ScriptStep {
  const { workingDir, volumes = [] } = image.run;
  const folders = [workingDir, ...volumes].filter((path) => path.startsWith('/') && !/[\n\0]/.test(path));
  // From the top. Where an image has a layer twice, its upper place hides all that the lower one could show.
  const layers = new Set(image.layers.map((layer) => hexOf(layer.diffId)).reverse());
  const args = [
    ...[LAYOUT.images, LAYOUT.layers, LAYOUT.run, LAYOUT.bin, hexOf(image.digest), variant, IDMAP.first],
    ...[folders.length, ...folders, ...layers],
  ];
  return script({ name: 'image_assemble', text: `${layerWhole}\n${assembleText}` }, 'put the image together', args);
}

function checkSpace(options: DistributeOptions, missing: readonly MissingLayer[], free: number): void {
  if (missing.length === 0) return;
  const need = missing.reduce((sum, { layer, have }) => sum + layer.size - have + unpackedSize(layer), MARGIN);
  if (free < need) throw noSpace(options, free, need);
}

/**
 * Brings an image to a VM: asks which layers are missing there, sends those, several side by side, each unpacked while it arrives
 * and counted only when its digests are right, and has the image put together. A second call goes on where the first was cut.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { limiter } from '../concurrency/limiter.ts';
import { jsonLines } from '../lxc/json-lines.ts';
import { IDMAP, LAYOUT, ROOT } from '../lxc/layout.ts';
import layerWhole from '../lxc/scripts/layer-whole.sh';
import type { Endpoint } from '../model/endpoint.ts';
import { RemoteCommandError, StoreError } from '../model/errors.ts';
import type { Image, ImageLayer } from '../model/image.ts';
import { formatBytes } from '../model/quantity.ts';
import { script } from '../shell/command.ts';
import type { ScriptStep, StepResult } from '../shell/command.ts';
import type { Transport } from '../ssh/transport.ts';
import type { CartridgeStore } from './cartridge-store.ts';
import { missingStep, parseMissing, type MissingLayer, type Variant } from './image-layers.ts';
import { parseTake, takeStep, unpackedSize } from './layer-take.ts';
import { damaged } from './oci.ts';
import { hexOf } from './reference.ts';
import assembleText from './scripts/image-assemble.sh';

export interface DistributeOptions {
  readonly transport: Transport;
  /** Name of the VM, for messages. */
  readonly vm: string;
  readonly endpoint: Endpoint;
  readonly store: CartridgeStore;
  readonly image: Image;
  /** Unpack with ownership as it is, for a privileged cartridge. Default false. */
  readonly privileged?: boolean;
  readonly signal?: AbortSignal;
  /** Bytes sent so far and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Distribution {
  /** Bytes of layers that were sent; 0 when the image was there. */
  readonly sent: number;
  readonly ms: number;
}

/** What is needed on the disk beside the layers themselves. */
const MARGIN = 32 * 2 ** 20;
/** Layers under way to a VM at one time: unpacking one takes about a processor there. */
const SIDE_BY_SIDE = 3;
/** How often a layer is begun anew, where the last attempt was cut or what arrived was damaged. */
const ATTEMPTS = 3;

/**
 * Makes an image complete on a VM; nothing is left half-made when it fails. Images of one VM may be brought side by side.
 * @throws StoreError when the VM's disk is too small, a layer arrives damaged twice or is refused
 * @throws RemoteCommandError when unpacking fails there
 * @throws UnreachableError
 */
export async function distributeImage(options: DistributeOptions): Promise<Distribution> {
  const started = performance.now();
  const { image } = options;
  let sent = 0;
  for (let attempt = 1; ; attempt += 1) {
    const state = parseMissing(image, await runStep(options, missingStep(image, variantOf(options))));
    if (state === 'complete') break;
    checkSpace(options, state.missing, state.free);
    sent += await sendLayers(options, state.missing);
    const result = await runStep(options, assembleStep(image, variantOf(options)));
    if (result.status === 0) break;
    // Somebody may have freed the disk of a layer that was there when we asked.
    const gone = jsonLines([result]).some((line) => typeof line.missing === 'string');
    if (!gone || attempt === ATTEMPTS) throw remoteFailure(options, result);
  }
  return { sent, ms: performance.now() - started };
}

async function sendLayers(options: DistributeOptions, missing: readonly MissingLayer[]): Promise<number> {
  const total = missing.reduce((sum, { layer, have }) => sum + layer.size - have, 0);
  const limit = limiter(SIDE_BY_SIDE);
  let sent = 0;
  const onBytes = (count: number): void => {
    sent += count;
    options.onProgress?.(Math.min(sent, total), total);
  };
  // The first failure ends the others too, so that nothing of this call is at work when it has thrown.
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const failures: unknown[] = [];
  await Promise.all(
    missing.map((one) =>
      limit(() => sendLayer({ ...options, signal }, one, onBytes), signal).catch((error: unknown) => {
        failures.push(error);
        stop.abort();
      }),
    ),
  );
  if (failures.length > 0) throw failures[0];
  return sent;
}

async function sendLayer(
  options: DistributeOptions,
  { layer, have }: MissingLayer,
  onBytes: (count: number) => void,
): Promise<void> {
  const { transport, vm, endpoint, store, image, signal } = options;
  const path = store.blobPath(layer.digest);
  const info = await stat(path).catch((error: unknown) => {
    throw damaged(path, `a blob of ${image.digest} is missing`, error);
  });
  if (info.size !== layer.size)
    throw damaged(path, `a blob of ${image.digest} has another length than its manifest says`);
  let start = Math.min(have, layer.size);
  for (let attempt = 1; ; attempt += 1) {
    const step = takeStep(layer, variantOf(options), start, false);
    const input = counted(createReadStream(path, { start, highWaterMark: 256 * 1024 }), onBytes);
    const result = await transport.feed(vm, endpoint, { step, input, ...(signal && { signal }) });
    const outcome = parseTake(layer, result);
    if (outcome.kind === 'taken') return;
    if (outcome.kind === 'no-space') throw noSpace(options, outcome.free, unpackedSize(layer) + MARGIN);
    if (outcome.kind === 'refused') throw refused(options, layer, outcome.why);
    if (outcome.kind === 'failed' || attempt === ATTEMPTS) {
      throw outcome.kind === 'damaged' ? arrivesDamaged(options, layer) : remoteFailure(options, result);
    }
    start = outcome.kind === 'cut' ? Math.min(outcome.have, layer.size) : 0;
  }
}

async function* counted(input: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    yield chunk;
    onBytes(chunk.length);
  }
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

async function runStep(options: DistributeOptions, step: ScriptStep): Promise<StepResult> {
  const { transport, vm, endpoint, signal } = options;
  const [result] = await transport.run(vm, endpoint, { steps: [step] }, signal ? { signal } : {});
  if (!result) throw new RemoteCommandError(`Cannot ${step.title} on ${vm} as nothing came back`);
  return result;
}

const variantOf = (options: DistributeOptions): Variant => (options.privileged === true ? 'privileged' : 'rootfs');

function checkSpace(options: DistributeOptions, missing: readonly MissingLayer[], free: number): void {
  if (missing.length === 0) return;
  const need = missing.reduce((sum, { layer, have }) => sum + layer.size - have + unpackedSize(layer), MARGIN);
  if (free < need) throw noSpace(options, free, need);
}

function noSpace({ image, vm }: DistributeOptions, free: number, need: number): StoreError {
  return new StoreError(
    `Cannot bring ${image.digest} to ${vm} as its disk has no space left: ${formatBytes(free)} free, ${formatBytes(need)} needed`,
    { hint: `stratos vm ssh ${vm} -- df -h ${ROOT}` },
  );
}

function refused({ image, vm }: DistributeOptions, layer: ImageLayer, why: string): StoreError {
  return new StoreError(`Cannot bring ${image.digest} to ${vm} as its layer ${layer.digest} is refused: ${why}`, {
    hint: `stratos cartridge show ${image.digest}`,
  });
}

function arrivesDamaged({ image, vm, store }: DistributeOptions, layer: ImageLayer): StoreError {
  return new StoreError(`Cannot bring ${image.digest} to ${vm} as a blob arrives damaged: ${layer.digest}`, {
    hint: `sha256sum ${store.blobPath(layer.digest)}`,
  });
}

function remoteFailure({ image, vm }: DistributeOptions, result: StepResult): RemoteCommandError {
  const why = result.stderr.trim().split('\n').at(-1) ?? '';
  return new RemoteCommandError(
    `Cannot ${result.title} for ${image.digest} on ${vm} as it ended with status ${String(result.status)}: ${why}`,
    { hint: 'stratos doctor' },
  );
}

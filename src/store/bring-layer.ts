/** One layer on its way to a VM: from another VM where one gives it, else from here. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ImageLayer } from '../model/image.ts';
import {
  arrivesDamaged,
  noSpace,
  refused,
  remoteFailure,
  runStep,
  variantOf,
  type DistributeOptions,
} from './distribute-options.ts';
import type { MissingLayer } from './image-layers.ts';
import { parseTake, takeStep, unpackedSize, type TakeOutcome } from './layer-take.ts';
import { damaged } from './oci.ts';
import { fetchStep } from './spread/giver.ts';

/** What is needed on the disk beside the layers themselves. */
export const MARGIN = 32 * 2 ** 20;
/** How often a layer is begun anew, where the last attempt was cut or what arrived was damaged. */
const ATTEMPTS = 3;
/** Bytes read at one time. */
const CHUNK = 256 * 1024;

/** What came so far, in bytes. */
export interface Count {
  sent: number;
  fetched: number;
  total: number;
}

/** Makes a layer complete on a VM. @throws StoreError, RemoteCommandError, UnreachableError */
export async function bringLayer(
  options: DistributeOptions,
  { layer, have }: MissingLayer,
  count: Count,
): Promise<void> {
  const start = Math.min(have, layer.size);
  const left = (await givesLayer(options, layer)) ? await fetchLayer(options, layer, start, count) : start;
  if (left !== 'taken') await sendLayer(options, layer, left, count);
  options.onLayer?.(layer.digest);
}

/** Waits for a giver that does not have it yet. */
async function givesLayer({ giver, signal }: DistributeOptions, { digest }: ImageLayer): Promise<boolean> {
  if (!giver?.has) return giver !== undefined;
  const aborted = new Promise<boolean>((resolve) => {
    signal?.addEventListener('abort', () => {
      resolve(false);
    });
  });
  return signal?.aborted !== true && Promise.race([giver.has(digest), aborted]);
}

/** Has a VM take a layer from another; where that fails, tells how much is there. */
async function fetchLayer(
  options: DistributeOptions,
  layer: ImageLayer,
  start: number,
  count: Count,
): Promise<'taken' | number> {
  const { giver, onGiverLost } = options;
  if (!giver) return start;
  const outcome = parseTake(layer, await runStep(options, fetchStep(layer, variantOf(options), start, giver)));
  if (outcome.kind === 'taken') {
    count.fetched += layer.size - start;
    tell(options, count);
    return 'taken';
  }
  checkOutcome(options, layer, outcome);
  onGiverLost?.();
  return outcome.kind === 'cut' ? Math.min(outcome.have, layer.size) : 0;
}

/** Sends a layer from here, of whose blob `start` bytes are there already. */
async function sendLayer(options: DistributeOptions, layer: ImageLayer, start: number, count: Count): Promise<void> {
  const { transport, vm, endpoint, store, image, signal, keep = false } = options;
  const path = store.blobPath(layer.digest);
  const info = await stat(path).catch((error: unknown) => {
    throw damaged(path, `a blob of ${image.digest} is missing`, error);
  });
  if (info.size !== layer.size) {
    throw damaged(path, `a blob of ${image.digest} has another length than its manifest says`);
  }
  for (let attempt = 1; ; attempt += 1) {
    const step = takeStep(layer, variantOf(options), start, keep);
    const input = counted(path, start, options, count);
    const size = layer.size - start;
    const whole = start === 0 && !options.pacer && { file: { path, onRead: counter(options, count) } };
    const result = await transport.feed(vm, endpoint, { step, input, size, ...whole, ...(signal && { signal }) });
    const outcome = parseTake(layer, result);
    if (outcome.kind === 'taken') return;
    checkOutcome(options, layer, outcome);
    if (outcome.kind === 'failed' || attempt === ATTEMPTS) {
      throw outcome.kind === 'damaged' ? arrivesDamaged(options, layer) : remoteFailure(options, result);
    }
    start = outcome.kind === 'cut' ? Math.min(outcome.have, layer.size) : 0;
  }
}

/** @throws StoreError where no further attempt could end otherwise */
function checkOutcome(options: DistributeOptions, layer: ImageLayer, outcome: TakeOutcome): void {
  if (outcome.kind === 'no-space') throw noSpace(options, outcome.free, unpackedSize(layer) + MARGIN);
  if (outcome.kind === 'refused') throw refused(options, layer, outcome.why);
}

async function* counted(
  path: string,
  start: number,
  options: DistributeOptions,
  count: Count,
): AsyncGenerator<Uint8Array> {
  const input: AsyncIterable<Buffer> = createReadStream(path, { start, highWaterMark: CHUNK });
  for await (const chunk of input) {
    await options.pacer?.(chunk.length, options.signal);
    yield chunk;
    count.sent += chunk.length;
    tell(options, count);
  }
}

/** The same for one who says how far all is. */
function counter(options: DistributeOptions, count: Count): (bytes: number) => void {
  let before = 0;
  return (bytes) => {
    count.sent += bytes - before;
    before = bytes;
    tell(options, count);
  };
}

function tell({ onProgress }: DistributeOptions, { sent, fetched, total }: Count): void {
  onProgress?.(Math.min(sent + fetched, total), total);
}

/** One layer on its way to a VM: from another VM where one gives it, else from here. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ImageLayer } from '../model/image.ts';
import {
  arrivesDamaged,
  noSpace,
  refused,
  remoteFailure,
  variantOf,
  watchStep,
  type DistributeOptions,
} from './distribute-options.ts';
import type { MissingLayer } from './image-layers.ts';
import { isUnreached, parseArrived, parseTake, takeStep, unpackedSize, type TakeOutcome } from './layer-take.ts';
import { damaged } from './oci.ts';
import type { Giving } from './spread/arrival.ts';
import { fetchStep } from './spread/giver.ts';
import type { TransferCount } from './transfer-count.ts';

/** What is needed on the disk beside the layers themselves. */
export const MARGIN = 32 * 2 ** 20;
/** How often a layer is begun anew, where the last attempt was cut or what arrived was damaged. */
const ATTEMPTS = 3;
/** Bytes read at one time. */
const CHUNK = 256 * 1024;

/** Makes a layer complete on a VM. @throws StoreError, RemoteCommandError, UnreachableError */
export async function bringLayer(
  options: DistributeOptions,
  { layer, have }: MissingLayer,
  count: TransferCount,
): Promise<void> {
  const start = Math.min(have, layer.size);
  const giving = await givesLayer(options, layer);
  options.onBegin?.(layer.digest);
  const left = giving ? await fetchLayer(options, layer, start, count, giving) : start;
  if (left !== 'taken') await sendLayer(options, layer, left, count);
  options.onLayer?.(layer.digest);
}

/** Waits for a giver to which it does not come yet. */
async function givesLayer({ giver, signal }: DistributeOptions, { digest }: ImageLayer): Promise<Giving> {
  if (!giver?.gives) return giver && 'there';
  const aborted = new Promise<undefined>((resolve) => {
    signal?.addEventListener('abort', () => {
      resolve(undefined);
    });
  });
  return signal?.aborted === true ? undefined : Promise.race([giver.gives(digest), aborted]);
}

/** Has a VM take a layer from another; where that fails, tells how much is there. */
async function fetchLayer(
  options: DistributeOptions,
  layer: ImageLayer,
  start: number,
  count: TransferCount,
  giving: Exclude<Giving, undefined>,
): Promise<'taken' | number> {
  const { giver, onGiverLost, store } = options;
  if (!giver) return start;
  const step = fetchStep(layer, variantOf(options), { have: start, known: await store.knowsTar(layer), giving }, giver);
  const result = await watchStep(options, step, (line) => {
    const bytes = parseArrived(line);
    if (bytes !== undefined) count.reach(layer, bytes);
  });
  const outcome = parseTake(layer, result);
  const end = outcome.kind === 'taken' ? layer.size : outcome.kind === 'cut' ? Math.min(outcome.have, layer.size) : 0;
  count.addFetched(Math.max(0, end - start));
  count.reach(layer, end);
  if (outcome.kind === 'taken') return 'taken';
  checkOutcome(options, layer, outcome);
  // One of which something came was reached.
  onGiverLost?.(isUnreached(result) && end <= start ? 'unreached' : 'lacking');
  return end;
}

/** Sends a layer from here, of whose blob `start` bytes are there already. */
async function sendLayer(
  options: DistributeOptions,
  layer: ImageLayer,
  start: number,
  count: TransferCount,
): Promise<void> {
  const { transport, vm, endpoint, store, image, signal, keep = false } = options;
  const path = store.blobPath(layer.digest);
  const info = await stat(path).catch((error: unknown) => {
    throw damaged(path, `a blob of ${image.digest} is missing`, error);
  });
  if (info.size !== layer.size) {
    throw damaged(path, `a blob of ${image.digest} has another length than its manifest says`);
  }
  const known = await store.knowsTar(layer);
  for (let attempt = 1; ; attempt += 1) {
    const step = takeStep(layer, variantOf(options), { have: start, keep, known });
    count.reach(layer, start);
    let at = start;
    const onSent = (bytes: number): void => {
      at += bytes;
      count.addSent(bytes);
      count.reach(layer, at);
    };
    const input = paced(path, start, options, onSent);
    const size = layer.size - start;
    const whole = start === 0 && !options.pacer && { file: { path, onRead: increments(onSent) } };
    const result = await transport.feed(vm, endpoint, { step, input, size, ...whole, ...(signal && { signal }) });
    const outcome = parseTake(layer, result);
    if (outcome.kind === 'taken') {
      count.reach(layer, layer.size);
      return;
    }
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

async function* paced(
  path: string,
  start: number,
  { pacer, signal }: DistributeOptions,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const input: AsyncIterable<Buffer> = createReadStream(path, { start, highWaterMark: CHUNK });
  for await (const chunk of input) {
    await pacer?.(chunk.length, signal);
    yield chunk;
    onSent(chunk.length);
  }
}

/** The same for one who says how much there was in all. */
function increments(onSent: (bytes: number) => void): (bytes: number) => void {
  let before = 0;
  return (bytes) => {
    onSent(bytes - before);
    before = bytes;
  };
}

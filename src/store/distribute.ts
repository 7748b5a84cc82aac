/**
 * Brings an image to a VM: asks which blobs are missing there, copies those, and has them verified and unpacked once, with
 * ownership shifted to the range of unprivileged processes. A second call goes on where the first was cut.
 */
import { stat } from 'node:fs/promises';
import { LAYOUT, IDMAP, ROOT } from '../lxc/layout.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RemoteCommandError, StoreError } from '../model/errors.ts';
import type { Image } from '../model/image.ts';
import { bytes, formatBytes, millis } from '../model/quantity.ts';
import type { Bytes } from '../model/quantity.ts';
import { script } from '../shell/command.ts';
import type { ScriptStep, StepResult } from '../shell/command.ts';
import type { Transport } from '../ssh/transport.ts';
import type { CartridgeStore } from './cartridge-store.ts';
import { compressionOf, damaged } from './oci.ts';
import { hexOf } from './reference.ts';
import missingText from './scripts/image-missing.sh';
import pruneText from './scripts/image-prune.sh';
import unpackText from './scripts/image-unpack.sh';

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
  /** Bytes copied so far and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Distribution {
  /** Bytes that went over the wire; 0 when the image was there. */
  readonly sent: number;
  readonly ms: number;
}

/** Where blobs are on a VM. */
const BLOBS = `${LAYOUT.blobs}/sha256`;
/** Longest time an unpacking may take: also what waiting for another one of the same image may take. */
const UNPACK_TIMEOUT = millis(15 * 60_000);
/** What is needed beside the image itself, and how much larger than compressed an image is where it does not say. */
const MARGIN = 32 * 2 ** 20;
const RATIO = 4;

/**
 * Makes an image complete on a VM; nothing is left half-made when it fails. Images of one VM may be brought side by side.
 * @throws StoreError when the VM's disk is too small, or a blob arrives damaged twice
 * @throws RemoteCommandError when unpacking fails there
 * @throws UnreachableError
 */
export async function distributeImage(options: DistributeOptions): Promise<Distribution> {
  const started = performance.now();
  let sent = 0;
  for (let attempt = 1; ; attempt += 1) {
    const missing = await askMissing(options);
    if (missing === 'complete') break;
    sent += await copyBlobs(options, missing.blobs);
    const broken = await unpack(options);
    if (broken.length === 0) break;
    if (attempt === 2) {
      throw new StoreError(
        `Cannot bring ${options.image.digest} to ${options.vm} as a blob arrives damaged: ${broken.join(', ')}`,
        { hint: `sha256sum ${broken.map((digest) => options.store.blobPath(digest)).join(' ')}` },
      );
    }
  }
  return { sent, ms: performance.now() - started };
}

/** A step that removes from a VM every image but these, and every blob none of them needs. Images in use stay. */
export function pruneStep(keep: readonly string[]): ScriptStep {
  const args = [BLOBS, LAYOUT.images, LAYOUT.processes, 60, ...keep.map(hexOf)];
  return script({ name: 'image_prune', text: pruneText }, 'prune images', args);
}

/** Reads what {@link pruneStep} prints: digests of the images that are gone, and how much more room there is. */
export function parsePruned(stdout: string): { readonly removed: readonly string[]; readonly freed: Bytes } {
  const lines = jsonLines(stdout);
  const removed = lines.map((line) => line.removed).filter((hex) => typeof hex === 'string');
  const freed = lines.map((line) => line.freed).find((value) => typeof value === 'number') ?? 0;
  // Others write to the disk at the same time: there may even be less room than before.
  return { removed: removed.map((hex) => `sha256:${hex}`), freed: bytes(Math.max(0, freed)) };
}

interface Missing {
  readonly blobs: readonly string[];
}

async function askMissing(options: DistributeOptions): Promise<Missing | 'complete'> {
  const { image, vm } = options;
  const wanted = await blobsOf(options);
  const sizes = wanted.map(({ digest, size }) => `${hexOf(digest)}=${String(size)}`);
  const args = [BLOBS, LAYOUT.images, hexOf(image.digest), variant(options), ...sizes];
  const result = await runStep(
    options,
    script({ name: 'image_missing', text: missingText }, 'look for the image', args),
  );
  if (result.status !== 0) throw remoteFailure(options, result);
  const lines = jsonLines(result.stdout);
  if (lines.some((line) => line.complete === true)) return 'complete';
  const blobs = lines.map((line) => line.missing).filter((hex) => typeof hex === 'string');
  const free = lines.map((line) => line.free).find((value) => typeof value === 'number');
  if (free === undefined) throw new RemoteCommandError(`Cannot read what ${vm} says about the image: ${result.stdout}`);
  const digests = new Set(blobs.map((hex) => `sha256:${hex}`));
  const copied = wanted.reduce((sum, blob) => sum + (digests.has(blob.digest) ? blob.size : 0), 0);
  const need = copied + unpackedSize(image) + MARGIN;
  if (free < need) throw noSpace(options, free, need);
  return { blobs: [...digests] };
}

async function copyBlobs(options: DistributeOptions, digests: readonly string[]): Promise<number> {
  if (digests.length === 0) return 0;
  const { signal, onProgress } = options;
  const result = await options.transport.copy(options.vm, options.endpoint, {
    from: digests.map((digest) => options.store.blobPath(digest)),
    to: BLOBS,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return result.sent;
}

/** Digests of blobs that arrived damaged; they are gone from the VM then. */
async function unpack(options: DistributeOptions): Promise<readonly string[]> {
  const { image } = options;
  const layers = image.layers.map((layer) => `${compressionOf(layer.mediaType) ?? 'tar'}=${hexOf(layer.digest)}`);
  const others = [image.digest, image.config.digest].map((digest) => `blob=${hexOf(digest)}`);
  const need = unpackedSize(image) + MARGIN;
  const args = [BLOBS, LAYOUT.images, hexOf(image.digest), variant(options), IDMAP.first, IDMAP.count, need, ROOT];
  const step = script({ name: 'image_unpack', text: unpackText }, 'unpack the image', [...args, ...layers, ...others], {
    timeout: UNPACK_TIMEOUT,
  });
  const result = await runStep(options, step);
  if (result.status === 0) return [];
  const lines = jsonLines(result.stdout);
  const space = lines.find((line) => typeof line.free === 'number');
  if (space) throw noSpace(options, Number(space.free), Number(space.need));
  const broken = lines.map((line) => line.damaged).filter((hex) => typeof hex === 'string');
  if (broken.length === 0) throw remoteFailure(options, result);
  return broken.map((hex) => `sha256:${hex}`);
}

async function runStep(options: DistributeOptions, step: ScriptStep): Promise<StepResult> {
  const [result] = await options.transport.run(
    options.vm,
    options.endpoint,
    { steps: [step] },
    options.signal ? { signal: options.signal } : {},
  );
  if (!result) throw new RemoteCommandError(`Cannot ${step.title} on ${options.vm} as nothing came back`);
  return result;
}

/** Layers, configuration and manifest, with the size each must have. @throws StoreError when the store lost one */
async function blobsOf({
  image,
  store,
}: DistributeOptions): Promise<readonly { readonly digest: string; readonly size: number }[]> {
  const digests = new Set([...image.layers.map((layer) => layer.digest), image.config.digest, image.digest]);
  const found = [...digests].map(async (digest) => {
    const path = store.blobPath(digest);
    const info = await stat(path).catch((error: unknown) => {
      throw damaged(path, `a blob of ${image.digest} is missing`, error);
    });
    return { digest, size: info.size };
  });
  return Promise.all(found);
}

function unpackedSize(image: Image): number {
  return image.layers.reduce((sum, layer) => sum + (layer.unpackedSize ?? layer.size * RATIO), 0);
}

const variant = (options: DistributeOptions): string => (options.privileged === true ? 'privileged' : 'rootfs');

function noSpace({ image, vm }: DistributeOptions, free: number, need: number): StoreError {
  return new StoreError(
    `Cannot bring ${image.digest} to ${vm} as its disk has no space left: ${formatBytes(free)} free, ${formatBytes(need)} needed`,
    { hint: `stratos vm ssh ${vm} -- df -h ${ROOT}` },
  );
}

function remoteFailure({ image, vm }: DistributeOptions, result: StepResult): RemoteCommandError {
  const why = result.stderr.trim().split('\n').at(-1) ?? '';
  return new RemoteCommandError(
    `Cannot ${result.title} ${image.digest} on ${vm} as it ended with status ${String(result.status)}: ${why}`,
    { hint: 'stratos doctor' },
  );
}

function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}

/**
 * One image from one registry to another: only what is missing there, side by side, every digest verified, and from where it was cut.
 * Pushing, pulling and copying are this, with other ends.
 */
import { limiter } from '../concurrency/limiter.ts';
import { StoreError } from '../model/errors.ts';
import type { Descriptor } from './oci.ts';
import { blobsOf, parseDocument } from './oci-document.ts';
import type { OciDocument } from './oci-document.ts';
import { chooseFrom } from './platform.ts';
import type { ImageRegistry, StoredManifest } from './registry.ts';

/** Blobs under way at one time; more do not make a line faster. */
const PARALLEL = 4;

/** An image, or where one shall be. */
export interface ImagePlace {
  readonly registry: ImageRegistry;
  readonly repository: string;
  /** A tag or a whole digest. */
  readonly reference: string;
}

export interface CopyOptions {
  /** What is taken of an index of several architectures: one of them as OCI names it, or the index with all. */
  readonly architecture: string;
  /** Take along what is attached: signatures, SBOMs. Default false. */
  readonly referrers?: boolean;
  /** Repositories beside the source's own from which the target may take blobs. */
  readonly mountFrom?: readonly string[];
  /** Only ask what is missing; store nothing. */
  readonly dryRun?: boolean;
  /** Bytes of what had to be brought, so far and in all; called with the total before the first byte. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface CopyResult {
  /** Of what stands at the target now: an image's manifest, or an index where all architectures were asked for. */
  readonly digest: string;
  /** Nothing had to be stored. */
  readonly unchanged: boolean;
  /** How many blobs came how, and the bytes of those that were sent; of a dry run, that would be. */
  readonly blobs: { readonly present: number; readonly mounted: number; readonly sent: number; readonly bytes: number };
  /** Attached manifests that were taken along. */
  readonly referrers: number;
}

/** Value of {@link CopyOptions.architecture} for an index as it is. */
export const ALL_ARCHITECTURES = 'all';

interface Step {
  readonly manifest: StoredManifest;
  readonly document: OciDocument;
  /** Tag or digest it gets. */
  readonly reference: string;
}

/**
 * Copies an image. Names at the target are set last: whoever reads them finds everything there.
 * @throws RegistryError, of the source or the target
 * @throws StoreError when an index has no image for the architecture, or the image has a form that is refused
 */
export async function copyImage(from: ImagePlace, to: ImagePlace, options: CopyOptions): Promise<CopyResult> {
  const steps = await collect(from, to.reference, options);
  const last = steps.at(-1);
  if (!last) throw new StoreError(`Cannot copy the image as it is empty: ${nameOf(from)}`);
  const { digest } = last.manifest.descriptor;
  const there = (await to.registry.resolve(to.repository, to.reference, options.signal))?.digest === digest;
  const attached = options.referrers === true ? await referrersOf(from, to, steps, options.signal) : [];
  const missing = await missingBlobs(to, [...(there ? [] : steps), ...attached], options.signal);
  const total = missing.blobs.reduce((sum, blob) => sum + blob.size, 0);
  if (options.dryRun === true) {
    const blobs = { present: missing.present, mounted: 0, sent: missing.blobs.length, bytes: total };
    return { digest, unchanged: there && attached.length === 0, blobs, referrers: attached.length };
  }
  const moved = await move(from, to, missing.blobs, total, options);
  for (const { manifest, reference } of [...(there ? [] : steps), ...attached]) {
    const { bytes, descriptor } = manifest;
    await to.registry.putManifest(to.repository, reference, { mediaType: descriptor.mediaType, bytes }, options.signal);
  }
  return {
    digest,
    unchanged: there && attached.length === 0,
    blobs: { ...moved, present: moved.present + missing.present },
    referrers: attached.length,
  };
}

/** What is to be stored, in the order in which it may be: manifests of an index before it. */
async function collect(from: ImagePlace, reference: string, options: CopyOptions): Promise<readonly Step[]> {
  const manifest = await from.registry.manifest(from.repository, from.reference, options.signal);
  const document = parseDocument(manifest.bytes, nameOf(from), manifest.descriptor.mediaType);
  if (document.kind === 'manifest') return [{ manifest, document, reference }];
  if (options.architecture === ALL_ARCHITECTURES) {
    const children: Step[] = [];
    for (const { digest } of document.manifests)
      children.push(...(await collect({ ...from, reference: digest }, digest, options)));
    return [...children, { manifest, document, reference }];
  }
  const chosen = chooseFrom(document.manifests, options.architecture, nameOf(from));
  return collect({ ...from, reference: chosen.digest }, reference, options);
}

/** What is attached to the copied manifests and is not listed at the target yet. */
async function referrersOf(
  from: ImagePlace,
  to: ImagePlace,
  steps: readonly Step[],
  signal: AbortSignal | undefined,
): Promise<readonly Step[]> {
  const found: Step[] = [];
  for (const { manifest } of steps) {
    const { digest } = manifest.descriptor;
    const [offered, known] = await Promise.all([
      from.registry.referrers(from.repository, digest, undefined, signal),
      to.registry.referrers(to.repository, digest, undefined, signal),
    ]);
    const have = new Set(known.map((entry) => entry.digest));
    for (const entry of offered) {
      if (have.has(entry.digest)) continue;
      const attached = await from.registry.manifest(from.repository, entry.digest, signal);
      const document = parseDocument(attached.bytes, nameOf({ ...from, reference: entry.digest }), entry.mediaType);
      found.push({ manifest: attached, document, reference: entry.digest });
    }
  }
  return found;
}

async function missingBlobs(
  to: ImagePlace,
  steps: readonly Step[],
  signal: AbortSignal | undefined,
): Promise<{ readonly blobs: readonly Descriptor[]; readonly present: number }> {
  const wanted = [...new Map(steps.flatMap(({ document }) => blobsOf(document)).map((b) => [b.digest, b])).values()];
  const room = limiter(PARALLEL);
  const there = await Promise.all(
    wanted.map((blob) => room(() => to.registry.hasBlob(to.repository, blob.digest, signal), signal)),
  );
  const blobs = wanted.filter((_, i) => there[i] !== true);
  return { blobs, present: wanted.length - blobs.length };
}

async function move(
  from: ImagePlace,
  to: ImagePlace,
  blobs: readonly Descriptor[],
  total: number,
  options: CopyOptions,
): Promise<{ present: number; mounted: number; sent: number; bytes: number }> {
  const result = { present: 0, mounted: 0, sent: 0, bytes: 0 };
  const done = new Map<string, number>();
  const report = (digest: string, size: number): void => {
    done.set(digest, size);
    options.onProgress?.(
      [...done.values()].reduce((a, b) => a + b, 0),
      total,
    );
  };
  if (blobs.length > 0) options.onProgress?.(0, total);
  // The first that fails stops the others: what arrived of them is kept for the next time.
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const mountFrom = [...(from.registry === to.registry ? [from.repository] : []), ...(options.mountFrom ?? [])].filter(
    (repository) => repository !== to.repository,
  );
  const room = limiter(PARALLEL);
  const all = blobs.map((blob) =>
    room(async () => {
      const open = (start: number): AsyncIterable<Uint8Array> =>
        from.registry.readBlob(from.repository, blob, { from: start, signal });
      const onProgress = (size: number): void => {
        report(blob.digest, size);
      };
      const arrival = await to.registry.writeBlob(to.repository, blob, open, { mountFrom, onProgress, signal });
      result[arrival] += 1;
      if (arrival === 'sent') result.bytes += blob.size;
      report(blob.digest, blob.size);
    }, signal).catch((error: unknown) => {
      stop.abort();
      throw error;
    }),
  );
  const ends = await Promise.allSettled(all);
  const failed = ends.filter((end) => end.status === 'rejected').map((end): unknown => end.reason);
  // The reason, not the others that were stopped because of it.
  if (failed.length > 0) throw firstReason(failed, options.signal);
  return result;
}

function firstReason(errors: readonly unknown[], signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return errors[0];
  return (
    errors.find((error) => !(error instanceof Error && /^(InterruptedError|AbortError)$/.test(error.name))) ?? errors[0]
  );
}

function nameOf({ registry, repository, reference }: ImagePlace): string {
  return `${registry.name}: ${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

/**
 * A directory as a registry: an OCI image layout in which a repository is what stands before the tag of a name. Blobs are shared by
 * all repositories, as they are one folder.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { codeOf } from '../host/code-of.ts';
import { InterruptedError, RegistryError, StoreError } from '../model/errors.ts';
import type { RegistryFailure } from '../model/errors.ts';
import { isDiskFull } from './disk-full.ts';
import type { Descriptor } from './oci.ts';
import { MEDIA, REF_NAME } from './oci.ts';
import { parseDocument } from './oci-document.ts';
import { isAttachment, nameOf, ociLayout } from './oci-layout.ts';
import { isDigest } from './reference.ts';
import { ofType, readReferrers, referrerOf, referrersIndex, withReferrer } from './referrers-index.ts';
import { fallbackTag } from './registry.ts';
import type { ImageRegistry } from './registry.ts';

/** Opens the directory; it is made with the first manifest. */
export function directoryRegistry(name: string, path: string): ImageRegistry {
  const layout = ociLayout(path);
  const { blobs, directory } = layout;

  const fail = (failure: RegistryFailure, message: string, cause?: unknown): RegistryError =>
    new RegistryError(name, failure, message, { cause });
  const absent = (what: string): RegistryError =>
    fail('not-found', `Cannot find the image in the store ${name} as there is none: ${what}`);

  async function find(repository: string, reference: string): Promise<Descriptor | undefined> {
    const { manifests } = await layout.read();
    if (!isPin(reference)) {
      const entry = manifests.find((each) => nameOf(each) === `${repository}:${reference}`);
      return entry && plain(entry);
    }
    const entry = manifests.find((each) => each.digest === reference);
    if (entry) return plain(entry);
    const size = await blobs.size(reference);
    // A manifest inside an index has no entry of its own.
    return size === undefined ? undefined : { ...(await describe(reference)), size };
  }

  async function describe(digest: string): Promise<Omit<Descriptor, 'size'>> {
    const { mediaType } = parseDocument(await blobs.readBytes(digest, digest), blobs.path(digest));
    return { mediaType, digest };
  }

  async function referrersOf(manifests: readonly Descriptor[], digest: string): Promise<readonly Descriptor[]> {
    const tag = fallbackTag(digest);
    const lists = manifests.filter((entry) => nameOf(entry)?.endsWith(`:${tag}`));
    const found = lists.map(async (entry) => readReferrers(await blobs.readBytes(entry.digest, tag), directory));
    const all = (await Promise.all(found)).flat();
    return [...new Map(all.map((entry) => [entry.digest, entry])).values()];
  }

  /** Changes the list of what is attached to a digest. */
  async function relist(
    repository: string,
    digest: string,
    change: (entries: readonly Descriptor[]) => readonly Descriptor[],
  ): Promise<void> {
    const full = `${repository}:${fallbackTag(digest)}`;
    await layout.update(async (manifests) => {
      const before = await referrersOf(manifests, digest);
      const entries = change(before);
      const rest = manifests.filter((entry) => nameOf(entry) !== full);
      if (entries.length === 0) return rest;
      const blob = await blobs.add(once(referrersIndex(entries)));
      return [...rest, { mediaType: MEDIA.index, ...blob, annotations: { [REF_NAME]: full } }];
    });
  }

  const registry: ImageRegistry = {
    name,
    kind: 'directory',
    resolve: (repository, reference) => guarded(() => find(repository, reference)),
    manifest: (repository, reference) =>
      guarded(async () => {
        const descriptor = await find(repository, reference);
        if (!descriptor) throw absent(`${repository}:${reference}`);
        const bytes = await blobs.readBytes(descriptor.digest, `${repository}:${reference}`);
        return { descriptor: { ...descriptor, size: bytes.length }, bytes };
      }),
    hasBlob: async (_repository, digest) => (await blobs.size(digest)) !== undefined,
    async *readBlob(_repository, { digest, size }, { from = 0, signal } = {}) {
      if ((await blobs.size(digest)) === undefined) throw absent(digest);
      const hash = createHash('sha256');
      let done = from;
      const source = createReadStream(blobs.path(digest), { start: from, highWaterMark: 1 << 20, signal });
      for await (const chunk of source) {
        hash.update(chunk as Buffer);
        done += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
      if (done !== size || (from === 0 && `sha256:${hash.digest('hex')}` !== digest))
        throw fail('damaged', `Cannot read the blob as it is damaged in the store ${name}: ${blobs.path(digest)}`);
    },
    writeBlob: (_repository, blob, open, options = {}) =>
      guarded(async () => ((await blobs.receive(blob, open, options)) ? 'sent' : 'present')),
    putManifest: (repository, reference, { mediaType, bytes }) =>
      guarded(async () => {
        const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
        const byDigest = isPin(reference);
        if (byDigest && reference !== digest)
          throw fail('refused', `Cannot store the manifest as its digest is another: ${digest}, not ${reference}`);
        const document = parseDocument(bytes, `${repository}:${reference}`, mediaType);
        await blobs.add(once(bytes), digest);
        const target = { mediaType: document.mediaType, digest, size: bytes.length };
        const { subject } = document;
        // What is attached to another manifest is reached through its list, and goes with it.
        if (!byDigest || !subject) await layout.put(byDigest ? undefined : `${repository}:${reference}`, target);
        if (subject)
          await relist(repository, subject.digest, (entries) => withReferrer(entries, referrerOf(target, document)));
        return target;
      }),
    list: ({ repository, search } = {}) =>
      guarded(async () => {
        const { manifests } = await layout.read();
        const entries = manifests.filter((entry) => !isAttachment(entry)).flatMap(split);
        return entries
          .filter((entry) => repository === undefined || entry.repository === repository)
          .filter((entry) => search === undefined || entry.repository.includes(search))
          .sort((a, b) => order(a.repository, b.repository) || order(a.tag, b.tag));
      }),
    remove: (repository, reference) =>
      guarded(async () => {
        const target = await find(repository, reference);
        if (!target) throw absent(`${repository}:${reference}`);
        const document = parseDocument(await blobs.readBytes(target.digest, reference), blobs.path(target.digest));
        const byDigest = isPin(reference);
        if (byDigest && document.subject)
          await relist(repository, document.subject.digest, (entries) =>
            entries.filter((entry) => entry.digest !== target.digest),
          );
        await layout.remove((entry) =>
          byDigest ? entry.digest === target.digest : nameOf(entry) === `${repository}:${reference}`,
        );
      }),
    referrers: (_repository, digest, artifactType) =>
      guarded(async () => ofType(await referrersOf((await layout.read()).manifests, digest), artifactType)),
    check: () =>
      guarded(async () => {
        await layout.read();
        const info = await stat(directory).catch(() => undefined);
        if (info && !info.isDirectory())
          throw fail('unavailable', `Cannot use the store as it is no directory: ${directory}`);
      }),
  };
  return registry;

  /** The store's own failures in the form of all registries. */
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RegistryError || error instanceof InterruptedError) throw error;
      if (error instanceof StoreError)
        throw new RegistryError(name, isDiskFull(error) ? 'refused' : 'damaged', error.message, {
          cause: error,
          ...(error.hint !== undefined && { hint: error.hint }),
        });
      const code = codeOf(error);
      if (code !== '')
        throw fail('unavailable', `Cannot use the store ${name} as the system refuses (${code}): ${directory}`, error);
      throw error;
    }
  }
}

/** Whether it is a digest; a tag has no colon. */
function isPin(reference: string): boolean {
  return isDigest(reference);
}

function plain({ annotations: _, ...entry }: Descriptor): Descriptor {
  return entry;
}

function split(entry: Descriptor): readonly { repository: string; tag: string; digest: string }[] {
  const full = nameOf(entry);
  if (full === undefined || full.includes('@')) return [];
  const at = full.lastIndexOf(':');
  return [{ repository: full.slice(0, at), tag: full.slice(at + 1), digest: entry.digest }];
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

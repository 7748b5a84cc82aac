/** OpenStack's image service as a registry: each blob, manifest and tag is an image of it (docs/decisions/0010-images-in-glance.md). */
import { createHash } from 'node:crypto';
import { collect } from '../../concurrency/collect.ts';
import { limiter } from '../../concurrency/limiter.ts';
import { RegistryError } from '../../model/errors.ts';
import type { RegistryFailure } from '../../model/errors.ts';
import { blobsOf, parseDocument } from '../oci-document.ts';
import type { OciDocument } from '../oci-document.ts';
import { hexOf, isDigest } from '../reference.ts';
import { referrerOf } from '../referrers-index.ts';
import type { ImageRegistry } from '../registry.ts';
import type { GlanceClient } from './glance-client.ts';
import { byAge, descriptorOf, newImage, order } from './glance-image.ts';
import type { GlanceImage, Visibility } from './glance-image.ts';
import { damaged, readImage } from './read-image.ts';
import { unneededBlobs } from './unneeded-blobs.ts';
import { writeBlob } from './write-blob.ts';

export interface GlanceRegistrySettings {
  /** Who may see what is stored from now on. Default `private`. */
  readonly visibility?: Visibility;
  /** What is stored from now on cannot be removed before somebody takes the protection away. Default false. */
  readonly protect?: boolean;
}

/** Largest manifest that is read, as for other registries. */
const MOST_MANIFEST = 4 * 2 ** 20;
/** Names in one question: addresses have a bounded length. */
const NAMES = 40;
const PARALLEL = 4;

/** The registry behind a client. */
export function glanceRegistry(client: GlanceClient, settings: GlanceRegistrySettings = {}): ImageRegistry {
  const { name } = client;
  const { visibility = 'private', protect = false } = settings;
  type Signal = AbortSignal | undefined;
  const fail = (failure: RegistryFailure, message: string): RegistryError => new RegistryError(name, failure, message);

  /** Images of a kind with these properties, oldest first. */
  async function all(what: string, filters: Readonly<Record<string, string>>, signal: Signal): Promise<GlanceImage[]> {
    return (await collect(client.list(what, filters, signal))).sort(byAge);
  }

  /** The image behind a tag or a digest; of two tags of one name the newer, as the older is about to go. */
  async function find(repository: string, reference: string, signal: Signal): Promise<GlanceImage | undefined> {
    const filters = isDigest(reference)
      ? { stratos_kind: 'manifest', stratos_digest: reference }
      : { stratos_kind: 'tag', stratos_tag: reference, stratos_repository: repository };
    return (await all(`find ${named(repository, reference)}`, filters, signal)).at(-1);
  }

  const findBlob = async (digest: string, signal: Signal): Promise<GlanceImage | undefined> =>
    (await all(`find ${digest}`, { stratos_kind: 'blob', stratos_digest: digest }, signal))[0];

  async function documentIn(what: string, image: GlanceImage, signal: Signal): Promise<Uint8Array> {
    if ((image.size ?? 0) > MOST_MANIFEST)
      throw damaged(client, what, `it is larger than a manifest may be: ${String(MOST_MANIFEST)}`);
    const bytes = Buffer.concat(await collect(readImage(client, what, image, 0, signal)));
    const digest = digestOf(bytes);
    if (digest !== image.stratos_digest) throw damaged(client, what, `what arrives has another digest: ${digest}`);
    return bytes;
  }

  /** Stores a document as an image of its own; nothing of it stays when that fails. */
  async function storeDocument(what: string, fields: object, bytes: Uint8Array, signal: Signal): Promise<string> {
    const image = await client.create(what, fields, signal);
    try {
      await client.upload(what, image.id, bytes.length, bytes, signal);
      return image.id;
    } catch (error) {
      await client.remove(what, image, AbortSignal.timeout(10_000)).catch(() => undefined);
      throw error;
    }
  }

  /** @throws RegistryError refused when a blob of the document is not there */
  async function requireBlobs(what: string, document: OciDocument, signal: Signal): Promise<void> {
    const wanted = blobsOf(document).map((blob) => blob.digest);
    const there = new Set<string | undefined>();
    for (let at = 0; at < wanted.length; at += NAMES) {
      const names = wanted.slice(at, at + NAMES).map((digest) => `"${digest}"`);
      for await (const image of client.list(what, { stratos_kind: 'blob', name: `in:${names.join(',')}` }, signal))
        there.add(image.stratos_digest);
    }
    const missing = wanted.find((digest) => !there.has(digest));
    if (missing !== undefined) throw fail('refused', `Cannot ${what} as a blob of it is not there: ${missing}`);
  }

  /** @throws RegistryError damaged when Glance has stored other bytes */
  async function compare(what: string, id: string, bytes: Uint8Array, signal: Signal): Promise<void> {
    const stored = await client.get(what, id, signal);
    const sha512 = createHash('sha512').update(bytes).digest('hex');
    const isSame = stored.os_hash_algo === 'sha512' ? stored.os_hash_value === sha512 : stored.size === bytes.length;
    if (stored.status === 'active' && isSame) return;
    await client.remove(what, stored, signal);
    throw damaged(client, what, 'Glance has stored something else');
  }

  return {
    name,
    kind: 'glance',
    async resolve(repository, reference, signal) {
      const image = await find(repository, reference, signal);
      return image && descriptorOf(image);
    },
    async manifest(repository, reference, signal) {
      const what = `read ${named(repository, reference)}`;
      const image = await find(repository, reference, signal);
      if (!image) throw fail('not-found', `Cannot ${what} as there is none in ${name}`);
      const bytes = await documentIn(what, image, signal);
      return { descriptor: { ...descriptorOf(image), size: bytes.length }, bytes };
    },
    hasBlob: async (_repository, digest, signal) => (await findBlob(digest, signal)) !== undefined,
    async *readBlob(_repository, { digest, size }, { from = 0, signal } = {}) {
      const what = `read ${digest}`;
      const image = await findBlob(digest, signal);
      if (!image) throw fail('not-found', `Cannot ${what} as there is none in ${name}`);
      if (image.size !== size) throw damaged(client, what, `it has ${String(image.size)} bytes there`);
      const hash = createHash('sha256');
      for await (const chunk of readImage(client, what, image, from, signal)) {
        if (from === 0) hash.update(chunk);
        yield chunk;
      }
      if (from === 0 && `sha256:${hash.digest('hex')}` !== digest)
        throw damaged(client, what, 'what arrives has another digest');
    },
    async writeBlob(_repository, blob, open, options = {}) {
      return (await writeBlob({ client, blob, open, visibility, protect, options })) ? 'sent' : 'present';
    },
    async putManifest(repository, reference, { mediaType, bytes }, signal) {
      const what = `store ${named(repository, reference)}`;
      const digest = digestOf(bytes);
      const byDigest = isDigest(reference);
      if (byDigest && digest !== reference) throw fail('refused', `Cannot ${what} as its digest is another: ${digest}`);
      const document = parseDocument(bytes, named(repository, reference), mediaType);
      const facts = { stratos_digest: digest, stratos_media_type: document.mediaType };
      if (!(await find(repository, digest, signal))) {
        await requireBlobs(what, document, signal);
        const more = {
          ...(document.artifactType !== undefined && { stratos_artifact_type: document.artifactType }),
          ...(document.subject && { stratos_subject: document.subject.digest }),
          stratos_blobs: blobsOf(document)
            .map((blob) => hexOf(blob.digest))
            .join(','),
        };
        const id = await storeDocument(
          what,
          newImage('manifest', digest, { ...facts, ...more }, visibility),
          bytes,
          signal,
        );
        await compare(what, id, bytes, signal);
        if (protect) await client.protect(what, id, signal);
      }
      if (!byDigest) {
        const filters = { stratos_kind: 'tag', stratos_repository: repository, stratos_tag: reference };
        const before = await all(what, filters, signal);
        if (before.at(-1)?.stratos_digest !== digest) {
          const more = { ...facts, stratos_repository: repository, stratos_tag: reference };
          await storeDocument(what, newImage('tag', named(repository, reference), more, visibility), bytes, signal);
          for (const image of before) await client.remove(what, image, signal);
        }
      }
      return { mediaType: document.mediaType, digest, size: bytes.length };
    },
    async list({ repository, search, signal } = {}) {
      const filters = { stratos_kind: 'tag', ...(repository !== undefined && { stratos_repository: repository }) };
      const images = await all('list images', filters, signal);
      const entries = images
        .map(({ stratos_repository = '', stratos_tag = '', stratos_digest = '' }) => ({
          repository: stratos_repository,
          tag: stratos_tag,
          digest: stratos_digest,
        }))
        .filter((entry) => search === undefined || entry.repository.includes(search));
      const newest = new Map(entries.map((entry) => [`${entry.repository}:${entry.tag}`, entry]));
      return [...newest.values()].sort((a, b) => order(a.repository, b.repository) || order(a.tag, b.tag));
    },
    async remove(repository, reference, signal) {
      const what = `remove ${named(repository, reference)}`;
      const key = isDigest(reference) ? { stratos_digest: reference } : { stratos_tag: reference };
      const tags = await all(what, { ...key, stratos_kind: 'tag', stratos_repository: repository }, signal);
      const manifest = isDigest(reference) ? await find(repository, reference, signal) : undefined;
      if (tags.length === 0 && !manifest) throw fail('not-found', `Cannot ${what} as there is none in ${name}`);
      // Names go first: whoever finds one finds everything.
      for (const image of tags) await client.remove(what, image, signal);
      if (!manifest) return;
      const elsewhere = await all(what, { stratos_kind: 'tag', stratos_digest: reference }, signal);
      if (elsewhere.length > 0) return;
      const attached = await all(what, { stratos_kind: 'manifest', stratos_subject: reference }, signal);
      const gone = [...attached, manifest];
      for (const image of gone) await client.remove(what, image, signal);
      const rest = await all(what, { stratos_kind: 'manifest' }, signal);
      for (const digest of unneededBlobs(gone, rest))
        for (const image of await all(what, { stratos_kind: 'blob', stratos_digest: digest }, signal))
          await client.remove(what, image, signal);
    },
    async referrers(repository, digest, artifactType, signal) {
      const what = `list what is attached to ${named(repository, digest)}`;
      const filters = {
        stratos_kind: 'manifest',
        stratos_subject: digest,
        ...(artifactType !== undefined && { stratos_artifact_type: artifactType }),
      };
      const room = limiter(PARALLEL);
      const images = await all(what, filters, signal);
      return Promise.all(
        images.map((image) =>
          room(async () => {
            const document = parseDocument(await documentIn(what, image, signal), named(repository, digest));
            return referrerOf(descriptorOf(image), document);
          }, signal),
        ),
      );
    },
    async check(signal) {
      for await (const _ of client.list(`use ${name}`, { limit: '1', stratos_kind: 'tag' }, signal)) return;
    },
  };
}

function named(repository: string, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
